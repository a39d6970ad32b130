/** What an endpoint is sent, and how its answers are read. */
import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import OpenAI from "openai";
import { OpenAIModel } from "../lib/models/openai.ts";
import { OPENAI, PROVIDERS } from "../lib/models/providers.ts";
import { OpenAIServer } from "./fixtures/openai_server.ts";

const messages = [
  { role: "system", content: "Be short" },
  { role: "user", content: "Say hello" },
] as const;

const usage = {
  prompt_tokens: 1200,
  completion_tokens: 300,
  total_tokens: 1500,
  prompt_tokens_details: { cached_tokens: 1024, cache_write_tokens: 64 },
  completion_tokens_details: { reasoning_tokens: 250 },
};

Deno.test("A completion has text, reasoning, model, normalised tokens and one attempt", async () => {
  await using server = new OpenAIServer([{ text: "Hello", reasoning: "Greet.", usage }]);
  const model = new OpenAIModel("m1", { baseUrl: server.baseUrl, apiKey: "key-of-the-test" });
  assertEquals(await model.complete({ messages }), {
    text: "Hello",
    reasoning: "Greet.",
    toolCalls: [],
    finishReason: "stop",
    model: "served-model",
    usage: {
      inputTokens: 1200,
      cachedTokens: 1024,
      cacheWriteTokens: 64,
      outputTokens: 300,
      reasoningTokens: 250,
    },
    cost: null,
    attempts: 1,
  });
  assertEquals(server.last.path, "/v1/chat/completions");
  assertEquals(server.last.headers.get("authorization"), "Bearer key-of-the-test");
  assertEquals(server.last.body, { model: "m1", messages: messages.map((each) => ({ ...each })) });
});

Deno.test("Every option of a request reaches the server under the endpoint's own names", async () => {
  await using server = new OpenAIServer([{ text: "{}" }]);
  const options = {
    provider: OPENAI,
    baseUrl: server.baseUrl,
    params: { reasoning_effort: "low" },
    headers: { "x-team": "blue" },
  };
  const schema = {
    type: "object",
    properties: { a: { type: "string" } },
    required: ["a"],
    additionalProperties: false,
  };
  await new OpenAIModel("m2", options).complete({
    messages,
    maxOutputTokens: 99,
    temperature: 0.3,
    cacheKey: "run-7",
    schema,
  });
  assertEquals(server.last.headers.get("x-team"), "blue");
  assertEquals(server.last.body, {
    model: "m2",
    messages: messages.map((each) => ({ ...each })),
    reasoning_effort: "low",
    temperature: 0.3,
    max_completion_tokens: 99,
    prompt_cache_key: "run-7",
    response_format: {
      type: "json_schema",
      json_schema: { name: "reply", schema, strict: true },
    },
  });
});

Deno.test("Servers that nothing is known of are sent max_tokens and no cache key", async () => {
  await using server = new OpenAIServer([{}]);
  const model = new OpenAIModel("m3", { baseUrl: server.baseUrl });
  await model.complete({ messages, maxOutputTokens: 7, cacheKey: "run-7" });
  assertEquals(server.last.body.max_tokens, 7);
  assertFalse("prompt_cache_key" in server.last.body);
  assertEquals(server.last.headers.get("authorization"), "Bearer none");
});

Deno.test("A streamed completion equals the same one unstreamed, and its text comes in pieces", async () => {
  const reply = {
    text: "Hello to you",
    reasoning: "Greet.",
    toolCalls: [
      { name: "python", arguments: '{"code":"1"}' },
      { name: "python", arguments: '{"code":"2"}' },
    ],
    usage,
  };
  await using server = new OpenAIServer([reply]);
  const model = new OpenAIModel("m4", { baseUrl: server.baseUrl });
  const deltas: string[] = [];
  const streamed = await model.complete({ messages, onDelta: (text) => void deltas.push(text) });
  assertEquals(server.last.body.stream_options, { include_usage: true });
  assertEquals(deltas, ["Hello ", "to ", "you"]);
  assertEquals(streamed, await model.complete({ messages }));
  assertEquals(streamed.finishReason, "tool_calls");
  assertEquals(streamed.toolCalls, reply.toolCalls);
});

Deno.test("A completion that was to be streamed and came whole is read all the same", async () => {
  const headers = { "content-type": "application/json; charset=utf-8" };
  const message = {
    content: "Hello to you",
    tool_calls: [{ function: { name: "f", arguments: "{}" } }],
  };
  const whole = { choices: [{ message, finish_reason: "stop" }], usage };
  await using server = new OpenAIServer([{ body: JSON.stringify(whole, null, 2), headers }]);
  const deltas: string[] = [];
  const completion = await new OpenAIModel("m", { baseUrl: server.baseUrl })
    .complete({ messages, onDelta: (text) => void deltas.push(text) });
  assertEquals([completion.text, deltas], ["Hello to you", ["Hello to you"]]);
  assertEquals(completion.toolCalls, [{ name: "f", arguments: "{}" }]);
  assertEquals(completion.usage?.outputTokens, 300);
});

Deno.test("A listener of text that throws does not cost the reply", async () => {
  await using server = new OpenAIServer([{ text: "a b" }]);
  const model = new OpenAIModel("m5", { baseUrl: server.baseUrl });
  const onDelta = () => {
    throw new Error("listener broke");
  };
  assertEquals((await model.complete({ messages, onDelta })).text, "a b");
  assertEquals(server.requests.length, 1);
});

