/** Caps of a run: they end it in time, and the answer so far is kept. */
import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { BudgetError } from "../lib/errors.ts";
import { ScriptedModel } from "../lib/testing.ts";
import { cellReply, eventsOf, fakeRun } from "./fixtures/fake_run.ts";

const SUBMIT = cellReply("SUBMIT(answer=1)");

Deno.test("C151: maxTokens ends the turns before a call that would pass it, and leaves room for the last one", async () => {
  const { result, lm, events } = await fakeRun({
    replies: (index, { schema }) =>
      schema === undefined ? cellReply(`print(${index})`) : '{"answer": 5}',
    cell: () => ({ stdout: "x".repeat(8_000) }),
    options: { maxTokens: 30_000 },
  });
  assertEquals(result?.stopReason, "budget");
  assertEquals(result?.stoppedBy, "maxTokens");
  assertEquals(result?.answer, 5);
  const { inputTokens = 0, outputTokens = 0 } = result?.usage ?? {};
  assert(inputTokens + outputTokens <= 30_000, `${inputTokens + outputTokens} tokens`);
  assert(lm.requests.length > 2);
  assertEquals(eventsOf(events, "budget").map(({ cap }) => cap), ["maxTokens"]);
});

Deno.test("C151: maxSeconds ends the cell that is running, and the last call gives what is known", async () => {
  const { result } = await fakeRun({
    replies: [cellReply("wait"), '{"answer": 5}'],
    cell: async (_code, { signal }) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
    options: { maxSeconds: 0.3 },
  });
  assertEquals(result?.stopReason, "budget");
  assertEquals(result?.stoppedBy, "maxSeconds");
  assertEquals(result?.answer, 5);
  assertEquals(result?.trajectory.map(({ code }) => code), ["wait"]);
});

Deno.test("C151: a call that is given up at a cap is counted with what its prompt costs", async () => {
  const subLm = new ScriptedModel(() => new Promise(() => {}), { name: "sub" });
  const { result } = await fakeRun({
    replies: [cellReply("ask"), '{"answer": 5}'],
    cell: async (_code, guest) => {
      await guest.call("llm_query", { prompt: "word ".repeat(10_000) });
    },
    options: { subLm, maxSeconds: 0.3 },
  });
  assertEquals(result?.stoppedBy, "maxSeconds");
  const sub = result?.usage.rows.find(({ role }) => role === "sub");
  assertEquals([sub?.calls, sub?.failedCalls, sub?.outputTokens], [1, 1, 0]);
  assert((sub?.inputTokens ?? 0) >= 10_000, `${sub?.inputTokens} tokens`);
  assertEquals(result?.usage.cost, null);
});

Deno.test("C151: maxErrors ends the turns", async () => {
  const error = { type: "NameError", message: "x", traceback: "NameError: x" };
  const { result } = await fakeRun({
    replies: [cellReply("a"), cellReply("b"), '{"answer": 5}'],
    cell: () => ({ error }),
    options: { maxErrors: 2 },
  });
  assertEquals(result?.stopReason, "budget");
  assertEquals(result?.stoppedBy, "maxErrors");
});

Deno.test("C151: a cap that leaves no room for the first call is a BudgetError, and nothing is sent", async () => {
  const { error, lm } = await fakeRun({ options: { maxTokens: 100 } });
  assertInstanceOf(error, BudgetError);
  assertEquals(error.cap, "maxTokens");
  assertEquals([error.used, error.allowed], [0, 100]);
  assertEquals(lm.requests.length, 0);
  assertEquals(error.usage?.calls, 0);
});

Deno.test("C152: maxCost with a model of unknown price is refused before anything is started", async () => {
  const lm = new ScriptedModel([SUBMIT], { name: "mystery", pricePerToken: null });
  const { error, sandboxes } = await fakeRun({ options: { lm, maxCost: 1 } });
  assertInstanceOf(error, BudgetError);
  assertEquals(error.cap, "maxCost");
  assertStringIncludes(error.message, "the price of mystery is not known");
  assertEquals([lm.requests.length, sandboxes.length], [0, 0]);
});
