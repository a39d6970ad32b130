/** Connections that fail: not there, not permitted, silent, broken off, or answering something else. */
import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { ModelError } from "../lib/errors.ts";
import { OpenAIModel } from "../lib/models/openai.ts";
import { assertFields, failWith, messages } from "./fixtures/model_failures.ts";
import { closedBaseUrl, OpenAIServer } from "./fixtures/openai_server.ts";

Deno.test("A server that is not there is unreachable, and the system's reason is told", async () => {
  const error = await failWith(closedBaseUrl(), { maxRetries: 1, retryDelayMs: 1 });
  assertFields(error, {
    code: "unreachable",
    status: null,
    retryable: true,
    attempts: 2,
    message: /refused.*\(2 attempts\); check the base URL, and that the server runs/i,
  });
  assertEquals(error.spent, null);
});

Deno.test({
  name: "A missing net permission names the flag",
  permissions: { net: ["127.0.0.1:1"] },
  fn: async () => {
    assertFields(await failWith("http://127.0.0.1:2/v1"), {
      code: "config",
      status: null,
      retryable: false,
      attempts: 1,
      message: /run again with --allow-net=127\.0\.0\.1:2$/,
    });
  },
});

Deno.test("A server that is silent for longer than timeoutMs is given up", async () => {
  await using server = new OpenAIServer([{ delayMs: 10_000 }]);
  const started = performance.now();
  assertFields(await failWith(server.baseUrl, { timeoutMs: 100 }), {
    code: "timeout",
    status: null,
    retryable: true,
    attempts: 1,
    message: /: no answer within 100 ms; try again, or raise timeoutMs$/,
  });
  assertLess(performance.now() - started, 5_000);
});

Deno.test("A stream that goes on is not given up, one that falls silent is", async () => {
  await using server = new OpenAIServer([
    { text: "a b c d e f", pieceDelayMs: 100 },
    { text: "a b", pieceDelayMs: 10_000 },
  ]);
  const model = new OpenAIModel("m", { baseUrl: server.baseUrl, maxRetries: 0, timeoutMs: 400 });
  const onDelta = () => {};
  assertEquals((await model.complete({ messages, onDelta })).text, "a b c d e f");
  const error = await assertRejects(() => model.complete({ messages, onDelta }), ModelError);
  assertEquals(error.code, "timeout");
});

Deno.test("A stream that breaks is cut off, and what had come is charged by estimate", async () => {
  await using server = new OpenAIServer([{ text: "one two three four", breakAfter: 2 }]);
  const error = await failWith(server.baseUrl, { prices: () => 0.5 }, { onDelta: () => {} });
  assertFields(error, {
    code: "cut_off",
    status: 200,
    retryable: true,
    attempts: 1,
    message: /the stream broke off after 8 characters; try again$/,
  });
  assertEquals(error.spent?.cost, 0.5);
  assertEquals(error.spent?.usage.outputTokens, 2);
});

Deno.test("A stream that ends without saying why the model stopped is cut off", async () => {
  await using server = new OpenAIServer([{ text: "one two", finishReason: null, usage: null }]);
  const error = await failWith(server.baseUrl, {}, { onDelta: () => {} });
  assertEquals([error.code, error.retryable], ["cut_off", true]);
});

Deno.test("A stream with damaged events is cut off, and nothing is printed about it", async () => {
  const body = 'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: {"choi\n\n';
  const headers = { "content-type": "text/event-stream" };
  await using server = new OpenAIServer([{ body, headers }]);
  const printed: unknown[] = [];
  const { console: terminal } = globalThis;
  const print = terminal.error;
  terminal.error = (...words) => void printed.push(words);
  try {
    const error = await failWith(server.baseUrl, {}, { onDelta: () => {} });
    assertEquals([error.code, error.retryable], ["cut_off", true]);
  } finally {
    terminal.error = print;
  }
  assertEquals(printed, []);
});

Deno.test("An error event in a stream is read like any other", async () => {
  const body = 'data: {"error":{"type":"overloaded_error","message":"Overloaded"}}\n\n';
  const headers = { "content-type": "text/event-stream" };
  await using server = new OpenAIServer([{ body, headers }]);
  assertFields(await failWith(server.baseUrl, {}, { onDelta: () => {} }), {
    code: "overloaded",
    status: null,
    retryable: true,
    attempts: 1,
    message: /: Overloaded; try again later/,
  });
});

Deno.test("A page instead of a stream points to the base URL", async () => {
  const headers = { "content-type": "text/html" };
  await using server = new OpenAIServer([{ body: "<p>Welcome", headers }]);
  assertFields(await failWith(server.baseUrl, {}, { onDelta: () => {} }), {
    code: "config",
    status: 200,
    retryable: false,
    attempts: 1,
    message: /not a chat completion but "<p>Welcome"; check the base URL/,
  });
});

Deno.test("An error that comes whole instead of a stream is read", async () => {
  const body = '{"error":{"code":502,"message":"Upstream is gone"}}';
  const headers = { "content-type": "application/json" };
  await using server = new OpenAIServer([{ body, headers }]);
  const error = await failWith(server.baseUrl, {}, { onDelta: () => {} });
  assertEquals([error.code, error.status, error.retryable], ["server_error", 502, true]);
});

Deno.test("A stream without any choice is empty", async () => {
  const headers = { "content-type": "text/event-stream" };
  await using server = new OpenAIServer([{ body: "data: [DONE]\n\n", headers }]);
  const error = await failWith(server.baseUrl, {}, { onDelta: () => {} });
  assertEquals([error.code, error.status, error.retryable], ["empty", 200, true]);
});
