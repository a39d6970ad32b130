/** Every error that an endpoint can answer becomes a ModelError with every field right. */
import { assertEquals } from "@std/assert";
import { assertFields, type ExpectedError, failWith } from "./fixtures/model_failures.ts";
import { OpenAIServer, type ServerReply } from "./fixtures/openai_server.ts";

interface HttpCase extends Omit<ExpectedError, "attempts"> {
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
