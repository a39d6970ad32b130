// deno run -A examples/server.ts
// Then: curl -N -d '{"context": "a whale", "query": "What is it?"}' http://127.0.0.1:8787/
import { RLM } from "@rlm/rlm";
import { cell, ScriptedModel } from "@rlm/rlm/testing";

const script = () =>
  new ScriptedModel([cell("print(context)"), cell("SUBMIT(answer=context[2:])")]);

/** Answers a POST with the events of a run, one JSON object to a line; a client that leaves ends the run. */
async function handler(request: Request): Promise<Response> {
  if (request.method !== "POST") return new Response("POST a question", { status: 405 });
  const { context, query } = await request.json();
  if (typeof context !== "string" || typeof query !== "string") {
    return Response.json({ error: "send context and query as texts" }, { status: 400 });
  }
  const lm = Deno.env.get("RLM_MODEL") ?? script();
  const rlm = new RLM("context, query -> answer", { lm, maxSeconds: 120, maxLlmCalls: 20 });
  const events = rlm.stream({ context, query }, { signal: request.signal, deltas: false });
  const lines = ReadableStream.from(async function* () {
    try {
      for await (const event of events) yield `${JSON.stringify(event)}\n`;
    } catch (error) {
      yield `${JSON.stringify({ type: "error", message: String(error) })}\n`;
    }
  }());
  return new Response(lines.pipeThrough(new TextEncoderStream()), {
    headers: { "content-type": "application/x-ndjson" },
  });
}

Deno.serve({ hostname: "127.0.0.1", port: Number(Deno.env.get("PORT") ?? 8787) }, handler);
