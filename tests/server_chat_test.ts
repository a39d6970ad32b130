/** The handler as a model of the OpenAI protocol, asked by this package's own client of it and by hand. */
import { assertEquals, assertGreater, assertInstanceOf, assertRejects } from "@std/assert";
import { ModelError } from "../lib/errors.ts";
import { resolveModel } from "../lib/models/resolve_model.ts";
import type { FakeCell } from "../lib/testing.ts";
import { cellReply } from "./fixtures/fake_run.ts";
import { gate, TestServer, type TestServerOptions } from "./fixtures/test_server.ts";

/** Submits what it was bound. */
const ECHO: FakeCell = (_, { values }) => ({ submission: { answer: JSON.stringify(values) } });

const ECHOING: TestServerOptions = {
  chat: true,
  signature: "context, query -> answer",
  cell: ECHO,
};

function modelOf(server: TestServer) {
  return resolveModel("openai/rlm", { baseUrl: server.at("/v1"), apiKey: "key", maxRetries: 0 });
}

function chat(server: TestServer, body: unknown, init: RequestInit = {}): Promise<Response> {
  return fetch(server.at("/v1/chat/completions"), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    ...init,
  });
}

const QUESTION = { role: "user", content: "How many?" } as const;

Deno.test("A client of the protocol gets the answer whole or streamed, how it was found, and the tokens of all models", async () => {
  await using server = new TestServer({
    ...ECHOING,
    replies: () => `I count.\n${cellReply("count()")}`,
  });
  const messages = [
    { role: "system", content: "Be brief." },
    { role: "user", content: "one two" },
    { role: "assistant", content: "Yes?" },
    QUESTION,
  ] as const;
  const context = "[system]\nBe brief.\n\n[user]\none two\n\n[assistant]\nYes?";
  const expected = JSON.stringify({ context, query: "How many?" });
  const whole = await modelOf(server).complete({ messages });
  assertEquals([whole.text, whole.finishReason, whole.model], [expected, "stop", "rlm"]);
  assertGreater(whole.usage?.inputTokens ?? 0, 100);
  const pieces: string[] = [];
  const streamed = await modelOf(server).complete({
    messages,
    onDelta: (text) => pieces.push(text),
  });
  assertEquals([streamed.text, streamed.usage], [expected, whole.usage]);
  assertEquals(pieces.join(""), expected);
  assertEquals(streamed.reasoning?.trim(), "I count.\n\n```python\ncount()\n```");
});

Deno.test("A long last message is material: it is in the context, and its end is the query", async () => {
  await using server = new TestServer(ECHOING);
  const content = `${"many words ".repeat(10_000)}\n\nHow many?`;
  const response = await chat(server, { model: "any", messages: [{ role: "user", content }] });
  const { choices } = await response.json();
  const { context, query } = JSON.parse(choices[0].message.content);
  assertEquals(context, `[user]\n${content}`);
  assertEquals(
    query,
    `Do what the last message of the conversation in \`context\` asks. It ends:\n\n…${
      content.slice(-2000)
    }`,
  );
});

Deno.test("A function makes the inputs of a conversation, and several outputs come as JSON", async () => {
  await using server = new TestServer({
    chat: (messages) => ({ text: messages.map(({ content }) => content).join("|") }),
    signature: "text -> first: str, count: int",
    cell: (_, { values }) => ({ submission: { first: values.text, count: 2 } }),
  });
  const parts = [{ type: "text", text: "a" }, { type: "text", text: "b" }];
  const messages = [{ role: "user", content: parts }, QUESTION];
  const { choices } = await (await chat(server, { messages })).json();
  assertEquals(JSON.parse(choices[0].message.content), { first: "ab|How many?", count: 2 });
});

Deno.test("Problems are told in the protocol's form, whole and in a stream", async () => {
  const failure = new ModelError("Cannot get a reply at http://10.0.0.5", {
    code: "overloaded",
    model: "m",
  });
  await using server = new TestServer({ chat: true, maxBodyBytes: 1_000, replies: () => failure });
  const image = { role: "user", content: [{ type: "image_url", image_url: { url: "x" } }] };
  const cases: [body: unknown, status: number, message: string][] = [
    [{}, 422, 'read the body: expected {"messages": […]} with a message at least'],
    [{ messages: [] }, 422, 'read the body: expected {"messages": […]} with a message at least'],
    [{ messages: [QUESTION, {}] }, 422, "read the body: message 1 has no role"],
    [
      { messages: [{ role: "assistant", content: null }] },
      422,
      "read the body: message 0 has no content",
    ],
    [{ messages: [image] }, 422, "read the body: message 0 has a part that is no text"],
    [{ messages: [QUESTION], n: 2 }, 422, "read the body: n is not 1"],
    [{ messages: [QUESTION], tools: [{}] }, 422, "read the body: tools are not supported"],
    [
      { messages: ["x".repeat(2_000)] },
      413,
      "read the body: it has more than 1000 bytes; send less",
    ],
    [
      { messages: [QUESTION] },
      502,
      "ask the model: it did not answer (overloaded); try again later",
    ],
  ];
  for (const [body, status, message] of cases) {
    const response = await chat(server, body);
    const { error } = await response.json();
    assertEquals([response.status, error.message, error.param], [status, message, null]);
  }
  const streamed = await (await chat(server, { messages: [QUESTION], stream: true })).text();
  const [error, done] = streamed.trimEnd().split("\n\n").slice(-2);
  assertEquals(JSON.parse(error?.slice(6) ?? "").error.code, "model_failed");
  assertEquals(done, "data: [DONE]");
  const seen = await assertRejects(() =>
    modelOf(server).complete({ messages: [QUESTION], onDelta: () => {} })
  );
  assertInstanceOf(seen, ModelError);
});

Deno.test("The model is listed where it is served, and is nowhere without the option", async () => {
  await using server = new TestServer({ chat: true, basePath: "/ai" });
  const { data } = await (await fetch(server.at("/ai/v1/models"))).json();
  assertEquals(data, [{ id: "rlm", object: "model", created: 0, owned_by: "rlm" }]);
  await using without = new TestServer();
  for (const path of ["/v1/models", "/v1/chat/completions"]) {
    assertEquals((await (await fetch(without.at(path))).json()).code, "not_found");
  }
});

for (const stream of [true, false]) {
  Deno.test(`A client that leaves a ${stream ? "streamed" : "whole"} completion ends its run`, async () => {
    const { cell, entered } = gate();
    const ended = Promise.withResolvers<string>();
    await using server = new TestServer({
      chat: true,
      cell,
      onEvent: (event) => {
        if (event.type === "run_end") ended.resolve(event.stopReason);
      },
    });
    const leaving = new AbortController();
    const init = { signal: leaving.signal };
    const asked = chat(server, { messages: [QUESTION], stream }, init);
    asked.catch(() => {});
    await entered;
    if (stream) await asked;
    leaving.abort();
    assertEquals(await ended.promise, "aborted");
  });
}
