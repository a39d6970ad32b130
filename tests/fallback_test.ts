/** A chain of models: who is asked next, who answered, and what all of it cost. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ModelError } from "../lib/errors.ts";
import { FallbackModel } from "../lib/models/fallback.ts";
import type { RetryNotice } from "../lib/models/language_model.ts";
import { OpenAIModel } from "../lib/models/openai.ts";
import { closedBaseUrl, OpenAIServer } from "./fixtures/openai_server.ts";

const messages = [{ role: "user", content: "Say hello" }] as const;

function model(name: string, baseUrl: string, options = {}): OpenAIModel {
  return new OpenAIModel(name, { name, baseUrl, maxRetries: 1, retryDelayMs: 1, ...options });
}

Deno.test("The next model of a chain answers when one is unreachable, and the reply says which", async () => {
  await using server = new OpenAIServer([{ text: "Hello" }]);
  const chain = new FallbackModel([model("gone", closedBaseUrl()), model("there", server.baseUrl)]);
  const notices: RetryNotice[] = [];
  const completion = await chain.complete({ messages, onRetry: (n) => void notices.push(n) });
  assertEquals(chain.name, "gone or there");
  assertEquals([completion.text, completion.answeredBy], ["Hello", "there"]);
  assertEquals(completion.attempts, 3);
  assertEquals(notices.map(({ model }) => model), ["gone", "there"]);
  assertEquals(notices.at(-1)?.error.code, "unreachable");
  assertEquals(notices.at(-1)?.waitMs, 0);
});

Deno.test("A chain whose first model answers asks no other", async () => {
  await using first = new OpenAIServer([{ text: "Hello" }]);
  await using second = new OpenAIServer([{}]);
  const chain = new FallbackModel([model("first", first.baseUrl), model("second", second.baseUrl)]);
  const completion = await chain.complete({ messages });
  assertEquals([completion.answeredBy, completion.attempts], ["first", 1]);
  assertEquals(second.requests.length, 0);
});

Deno.test("A model with a bad key is left out of the chain from then on", async () => {
  await using first = new OpenAIServer([{ status: 401 }]);
  await using second = new OpenAIServer([{ text: "Hello" }]);
  const chain = new FallbackModel([model("first", first.baseUrl), model("second", second.baseUrl)]);
  assertEquals((await chain.complete({ messages })).attempts, 2);
  assertEquals((await chain.complete({ messages })).attempts, 1);
  assertEquals([first.requests.length, second.requests.length], [1, 2]);
});

Deno.test("A bad request is not sent to the next model, unless the caller says so", async () => {
  await using first = new OpenAIServer([{ status: 400 }]);
  await using second = new OpenAIServer([{ text: "Hello" }]);
  const models = [model("first", first.baseUrl), model("second", second.baseUrl)];
  const error = await assertRejects(
    () => new FallbackModel(models).complete({ messages }),
    ModelError,
  );
  assertEquals([error.code, error.model, error.attempts], ["bad_request", "first", 1]);
  const eager = new FallbackModel(models, { tryNext: () => true });
  assertEquals((await eager.complete({ messages })).answeredBy, "second");
});

Deno.test("When all fail, the error is the last one's, with the attempts of all", async () => {
  await using second = new OpenAIServer([{ status: 503 }]);
  const chain = new FallbackModel([model("gone", closedBaseUrl()), model("busy", second.baseUrl)]);
  const error = await assertRejects(() => chain.complete({ messages }), ModelError);
  const { code, model: name, status, retryable, attempts, spent } = error;
  assertEquals({ code, name, status, retryable, attempts, spent }, {
    code: "overloaded",
    name: "busy",
    status: 503,
    retryable: true,
    attempts: 4,
    spent: null,
  });
});

Deno.test("C115: what failed models of a chain were billed is in the reply", async () => {
  await using first = new OpenAIServer([{ text: "one two three", breakAfter: 2 }]);
  await using second = new OpenAIServer([{ text: "Hello" }]);
  const chain = new FallbackModel([
    model("first", first.baseUrl, { maxRetries: 0, prices: () => 2 }),
    model("second", second.baseUrl, { prices: () => 0.5 }),
  ]);
  const completion = await chain.complete({ messages, onDelta: () => {} });
  assertEquals(completion.cost, 2.5);
  assertEquals(completion.usage?.outputTokens, 5 + 2);
});

Deno.test("A chain is priced by its dearest model, and its window is its largest", async () => {
  const usage = {
    inputTokens: 1,
    cachedTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
  };
  const at = (price: number | null, contextWindow?: number) =>
    model("m", "http://localhost", {
      prices: () => price,
      ...(contextWindow === undefined ? {} : { contextWindow }),
    });
  assertEquals(await new FallbackModel([at(2), at(3)]).price(usage), 3);
  assertEquals(await new FallbackModel([at(2), at(null)]).price(usage), null);
  assertEquals(new FallbackModel([at(1, 100), at(1, 300)]).contextWindow, 300);
  assertEquals(new FallbackModel([at(1, 100), at(1)]).contextWindow, undefined);
});

Deno.test("An abort ends the chain", async () => {
  await using first = new OpenAIServer([{ delayMs: 10_000 }]);
  await using second = new OpenAIServer([{}]);
  const chain = new FallbackModel([model("first", first.baseUrl), model("second", second.baseUrl)]);
  const signal = AbortSignal.timeout(100);
  await assertRejects(() => chain.complete({ messages, signal }), DOMException);
  assertEquals(second.requests.length, 0);
});

Deno.test("A chain of no models is refused", () => {
  assertThrows(() => new FallbackModel([]), RangeError, "it has 0 models; pass at least one");
});
