/** What endpoints refuse is learnt from one answer and remembered. */
import { assertEquals, assertFalse, assertRejects } from "@std/assert";
import { ModelError } from "../lib/errors.ts";
import type { CompletionRequest } from "../lib/models/language_model.ts";
import { OpenAIModel } from "../lib/models/openai.ts";
import { OPENAI } from "../lib/models/providers.ts";
import { OpenAIServer, type RecordedRequest, type ServerReply } from "./fixtures/openai_server.ts";

const messages = [{ role: "user", content: "Reply in JSON" }] as const;
const schema = { type: "object", properties: { a: { type: "string" } } };

/** A server that refuses with `refusal` whatever `refuses` says, and answers the rest. */
function picky(
  refuses: (body: RecordedRequest["body"]) => boolean,
  refusal: ServerReply,
): OpenAIServer {
  return new OpenAIServer(({ body }) => refuses(body) ? refusal : { text: "Hello" });
}

function refusing(message: string, param: string | null = null): ServerReply {
  return { status: 400, error: { message, type: "invalid_request_error", param } };
}

/** Sends the request twice: what was sent first, what was sent instead, and what the second call sent. */
async function learn(
  server: OpenAIServer,
  request: Omit<CompletionRequest, "messages">,
  options = {},
): Promise<RecordedRequest["body"][]> {
  const model = () => new OpenAIModel("m", { baseUrl: server.baseUrl, ...options });
  const first = await model().complete({ messages, ...request });
  assertEquals([first.text, first.attempts], ["Hello", 2]);
  const second = await model().complete({ messages, ...request });
  assertEquals([second.text, second.attempts], ["Hello", 1]);
  return server.requests.map(({ body }) => body);
}

Deno.test("A model that wants max_completion_tokens is asked so after one 400, and from then on", async () => {
  await using server = picky(
    (body) => "max_tokens" in body,
    refusing(
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      "max_tokens",
    ),
  );
  const [sent, instead, later] = await learn(server, { maxOutputTokens: 50 });
  assertEquals(sent?.max_tokens, 50);
  assertEquals(instead?.max_completion_tokens, 50);
  assertEquals(later, instead);
});

Deno.test("A server that knows only max_tokens is asked so after one 422 in FastAPI's words", async () => {
  await using server = picky((body) => "max_completion_tokens" in body, {
    status: 422,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      detail: [{
        type: "extra_forbidden",
        loc: ["body", "max_completion_tokens"],
        msg: "Extra inputs are not permitted",
      }],
    }),
  });
  const [sent, instead, later] = await learn(server, { maxOutputTokens: 50 }, { provider: OPENAI });
  assertEquals(sent?.max_completion_tokens, 50);
  assertEquals(instead?.max_tokens, 50);
  assertEquals(later, instead);
});

Deno.test("A temperature that a model refuses is left out", async () => {
  await using server = picky(
    (body) => "temperature" in body,
    refusing(
      "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.",
      "temperature",
    ),
  );
  const [sent, instead, later] = await learn(server, { temperature: 0.2 });
  assertEquals(sent?.temperature, 0.2);
  assertFalse(instead !== undefined && "temperature" in instead);
  assertEquals(later, instead);
});

Deno.test("Stop sequences among the caller's own parameters are left out where they are refused", async () => {
  await using server = picky(
    (body) => "stop" in body,
    refusing("Unsupported parameter: 'stop' is not supported with this model."),
  );
  const [sent, instead] = await learn(server, {}, { params: { stop: ["END"], user: "u" } });
  assertEquals([sent?.stop, sent?.user], [["END"], "u"]);
  assertEquals([instead?.stop, instead?.user], [undefined, "u"]);
});

Deno.test("A server without reply schemas is asked for plain JSON instead", async () => {
  await using server = picky(
    (body) => JSON.stringify(body.response_format ?? {}).includes("json_schema"),
    refusing("This response_format type is unavailable now"),
  );
  const [sent, instead, later] = await learn(server, { schema });
  assertEquals(sent?.response_format, {
    type: "json_schema",
    json_schema: { name: "reply", schema, strict: false },
  });
  assertEquals(instead?.response_format, { type: "json_object" });
  assertEquals(later, instead);
});

Deno.test("A server without any reply format is asked without one", async () => {
  await using server = picky(
    (body) => "response_format" in body,
    refusing("Unknown parameter: response_format"),
  );
  const model = new OpenAIModel("m", { baseUrl: server.baseUrl });
  assertEquals((await model.complete({ messages, schema })).attempts, 3);
  assertEquals((await model.complete({ messages, schema })).attempts, 1);
  assertFalse("response_format" in server.last.body);
});

Deno.test("One schema that a server cannot take says nothing about others", async () => {
  await using server = picky(
    (body) => JSON.stringify(body.response_format ?? {}).includes('"bad"'),
    refusing(
      "Invalid schema for response_format 'reply': 'bad' is not permitted",
      "response_format",
    ),
  );
  const model = new OpenAIModel("m", { baseUrl: server.baseUrl });
  const bad = { type: "object", properties: { bad: {} } };
  assertEquals((await model.complete({ messages, schema: bad })).attempts, 2);
  assertEquals((await model.complete({ messages, schema })).attempts, 1);
  assertEquals(Object.keys(server.last.body.response_format ?? {}), ["type", "json_schema"]);
});

