/** When requests are sent again, after which wait, and how they are counted. */
import { assert, assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import { ModelError } from "../lib/errors.ts";
import type { RetryNotice } from "../lib/models/language_model.ts";
import { OpenAIModel } from "../lib/models/openai.ts";
import { RequestFailure } from "../lib/models/failure.ts";
import { retryAfter } from "../lib/models/http_failure.ts";
import { retryDelay } from "../lib/models/retry.ts";
import { OpenAIServer } from "./fixtures/openai_server.ts";

const messages = [{ role: "user", content: "Say hello" }] as const;
const policy = { maxRetries: 3, retryDelayMs: 100, maxRetryDelayMs: 1_000 };

Deno.test("C109: a 429 is sent again after the time in Retry-After, and counted", async () => {
  await using server = new OpenAIServer([
    { status: 429, headers: { "retry-after": "0.3" } },
    { status: 429, headers: { "retry-after-ms": "200", "retry-after": "50" } },
    { text: "Hello" },
  ]);
  const notices: RetryNotice[] = [];
  const model = new OpenAIModel("m", { baseUrl: server.baseUrl, retryDelayMs: 30_000 });
  const completion = await model.complete({ messages, onRetry: (n) => void notices.push(n) });
  assertEquals([completion.text, completion.attempts], ["Hello", 3]);
  assertEquals(notices.map(({ waitMs }) => waitMs), [300, 200]);
  assertEquals(notices.map(({ model }) => model), ["compatible/m", "compatible/m"]);
  assertEquals(notices.map(({ error }) => [error.code, error.attempts]), [
    ["rate_limit", 1],
    ["rate_limit", 2],
  ]);
  const [first = 0, second = 0, third = 0] = server.requests.map(({ at }) => at);
  assertGreater(second - first, 290);
  assertGreater(third - second, 190);
});

Deno.test("C109: a 400 is not sent again", async () => {
  await using server = new OpenAIServer([{ status: 400 }, { text: "Hello" }]);
  const model = new OpenAIModel("m", { baseUrl: server.baseUrl, retryDelayMs: 1 });
  const error = await assertRejects(() => model.complete({ messages }), ModelError);
  assertEquals([error.code, error.attempts, server.requests.length], ["bad_request", 1, 1]);
});

Deno.test("Retries end after maxRetries, and the error counts every request", async () => {
  await using server = new OpenAIServer([{ status: 500 }]);
  const model = new OpenAIModel("m", { baseUrl: server.baseUrl, maxRetries: 2, retryDelayMs: 1 });
  const error = await assertRejects(() => model.complete({ messages }), ModelError);
  assertEquals([error.code, error.status, error.attempts], ["server_error", 500, 3]);
  assertEquals(server.requests.length, 3);
});

Deno.test("A server that asks for a longer wait than is accepted is not waited for", async () => {
  await using server = new OpenAIServer([{ status: 429, headers: { "retry-after": "3600" } }]);
  const model = new OpenAIModel("m", { baseUrl: server.baseUrl });
  const error = await assertRejects(() => model.complete({ messages }), ModelError);
  assertEquals([error.code, error.retryable, error.attempts], ["rate_limit", true, 1]);
  assert(error.message.endsWith("; try again in 3600 s"), error.message);
});

Deno.test("C109, C115: a stream that broke is sent again, and its tokens are charged", async () => {
  await using server = new OpenAIServer([
    { text: "one two three four", breakAfter: 2 },
    { text: "one two three four" },
  ]);
  const deltas: string[] = [];
  const model = new OpenAIModel("m", {
    baseUrl: server.baseUrl,
    retryDelayMs: 1,
    prices: ({ usage }) => usage.outputTokens,
  });
  const completion = await model.complete({
    messages,
    onDelta: (text) => void deltas.push(text),
    onRetry: () => void deltas.splice(0),
  });
  assertEquals(deltas.join(""), "one two three four");
  assertEquals([completion.text, completion.attempts], ["one two three four", 2]);
  assertEquals(completion.usage?.outputTokens, 5 + 2);
  assertEquals(completion.cost, 5 + 2);
});

Deno.test("Errors that may pass are tried again, whatever their status", async () => {
  await using server = new OpenAIServer([{ status: 503 }, { status: 502 }, { text: "Hello" }]);
  const model = new OpenAIModel("m", { baseUrl: server.baseUrl, retryDelayMs: 1 });
  assertEquals((await model.complete({ messages })).attempts, 3);
});

Deno.test("Waits double, are jittered downwards to a half, and have a ceiling", () => {
  const { failure } = new RequestFailure({ code: "overloaded", seen: "busy", retryable: true });
  const waits = (random: number) =>
    [0, 1, 2].map((retry) => retryDelay(retry, failure, policy, () => random));
  assertEquals(waits(1), [100, 200, 400]);
  assertEquals(waits(0), [50, 100, 200]);
  assertEquals(retryDelay(0, failure, { ...policy, retryDelayMs: 5_000 }, () => 1), 1_000);
  assertEquals(retryDelay(3, failure, policy), null);
  assertEquals(retryDelay(0, { ...failure, retryable: false }, policy), null);
  assertEquals(retryDelay(0, { ...failure, retryAfterMs: 1_001 }, policy), null);
  assertEquals(retryDelay(0, { ...failure, retryAfterMs: 0 }, policy), 0);
});

Deno.test("Retry-After is read as seconds, as a date, and in milliseconds", () => {
  const read = (headers: Record<string, string>) =>
    retryAfter(new Headers(headers), Date.parse("2026-01-01T00:00:00Z"));
  assertEquals(read({ "retry-after": "2" }), 2_000);
  assertEquals(read({ "retry-after": "Thu, 01 Jan 2026 00:00:05 GMT" }), 5_000);
  assertEquals(read({ "retry-after": "Thu, 01 Jan 2015 00:00:05 GMT" }), 0);
  assertEquals(read({ "retry-after-ms": "15", "retry-after": "2" }), 15);
  assertEquals(read({ "retry-after": "soon" }), null);
  assertEquals(read({}), null);
});

Deno.test("Many calls that all fail at first do not wait in step", async () => {
  await using server = new OpenAIServer((_request, n) =>
    n < 20 ? { status: 503 } : { text: "Hello" }
  );
  const model = new OpenAIModel("m", { baseUrl: server.baseUrl, retryDelayMs: 100 });
  const waits: number[] = [];
  const onRetry = ({ waitMs }: RetryNotice) => void waits.push(waitMs);
  await Promise.all(Array.from({ length: 20 }, () => model.complete({ messages, onRetry })));
  assertEquals(waits.length, 20);
  assertGreater(new Set(waits).size, 10);
  for (const waitMs of waits) assertLess(waitMs, 101);
});
