/** Nothing of the host leaves by the server: no key, no address of a provider, no path, no instruction. */
import { assert, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { ModelError } from "../lib/errors.ts";
import { resolveModel } from "../lib/models/resolve_model.ts";
import { ScriptedModel } from "../lib/testing.ts";
import { cellReply } from "./fixtures/fake_run.ts";
import { INPUTS, TestServer, type TestServerOptions } from "./fixtures/test_server.ts";

const KEY = "a-key-without-a-known-shape";
const PATH = "/home/operator/models/secret.bin";

/** A provider that refuses and repeats what it was sent, and the place of a file of its own. */
function echoing(status: number): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const message = `${request.headers.get("authorization")} at ${request.url}, see ${PATH}`;
    return Response.json({ error: { message } }, { status });
  });
}

function echoingModel({ addr }: Deno.HttpServer<Deno.NetAddr>) {
  return resolveModel("openai/m", {
    baseUrl: `http://127.0.0.1:${addr.port}/v1`,
    apiKey: KEY,
    maxRetries: 1,
    retryDelayMs: 1,
  });
}

/** All that a client can get of a run: its response, its events and its page. */
async function everything(
  options: TestServerOptions,
): Promise<{ texts: string[]; status: number }> {
  await using server = new TestServer(options);
  const response = await server.post();
  const texts = [await response.text()];
  const address = server.at(response.headers.get("content-location") ?? "");
  for (const part of ["", "/events", "/page"]) {
    texts.push(await (await fetch(`${address}${part}`)).text());
  }
  return { texts, status: response.status };
}

function assertHidden(texts: readonly string[], ...secrets: string[]): void {
  for (const text of texts) {
    for (const secret of secrets) assertFalse(text.includes(secret), `${secret} in ${text}`);
  }
}

for (const status of [401, 500]) {
  Deno.test(`When a provider fails with ${status}, a client learns that and nothing of who it is`, async () => {
    await using provider = echoing(status);
    const errors: unknown[] = [];
    const { texts, status: own } = await everything({
      rlmOptions: { lm: echoingModel(provider) },
      onError: (error) => errors.push(error),
    });
    const { code, detail, run } = JSON.parse(texts[0] ?? "");
    assertEquals([own, code, run.state], [502, "model_failed", "failed"]);
    const seen = status === 401 ? "auth, status 401" : "server_error, status 500";
    assertEquals(detail, `ask the model: it did not answer (${seen}); try again later`);
    assertEquals(run.error, { code, message: detail });
    assertHidden(texts, KEY, `:${provider.addr.port}/v1`, PATH, "allow-net", "apiKey");
    assertStringIncludes(String(errors), `:${provider.addr.port}/v1`);
  });
}

Deno.test("What a provider of sub-calls said is hidden in outputs, in events and in the answer too", async () => {
  await using provider = echoing(500);
  const plain = new ModelError(`no, see ${PATH}`, {
    code: "server_error",
    model: "m",
    status: 500,
  });
  const seen = "it did not answer (server_error, status 500)";
  for (
    const [subLm, message] of [
      [echoingModel(provider), `ask openai/m: ${seen}; go on without it, or ask again later`],
      [new ScriptedModel(() => plain), `ask the model: ${seen}; try again later`],
    ] as const
  ) {
    const { texts, status } = await everything({
      signature: "context, query -> answer",
      rlmOptions: { subLm },
      replies: () => cellReply("ask"),
      cell: async (_, guest) => {
        const said = String(await guest.call("llm_query", { prompt: "?" }).catch(String));
        return { stdout: `it said ${said}`, submission: { answer: `failed: ${said}` } };
      },
    });
    assertEquals(status, 200);
    assertHidden(texts, KEY, `127.0.0.1:${provider.addr.port}`, PATH);
    for (const text of texts) assertStringIncludes(text, message);
    assert(JSON.parse(texts[0] ?? "").answer.answer.startsWith("failed: "));
  }
});

Deno.test("A key that lies where a long text is cut is hidden whole", async () => {
  const key = "sk-abcdefghijklmnopqrstuvwxyz";
  const before = "x ".repeat(24_995);
  const { texts } = await everything({
    cell: () => ({
      stdout: `${before}${key} ${"y".repeat(100_000)}`,
      submission: { answer: 1 },
    }),
  });
  assertHidden(texts.map((text) => text.replaceAll("x ", "")), "sk-abc");
});

Deno.test("When the sandbox or something inside fails, a client learns no path and no stack", async () => {
  for (const [error, code] of [[new Error(`no ${PATH}`), "sandbox_failed"]] as const) {
    const { texts, status } = await everything({
      rlmOptions: { sandbox: () => Promise.reject(error) },
    });
    assertEquals([status, JSON.parse(texts[0] ?? "").code], [500, code]);
    assertHidden(texts, PATH, "file://", ".ts:");
  }
  const failing = new Error(`no ${PATH}`);
  await using server = new TestServer({ rlm: () => Promise.reject(failing) });
  const response = await server.post(INPUTS);
  assertEquals(await response.json(), {
    type: "about:blank",
    title: "Internal Server Error",
    status: 500,
    code: "internal",
    detail: "answer the request: something failed inside the server",
  });
  assertEquals(server.errors, [failing]);
});

Deno.test("What models are told beside the inputs is shown only where the operator wants it", async () => {
  const rlmOptions = { instructions: "Be wary of Mr X." };
  const hidden = await everything({ rlmOptions });
  assertHidden(hidden.texts, "Mr X", "llm_query(prompt");
  const shown = await everything({ rlmOptions, showPrompts: true });
  assertStringIncludes(shown.texts[2] ?? "", "Mr X");
  assertStringIncludes(shown.texts[2] ?? "", "llm_query(prompt");
});
