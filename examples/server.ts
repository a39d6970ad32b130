// deno run -A examples/server.ts
// curl -d '{"inputs": {"context": "a whale", "query": "What is it?"}}' -H 'content-type: application/json' http://127.0.0.1:8787/runs
// Add -N -H 'accept: text/event-stream' to follow the run, or -H 'prefer: respond-async' to watch it at …/runs/ID/page.
import { RLM } from "@rlm/rlm";
import { createHandler } from "@rlm/rlm/server";
import { cell, ScriptedModel } from "@rlm/rlm/testing";

const script = () =>
  new ScriptedModel([cell("print(context)"), cell("SUBMIT(answer=context[2:])")]);

// The caps are the most that a run may take; clients may ask for less. With one model for all, give an RLM, not a function.
const handler = createHandler({
  rlm: () => {
    const lm = Deno.env.get("RLM_MODEL") ?? script();
    return new RLM("context, query -> answer", { lm, maxSeconds: 120, maxLlmCalls: 20 });
  },
  maxRuns: 2,
  onError: (error) => console.error(error),
});
const port = Number(Deno.env.get("PORT") ?? 8787);
const server = Deno.serve({ hostname: "127.0.0.1", port }, handler);

// Ctrl-C ends the runs with their sandboxes, then the server.
Deno.addSignalListener("SIGINT", async () => {
  await handler.close();
  await server.shutdown();
});
