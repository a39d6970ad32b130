/** An abort ends a call at any moment, at once, with the signal's reason. */
import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { ModelError } from "../lib/errors.ts";
import { OpenAIModel } from "../lib/models/openai.ts";
import { messages } from "./fixtures/model_failures.ts";
import { OpenAIServer } from "./fixtures/openai_server.ts";

Deno.test("C153: an abort while the server thinks rejects at once with the signal's reason", async () => {
  await using server = new OpenAIServer([{ delayMs: 10_000 }]);
  const controller = new AbortController();
  const reason = new Error("enough");
  const model = new OpenAIModel("m", { baseUrl: server.baseUrl });
  const running = model.complete({ messages, signal: controller.signal });
  setTimeout(() => controller.abort(reason), 200);
  const started = performance.now();
  assertEquals(await assertRejects(() => running), reason);
  assertLess(performance.now() - started, 2_000);
});

Deno.test("C153: an abort in the middle of a stream rejects at once and hangs up", async () => {
  await using server = new OpenAIServer([{ text: "a b c d e f g h", pieceDelayMs: 50 }]);
  const controller = new AbortController();
  const reason = new Error("enough");
  const model = new OpenAIModel("m", { baseUrl: server.baseUrl });
  const deltas: string[] = [];
  const error = await assertRejects(() =>
    model.complete({
      messages,
      signal: controller.signal,
      onDelta: (text) => {
        if (deltas.push(text) === 2) controller.abort(reason);
      },
    })
  );
  assertEquals(error, reason);
  for (let i = 0; i < 100 && !server.last.cancelled; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assertEquals(server.last.cancelled, true);
  assertEquals(deltas, ["a ", "b "]);
  assertEquals(server.requests.length, 1);
});

Deno.test("C153: an abort while waiting for a retry rejects at once", async () => {
  await using server = new OpenAIServer([{ status: 503, headers: { "retry-after": "30" } }]);
  const controller = new AbortController();
  const model = new OpenAIModel("m", { baseUrl: server.baseUrl });
  const started = performance.now();
  await assertRejects(() =>
    model.complete({
      messages,
      signal: controller.signal,
      onRetry: () => void setTimeout(() => controller.abort(), 50),
    }), DOMException);
  assertLess(performance.now() - started, 5_000);
  assertEquals(server.requests.length, 1);
});

Deno.test("A signal that lives on is left with no listeners, however calls end", async () => {
  await using server = new OpenAIServer([
    { status: 503 },
    { text: "a b" },
    { status: 400 },
  ]);
  const { signal } = new AbortController();
  let listening = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listening++;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listening--;
    remove(...args);
  };
  const model = new OpenAIModel("m", { baseUrl: server.baseUrl, retryDelayMs: 1 });
  assertEquals((await model.complete({ messages, signal, onDelta: () => {} })).attempts, 2);
  await assertRejects(() => model.complete({ messages, signal }), ModelError);
  assertEquals(listening, 0);
});

Deno.test("A request whose signal is already aborted is not sent", async () => {
  await using server = new OpenAIServer([{}]);
  const model = new OpenAIModel("m", { baseUrl: server.baseUrl });
  const signal = AbortSignal.abort(new Error("too late"));
  await assertRejects(() => model.complete({ messages, signal }), Error, "too late");
  assertEquals(server.requests.length, 0);
});