Deno.test("A connection that breaks after the usage came does no harm", async () => {
  await using server = new OpenAIServer([{ text: "a b", breakAfter: 4 }]);
  const model = new OpenAIModel("m6", { baseUrl: server.baseUrl });
  const completion = await model.complete({ messages, onDelta: () => {} });
  assertEquals([completion.text, completion.attempts], ["a b", 1]);
});

Deno.test("C18: a reply of content parts is reduced to its text, its thinking kept apart", async () => {
  const content = [
    { type: "thinking", thinking: [{ type: "text", text: "Let me see." }] },
    { type: "text", text: "Hel" },
    { type: "text", text: "lo" },
  ];
  const body = JSON.stringify({ choices: [{ message: { content }, finish_reason: "stop" }] });
  const headers = { "content-type": "application/json" };
  await using server = new OpenAIServer([{ body, headers }]);
  const completion = await new OpenAIModel("m7", { baseUrl: server.baseUrl }).complete({
    messages,
  });
  assertEquals(completion.text, "Hello");
  assertEquals(completion.reasoning, "Let me see.");
  assertEquals(completion.model, "m7");
  assertEquals(completion.usage, null);
});

Deno.test("A reply cut at its limit says so, also when reasoning used the limit up", async () => {
  await using server = new OpenAIServer([
    { text: "Hel", finishReason: "length" },
    { text: "", reasoning: "long thoughts", finishReason: "length" },
  ]);
  const model = new OpenAIModel("m8", { baseUrl: server.baseUrl });
  assertEquals((await model.complete({ messages })).finishReason, "length");
  const thought = await model.complete({ messages });
  assertEquals([thought.text, thought.finishReason], ["", "length"]);
});

Deno.test("C17: a native tool call is returned with its name and arguments as sent", async () => {
  const toolCalls = [{ name: "execute", arguments: '{"code": "print(1)"}' }];
  await using server = new OpenAIServer([{ toolCalls }]);
  const completion = await new OpenAIModel("m9", { baseUrl: server.baseUrl }).complete({
    messages,
  });
  assertEquals(completion.toolCalls, toolCalls);
  assertEquals(completion.finishReason, "tool_calls");
  assertEquals(completion.text, "");
});

Deno.test("Reasoning that a provider counts only in the total is counted as output", async () => {
  const served = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 40 };
  await using server = new OpenAIServer([{ usage: served }]);
  const completion = await new OpenAIModel("m10", { baseUrl: server.baseUrl }).complete({
    messages,
  });
  assertEquals(completion.usage?.outputTokens, 30);
  assertEquals(completion.usage?.reasoningTokens, 25);
});

Deno.test("The cost that a provider returns wins over the price list", async () => {
  const openrouter = PROVIDERS.find(({ id }) => id === "openrouter");
  assert(openrouter !== undefined);
  await using server = new OpenAIServer([{ usage: { ...usage, cost: 0.0123 } }]);
  const model = new OpenAIModel("openai/gpt-5", {
    provider: openrouter,
    baseUrl: server.baseUrl,
    prices: () => 99,
  });
  assertEquals((await model.complete({ messages })).cost, 0.0123);
  assertEquals(server.last.body.usage, { include: true });
});

Deno.test("A client made by the caller is used with its own key, and never retries by itself", async () => {
  await using server = new OpenAIServer([{ status: 500 }, { text: "Hello" }]);
  const client = new OpenAI({
    apiKey: "key-of-the-client",
    baseURL: server.baseUrl,
    logLevel: "off",
  });
  const model = new OpenAIModel("m11", { client, retryDelayMs: 1 });
  const completion = await model.complete({ messages });
  assertEquals([completion.text, completion.attempts], ["Hello", 2]);
  assertEquals(server.requests.length, 2);
  assertEquals(server.last.headers.get("authorization"), "Bearer key-of-the-client");
});

Deno.test("C163: the client library gets nothing from the environment, which is left as it was", async () => {
  const variables = {
    OPENAI_CUSTOM_HEADERS: "x-from-env: secret",
    OPENAI_ORG_ID: "organization",
    OPENAI_PROJECT_ID: "project",
  };
  const before = Object.getOwnPropertyDescriptor(globalThis, "process");
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  try {
    await using server = new OpenAIServer([{}]);
    await new OpenAIModel("m12", { baseUrl: server.baseUrl }).complete({ messages });
    const { headers } = server.last;
    const names = ["x-from-env", "openai-organization", "openai-project"];
    assertEquals(names.map((name) => headers.get(name)), [null, null, null]);
  } finally {
    for (const name of Object.keys(variables)) Deno.env.delete(name);
  }
  assertEquals(Object.getOwnPropertyDescriptor(globalThis, "process"), before);
});

Deno.test("Options that make no sense are refused when the model is made", () => {
  assertThrows(() => new OpenAIModel(" "), TypeError, "its name is empty");
  assertThrows(
    () => new OpenAIModel("m", { baseUrl: "localhost:8000/v1" }),
    TypeError,
    'the base URL is "localhost:8000/v1"; pass one that starts with http:// or https://',
  );
  assertThrows(
    () => new OpenAIModel("m", { baseUrl: "http://localhost", timeoutMs: -1 }),
    RangeError,
    "timeoutMs is -1",
  );
});
