/** Prices and windows of models: known, overridden, unknown. */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { OpenAIModel } from "../lib/models/openai.ts";
import { knownContextWindow, knownPrice, priceTable } from "../lib/models/prices.ts";
import { OPENAI, PROVIDERS } from "../lib/models/providers.ts";
import { OpenAIServer } from "./fixtures/openai_server.ts";

const usage = {
  inputTokens: 1_000_000,
  cachedTokens: 400_000,
  cacheWriteTokens: 0,
  outputTokens: 100_000,
  reasoningTokens: 50_000,
};
const gpt5 = { name: "openai/gpt-5", model: "gpt-5", provider: "openai", usage };

Deno.test("A known model is priced by the library, cached tokens at their own rate", async () => {
  // US dollars per million: 1.25 input, 0.125 cached input, 10 output.
  assertAlmostEquals(await knownPrice(gpt5) ?? NaN, 0.6 * 1.25 + 0.4 * 0.125 + 0.1 * 10, 1e-9);
});

Deno.test("C152: an unknown model or provider has no price, not the price 0", async () => {
  assertEquals(await knownPrice({ ...gpt5, model: "no-such-model" }), null);
  assertEquals(await knownPrice({ ...gpt5, provider: null }), null);
  assertEquals(await knownPrice({ ...gpt5, provider: "no-such-provider" }), null);
});

Deno.test("Usage that makes no sense has no price", async () => {
  const nonsense = { ...usage, inputTokens: 10, cachedTokens: 500 };
  const price = await knownPrice({ ...gpt5, usage: nonsense });
  assertEquals(price === null || price >= 0, true);
});

Deno.test("The library knows the context window of a known model", async () => {
  assertEquals(await knownContextWindow(gpt5), 400_000);
  assertEquals(await knownContextWindow({ provider: "openai", model: "no-such-model" }), null);
  assertEquals(await knownContextWindow({ provider: null, model: "gpt-5" }), null);
});

Deno.test("Every provider's name in the price library is one that it has", async () => {
  const { findProvider } = await import("@pydantic/genai-prices");
  const ids = PROVIDERS.flatMap(({ priceId }) => priceId ?? []);
  assertEquals(ids.map((providerId) => findProvider({ providerId })?.id), ids);
});

Deno.test("A table prices by full name, then by model, and leaves the rest to the library", async () => {
  const prices = priceTable({
    "openai/gpt-5": { input: 2, output: 20, cachedInput: 1, cacheWrite: 3 },
    "gpt-5-mini": { input: 1, output: 1 },
    "free": { input: 0, output: 0 },
  });
  assertAlmostEquals(await prices(gpt5) ?? NaN, 0.6 * 2 + 0.4 * 1 + 0.1 * 20, 1e-9);
  const written = { ...usage, cacheWriteTokens: 100_000 };
  const cost = await prices({ ...gpt5, usage: written });
  assertAlmostEquals(cost ?? NaN, 0.5 * 2 + 0.4 * 1 + 0.1 * 3 + 0.1 * 20, 1e-9);
  assertAlmostEquals(
    await prices({ ...gpt5, name: "x/gpt-5-mini", model: "gpt-5-mini" }) ?? NaN,
    1.1,
  );
  assertEquals(await prices({ ...gpt5, name: "x/free", model: "free" }), 0);
  assertEquals(await prices({ ...gpt5, name: "toString", model: "no-such-model" }), null);
  assertEquals(
    await prices({ ...gpt5, name: "other/gpt-5" }),
    await knownPrice({ ...gpt5, name: "other/gpt-5" }),
  );
});

Deno.test("A deployment whose name says nothing is priced by the model that the reply names", async () => {
  const served = { prompt_tokens: 1_000_000, completion_tokens: 0, total_tokens: 1_000_000 };
  await using server = new OpenAIServer([{ model: "gpt-5", usage: served }]);
  const deployed = new OpenAIModel("my-deployment", { provider: OPENAI, baseUrl: server.baseUrl });
  assertEquals(await deployed.price(usage), null);
  const completion = await deployed.complete({ messages: [{ role: "user", content: "Hi" }] });
  assertAlmostEquals(completion.cost ?? NaN, 1.25, 1e-9);
  assertEquals(await deployed.price(usage), await knownPrice(gpt5));
});

Deno.test("A price function that throws makes the cost unknown and loses no reply", async () => {
  await using server = new OpenAIServer([{ text: "Hello" }]);
  const prices = () => {
    throw new Error("no prices today");
  };
  const model = new OpenAIModel("m", { baseUrl: server.baseUrl, prices });
  const { text, cost } = await model.complete({ messages: [{ role: "user", content: "Hi" }] });
  assertEquals([text, cost], ["Hello", null]);
});

Deno.test("A model's window is known once it was asked", async () => {
  await using server = new OpenAIServer([{}]);
  const model = new OpenAIModel("gpt-5", { provider: OPENAI, baseUrl: server.baseUrl });
  await model.complete({ messages: [{ role: "user", content: "Hi" }] });
  assertEquals(model.contextWindow, 400_000);
});
