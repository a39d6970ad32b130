import {
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertLess,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { ModelError, type ModelErrorCode } from "../lib/errors.ts";
import type { CompletionRequest } from "../lib/models/language_model.ts";
import { OpenAIModel } from "../lib/models/openai.ts";
import type { OpenAIModelOptions } from "../lib/models/openai_options.ts";
import { closedBaseUrl, OpenAIServer, type ServerReply } from "./fixtures/openai_server.ts";

const messages = [{ role: "user", content: "Say hello" }] as const;
const KEY = "sk-this-is-the-key-of-the-test";

/** The fields of an error that a caller can branch on. */
interface Expected {
  readonly code: ModelErrorCode;
  readonly status: number | null;
  readonly retryable: boolean;
  readonly attempts: number;
  readonly message: RegExp;
}

/** Asks once, without retries unless the options say so, and gives the error. */
async function failWith(
  baseUrl: string,
  options: OpenAIModelOptions = {},
  request: Partial<CompletionRequest> = {},
): Promise<ModelError> {
  const model = new OpenAIModel("m", { baseUrl, apiKey: KEY, maxRetries: 0, ...options });
  return await assertRejects(() => model.complete({ messages, ...request }), ModelError);
}

function assertFields(error: ModelError, expected: Expected): void {
  const { code, status, retryable, attempts, model, message } = error;
  assertEquals({ code, status, retryable, attempts, model }, {
    code: expected.code,
    status: expected.status,
    retryable: expected.retryable,
    attempts: expected.attempts,
    model: "compatible/m",
  });
  assertMatch(message, expected.message);
  assertMatch(message, /^Cannot get a reply from compatible\/m at http:\/\/127\.0\.0\.1:\d+\/v1: /);
  assertFalse(message.endsWith("."));
}

interface HttpCase extends Omit<Expected, "attempts"> {
  readonly title: string;
  readonly reply: ServerReply;
}

const json = { "content-type": "application/json" };

const HTTP_CASES: readonly HttpCase[] = [
  {
    title: "401 is a bad key, and says where the key came from",
    reply: {
      status: 401,
      error: { message: "Incorrect API key provided", code: "invalid_api_key" },
    },
    code: "auth",
    status: 401,
    retryable: false,
    message: /401 Incorrect API key provided; check the apiKey option$/,
  },
  {
    title: "403 is a key that may not",
    reply: { status: 403, error: { message: "No access to this model." } },
    code: "auth",
    status: 403,
    retryable: false,
    message: /403 No access to this model; check the apiKey option$/,
  },
  {
    title: "A 403 from a moderator is a content filter",
    reply: { status: 403, error: { message: "Input was flagged by moderation" } },
    code: "content_filter",
    status: 403,
    retryable: false,
    message: /flagged by moderation; change the prompt/,
  },
  {
    title: "A 400 that names the key is a bad key",
    reply: {
      body: '[{"error":{"code":400,"message":"API key not valid"}}]',
      status: 400,
      headers: json,
    },
    code: "auth",
    status: 400,
    retryable: false,
    message: /400 API key not valid; check/,
  },
  {
    title: "402 is a used-up credit",
    reply: { status: 402, error: { message: "Insufficient Balance" } },
    code: "quota",
    status: 402,
    retryable: false,
    message: /402 Insufficient Balance; add credit/,
  },
  {
    title: "A 429 without credit is no matter of time",
    reply: {
      status: 429,
      error: { message: "You exceeded your quota", code: "insufficient_quota" },
    },
    code: "quota",
    status: 429,
    retryable: false,
    message: /429 You exceeded your quota; add credit/,
  },
  {
    title: "404 is an unknown model or path",
    reply: { status: 404, error: { message: "The model `m` does not exist" } },
    code: "not_found",
    status: 404,
    retryable: false,
    message: /404 The model `m` does not exist; check the model's name and the base URL/,
  },
  {
    title: "429 is a rate limit",
    reply: { status: 429, error: { message: "Too many requests" } },
    code: "rate_limit",
    status: 429,
    retryable: true,
    message: /429 Too many requests; try again later, or lower concurrency$/,
  },
  {
    title: "500 is a server error",
    reply: { status: 500, error: { message: "boom" } },
    code: "server_error",
    status: 500,
    retryable: true,
    message: /500 boom; try again later/,
  },
  {
    title: "503 is an overloaded server",
    reply: { status: 503 },
    code: "overloaded",
    status: 503,
    retryable: true,
    message: /503 error 503 on demand; try again later/,
  },
  {
    title: "An error that the server calls final is not retryable",
    reply: { status: 500, headers: { "x-should-retry": "false" } },
    code: "server_error",
    status: 500,
    retryable: false,
    message: /500/,
  },
  {
    title: "400 is a bad request in the server's words",
    reply: { status: 400, error: { message: "messages must not be empty" } },
    code: "bad_request",
    status: 400,
    retryable: false,
    message: /400 messages must not be empty; change what the message names$/,
  },
  {
    title: "A body of FastAPI's shape is read",
    reply: {
      status: 422,
      headers: json,
      body: '{"detail":[{"type":"missing","loc":["body","messages"],"msg":"Field required"}]}',
    },
    code: "bad_request",
    status: 422,
    retryable: false,
    message: /422 messages: Field required; change/,
  },
  {
    title: "C101: a prompt over the window is told from other bad requests",
    reply: {
      status: 400,
      error: {
        message: "This model's maximum context length is 8192 tokens",
        code: "context_length_exceeded",
      },
    },
    code: "context_length",
    status: 400,
    retryable: false,
    message: /maximum context length is 8192 tokens; send less text/,
  },
  {
    title: "A content filter that answers 400 is told from other bad requests",
    reply: { status: 400, error: { message: "The prompt was filtered", code: "content_filter" } },
    code: "content_filter",
    status: 400,
    retryable: false,
    message: /The prompt was filtered; change the prompt/,
  },
  {
    title: "An error page of a proxy is reduced to its words",
    reply: { status: 502, body: "<html><style>p{}</style><h1>Bad\ngateway</h1></html>" },
    code: "server_error",
    status: 502,
    retryable: true,
    message: /502 Bad gateway; try/,
  },
  {
    title: "An answer without choices is empty",
    reply: { body: '{"choices":[]}', headers: json },
    code: "empty",
    status: 200,
    retryable: true,
    message: /: the answer has no choices; try again/,
  },
  {
    title: "An error inside a good answer is read",
    reply: { body: '{"error":{"code":429,"message":"Upstream is busy"}}', headers: json },
    code: "rate_limit",
    status: 429,
    retryable: true,
    message: /429 Upstream is busy/,
  },
  {
    title: "A page instead of a completion points to the base URL",
    reply: { body: "<!doctype html><p>Welcome", headers: { "content-type": "text/html" } },
    code: "config",
    status: 200,
    retryable: false,
    message: /not a chat completion but "<!doctype html><p>Welcome"; check the base URL/,
  },
  {
    title: "A refusal is an error with the model's words",
    reply: { refusal: "I cannot help with that." },
    code: "refusal",
    status: 200,
    retryable: false,
    message: /: I cannot help with that; change the prompt/,
  },
  {
    title: "A reply that the content filter stopped is an error",
    reply: { text: "Here is", finishReason: "content_filter" },
    code: "content_filter",
    status: 200,
    retryable: false,
    message: /content filter stopped the reply; change the prompt/,
  },
];

for (const { title, reply, ...expected } of HTTP_CASES) {
  Deno.test(title, async () => {
    await using server = new OpenAIServer([reply]);
    assertFields(await failWith(server.baseUrl), { ...expected, attempts: 1 });
    assertEquals(server.requests.length, 1);
  });
}

Deno.test("C115: what a refusal cost is in the error", async () => {
  await using server = new OpenAIServer([{ refusal: "No" }]);
  const error = await failWith(server.baseUrl, { prices: ({ usage }) => usage.inputTokens / 1000 });
  const usage = {
    inputTokens: 10,
    cachedTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 5,
    reasoningTokens: 0,
  };
  assertEquals(error.spent, { usage, cost: 0.01 });
});

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

Deno.test("A stream without any choice is empty", async () => {
  const headers = { "content-type": "text/event-stream" };
  await using server = new OpenAIServer([{ body: "data: [DONE]\n\n", headers }]);
  const error = await failWith(server.baseUrl, {}, { onDelta: () => {} });
  assertEquals([error.code, error.status, error.retryable], ["empty", 200, true]);
});

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

Deno.test("A request whose signal is already aborted is not sent", async () => {
  await using server = new OpenAIServer([{}]);
  const model = new OpenAIModel("m", { baseUrl: server.baseUrl });
  const signal = AbortSignal.abort(new Error("too late"));
  await assertRejects(() => model.complete({ messages, signal }), Error, "too late");
  assertEquals(server.requests.length, 0);
});

Deno.test("C163: keys are in no error, even when the server repeats them", async () => {
  const echo = `Wrong key ${KEY}; other keys such as sk-proj-abcdefghijklmnop are wrong too`;
  const header = "value-of-a-secret-header";
  await using server = new OpenAIServer([
    { status: 401, error: { message: echo, param: KEY } },
    { status: 500, body: `Bearer ${KEY} ${header}` },
    { refusal: `I was asked with ${KEY}` },
  ]);
  const url = new URL(server.baseUrl);
  url.username = "user";
  url.password = "password-in-the-url";
  const options = { headers: { "x-secret": header } };
  for (let i = 0; i < 3; i++) {
    const error = await failWith(server.baseUrl, options);
    assertInstanceOf(error, ModelError);
    assertNoSecret(error, [KEY, header]);
    if (i === 0) {
      assertStringIncludes(error.message, "Wrong key [redacted]; other keys such as [redacted]");
    }
  }
  assertNoSecret(await failWith(url.href.replace(/\d+\/v1/, "1/v1")), ["password-in-the-url"]);
});

Deno.test("C163: a model shows no key when it is printed or saved", () => {
  const model = new OpenAIModel("m", { baseUrl: "http://u:password-in-the-url@h/v1", apiKey: KEY });
  assertNoSecret(model, [KEY, "password-in-the-url"]);
});

function assertNoSecret(value: unknown, secrets: readonly string[]): void {
  const shown = [
    Deno.inspect(value, { depth: 20, showHidden: true }),
    JSON.stringify(value),
    String(value),
    value instanceof Error ? value.stack ?? "" : "",
  ];
  for (const secret of secrets) {
    for (const text of shown) assertFalse(text.includes(secret), text);
  }
}
