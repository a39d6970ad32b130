/** Budget: what is refused, what waits, and that no cap is passed whatever happens at the same time. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  Budget,
  type BudgetLimits,
  type CallEstimate,
  type CapState,
} from "../lib/engine/budget.ts";
import { BudgetError } from "../lib/errors.ts";

const NO_LIMITS: BudgetLimits = {
  maxLlmCalls: null,
  maxTokens: null,
  maxCost: null,
  maxSeconds: null,
  maxErrors: null,
};
const never = new AbortController().signal;

function estimate(inputTokens: number, outputTokens = 1_000): CallEstimate {
  return { inputTokens, outputTokens, cost: () => null };
}

Deno.test("C105: charging calls is all or nothing", () => {
  const heard: CapState[] = [];
  const budget = new Budget({ ...NO_LIMITS, maxLlmCalls: 5 }, (state) => heard.push(state));
  budget.charge(3);
  const error = assertThrows(() => budget.charge(3), BudgetError);
  assertEquals([error.cap, error.used, error.allowed], ["maxLlmCalls", 3, 5]);
  assertEquals(
    error.message,
    "call a model: 3 sub-calls wanted, 2 of 5 left, nothing was sent; put more text into each prompt, or finish in Python",
  );
  budget.charge(2);
  assertThrows(() => budget.charge(1), BudgetError);
  budget.refund(1);
  budget.charge(1);
  assertEquals(heard, [{ cap: "maxLlmCalls", used: 3, allowed: 5 }], "each cap is told once");
});

Deno.test("without caps nothing is refused and no reply is limited", async () => {
  const budget = new Budget(NO_LIMITS);
  const { outputTokens } = await budget.reserve(estimate(1e9), never);
  assertEquals(outputTokens, null);
  for (const cap of ["maxLlmCalls", "maxTokens", "maxCost", "maxSeconds", "maxErrors"] as const) {
    assertEquals(budget.left(cap), null);
  }
});

Deno.test("a call whose prompt does not fit is refused before it is sent", async () => {
  const budget = new Budget({ ...NO_LIMITS, maxTokens: 1_000 });
  const error = await assertRejects(() => budget.reserve(estimate(900), never), BudgetError);
  assertEquals([error.cap, error.used, error.allowed], ["maxTokens", 0, 1_000]);
  assertStringIncludes(
    error.message,
    "about 1156 tokens wanted, 1000 of 1000 left, nothing was sent",
  );
});

Deno.test("a reply is given no more than what is left", async () => {
  const budget = new Budget({ ...NO_LIMITS, maxTokens: 1_000 });
  const reservation = await budget.reserve(estimate(500), never);
  assertEquals(reservation.outputTokens, 500);
  reservation.settle({ tokens: 600, cost: null });
  reservation.settle({ tokens: 600, cost: null });
  assertEquals(budget.tokens, 600, "only the first settling counts");
  assertEquals(budget.left("maxTokens"), 400);
});

Deno.test("a money cap limits the reply by its price, and counts the estimate where the cost is unknown", async () => {
  const budget = new Budget({ ...NO_LIMITS, maxCost: 1 });
  const dear = {
    inputTokens: 100,
    outputTokens: 1_000,
    cost: (tokens: number) => 0.2 + tokens * 0.001,
  };
  const first = await budget.reserve(dear, never);
  assertEquals(first.outputTokens, 800);
  first.settle({ tokens: 500, cost: null });
  assertEquals(budget.cost, 1);
  const error = await assertRejects(() => budget.reserve(dear, never), BudgetError);
  assertEquals(error.cap, "maxCost");
  assertStringIncludes(error.message, "$0 of $1 left");
});

Deno.test("a call that does not fit beside another waits for it", async () => {
  const budget = new Budget({ ...NO_LIMITS, maxTokens: 10_000 });
  const first = await budget.reserve(estimate(3_000, 2_000), never);
  let second = false;
  const waiting = budget.reserve(estimate(3_000, 2_000), never).then((reservation) => {
    second = true;
    return reservation;
  });
  await Promise.resolve();
  assertEquals(second, false);
  first.settle({ tokens: 3_500, cost: null });
  assertEquals((await waiting).outputTokens, 2_000);
});

Deno.test("a call that waits ends with the signal's reason", async () => {
  const budget = new Budget({ ...NO_LIMITS, maxTokens: 10_000 });
  await budget.reserve(estimate(6_000, 1_000), never);
  const controller = new AbortController();
  const waiting = budget.reserve(estimate(6_000, 1_000), controller.signal);
  controller.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
});

Deno.test("what is set aside is for the last call alone, and at most a quarter", async () => {
  const budget = new Budget({ ...NO_LIMITS, maxTokens: 10_000 });
  budget.setAside({ tokens: 9_000, cost: null });
  await assertRejects(() => budget.reserve(estimate(7_400), never), BudgetError);
  const { outputTokens } = await budget.reserve({ ...estimate(7_400), last: true }, never);
  assertEquals(outputTokens, 1_000);
});

Deno.test("errors are counted up to their cap", () => {
  const budget = new Budget({ ...NO_LIMITS, maxErrors: 2 });
  assertEquals([budget.countError(), budget.countError()], [false, true]);
  assertEquals(new Budget(NO_LIMITS).countError(), false);
});

Deno.test("C106, C151: over 300 random concurrent runs with a noisy model no cap is passed by more than a call's tokens", async () => {
  let seed = 7;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  // All at once: a round is little but waiting.
  await Promise.all(Array.from({ length: 300 }, async () => {
    const maxTokens = Math.floor(2_000 + random() * 60_000);
    const maxLlmCalls = Math.floor(1 + random() * 30);
    const budget = new Budget({ ...NO_LIMITS, maxTokens, maxLlmCalls });
    let sent = 0;
    let largest = 0;
    await Promise.all(Array.from({ length: 40 }, async () => {
      const inputTokens = Math.ceil(random() * 4_000);
      try {
        budget.charge(1);
        const reservation = await budget.reserve(estimate(inputTokens, 2_000), never);
        sent++;
        await new Promise((resolve) => setTimeout(resolve, 0));
        // The estimate of the prompt is off by up to half, the reply keeps to its limit.
        const tokens = Math.ceil(inputTokens * (0.5 + random())) +
          Math.ceil(random() * (reservation.outputTokens ?? 0));
        largest = Math.max(largest, tokens);
        reservation.settle({ tokens, cost: null });
      } catch (error) {
        assertInstanceOf(error, BudgetError);
      }
    }));
    assert(sent <= maxLlmCalls);
    assert(
      budget.tokens <= maxTokens + largest,
      `${budget.tokens} of ${maxTokens}, largest ${largest}`,
    );
  }));
});