Deno.test("A schema without an object at its root is not sent", async () => {
  await using server = new OpenAIServer([{}]);
  const model = new OpenAIModel("m", { baseUrl: server.baseUrl });
  await model.complete({ messages, schema: { type: "array", items: { type: "string" } } });
  assertFalse("response_format" in server.last.body);
});

Deno.test("A chat template without a system role gets its text in the user's message", async () => {
  await using server = picky(
    ({ messages }) => JSON.stringify(messages).includes('"system"'),
    refusing("System role not supported"),
  );
  const model = new OpenAIModel("m", { baseUrl: server.baseUrl });
  const conversation = [{ role: "system", content: "Be short" }, ...messages] as const;
  assertEquals((await model.complete({ messages: conversation })).attempts, 2);
  assertEquals(server.last.body.messages, [{ role: "user", content: "Be short\n\nReply in JSON" }]);
});

Deno.test("A server that cannot count streamed tokens is asked without, and usage is unknown", async () => {
  await using server = picky(
    (body) => "stream_options" in body,
    refusing("Unrecognized request argument supplied: stream_options"),
  );
  const model = new OpenAIModel("m", { baseUrl: server.baseUrl });
  const completion = await model.complete({ messages, onDelta: () => {} });
  assertEquals([completion.text, completion.usage, completion.attempts], ["Hello", null, 2]);
});

Deno.test("Several refusals are learnt one after the other, each once", async () => {
  await using server = new OpenAIServer(({ body }) => {
    if ("max_tokens" in body) return refusing("Unsupported parameter: 'max_tokens'", "max_tokens");
    if ("temperature" in body) return refusing("`temperature` is deprecated for this model");
    if ("response_format" in body) return refusing("response format is not supported");
    return { text: "Hello" };
  });
  const model = new OpenAIModel("m", { baseUrl: server.baseUrl });
  const request = { messages, schema, temperature: 0, maxOutputTokens: 5 };
  assertEquals((await model.complete(request)).attempts, 5);
  assertEquals((await model.complete(request)).attempts, 1);
});

Deno.test("A limit that is too high is an error, not a reason to send none", async () => {
  await using server = new OpenAIServer([
    refusing(
      "max_tokens is too large: 99. This model supports at most 64 completion tokens",
      "max_tokens",
    ),
  ]);
  const model = new OpenAIModel("m", { baseUrl: server.baseUrl });
  const error = await assertRejects(
    () => model.complete({ messages, maxOutputTokens: 99 }),
    ModelError,
    "max_tokens is too large: 99",
  );
  assertEquals([error.code, error.status, error.attempts], ["bad_request", 400, 1]);
});

Deno.test("A refusal of something that was not sent is an error", async () => {
  await using server = new OpenAIServer([
    refusing("Unsupported parameter: 'temperature'", "temperature"),
  ]);
  const model = new OpenAIModel("m", { baseUrl: server.baseUrl });
  const error = await assertRejects(() => model.complete({ messages }), ModelError);
  assertEquals([error.code, error.attempts], ["bad_request", 1]);
});

Deno.test("Calls that learn the same at the same time all get through", async () => {
  await using server = picky(
    (body) => "max_tokens" in body,
    refusing("Unsupported parameter: 'max_tokens'", "max_tokens"),
  );
  const model = new OpenAIModel("m", { baseUrl: server.baseUrl });
  const calls = Array.from({ length: 10 }, () => model.complete({ messages, maxOutputTokens: 5 }));
  for (const { text } of await Promise.all(calls)) assertEquals(text, "Hello");
});

Deno.test("C101: a window that an error told is kept, and longer prompts are not sent any more", async () => {
  await using server = new OpenAIServer([
    refusing("This model's maximum context length is 1,000 tokens. Please reduce the length."),
  ]);
  const model = new OpenAIModel("m", { baseUrl: server.baseUrl });
  assertEquals(model.contextWindow, undefined);
  const long = [{ role: "user", content: "word ".repeat(2_000) }] as const;
  const told = await assertRejects(() => model.complete({ messages: long }), ModelError);
  assertEquals([told.code, told.attempts], ["context_length", 1]);
  assertEquals(model.contextWindow, 1_000);
  const refused = await assertRejects(() => model.complete({ messages: long }), ModelError);
  assertEquals([refused.code, refused.status, refused.attempts], ["context_length", null, 0]);
  assertEquals(server.requests.length, 1);
});

Deno.test("C101: a prompt over the window is refused unsent, with its size and the limit", async () => {
  await using server = new OpenAIServer([{}]);
  const model = new OpenAIModel("m", { baseUrl: server.baseUrl, contextWindow: 500 });
  assertEquals(model.contextWindow, 500);
  const content = "word ".repeat(2_000);
  const error = await assertRejects(
    () => model.complete({ messages: [{ role: "user", content }] }),
    ModelError,
    "tokens (10000 characters), the window 500; send less text, or use a model with a larger window",
  );
  assertEquals([error.code, error.retryable, error.attempts], ["context_length", false, 0]);
  assertEquals(server.requests.length, 0);
  assertEquals((await model.complete({ messages })).attempts, 1);
});
