/** What runs are said to have cost. */
import { assertEquals } from "@std/assert";
import type { RlmEvent } from "../lib/trace/events.ts";
import { NO_USAGE, usageOf, UsageTally } from "../lib/trace/usage.ts";
import type { Completion } from "../lib/models/language_model.ts";

const TOKENS = {
  inputTokens: 100,
  cachedTokens: 40,
  cacheWriteTokens: 5,
  outputTokens: 10,
  reasoningTokens: 4,
};

function completion(over: Partial<Completion> = {}): Completion {
  return {
    text: "ok",
    reasoning: null,
    toolCalls: [],
    finishReason: "stop",
    model: "big-2026",
    usage: TOKENS,
    cost: 0.5,
    attempts: 1,
    ...over,
  };
}

Deno.test("C115 usage is split by role, model and depth, and counts failed and retried calls", () => {
  const tally = new UsageTally();
  tally.add({ role: "root", model: "openai/big", depth: 0 }, completion());
  tally.add({ role: "root", model: "openai/big", depth: 0 }, completion({ attempts: 3 }));
  tally.add({ role: "sub", model: "openai/small", depth: 0 }, completion({ cost: 0.25 }));
  tally.add({ role: "sub", model: "openai/small", depth: 1 }, completion({ cost: 0.25 }));
  tally.addFailure({ role: "sub", model: "openai/small", depth: 1 }, 4);
  assertEquals(tally.usage(), {
    calls: 5,
    cost: 1.5,
    inputTokens: 400,
    cachedTokens: 160,
    cacheWriteTokens: 20,
    outputTokens: 40,
    reasoningTokens: 16,
    rows: [
      {
        role: "root",
        model: "openai/big",
        depth: 0,
        calls: 2,
        failedCalls: 0,
        cachedCalls: 0,
        unreportedCalls: 0,
        retries: 2,
        cost: 1,
        inputTokens: 200,
        cachedTokens: 80,
        cacheWriteTokens: 10,
        outputTokens: 20,
        reasoningTokens: 8,
      },
      {
        role: "sub",
        model: "openai/small",
        depth: 0,
        calls: 1,
        failedCalls: 0,
        cachedCalls: 0,
        unreportedCalls: 0,
        retries: 0,
        cost: 0.25,
        ...TOKENS,
      },
      {
        role: "sub",
        model: "openai/small",
        depth: 1,
        calls: 2,
        failedCalls: 1,
        cachedCalls: 0,
        unreportedCalls: 0,
        retries: 3,
        cost: 0.25,
        ...TOKENS,
      },
    ],
  });
});

Deno.test("C116 a cached answer is counted but costs nothing", () => {
  const tally = new UsageTally();
  const key = { role: "sub", model: "openai/small", depth: 0 } as const;
  tally.add(key, completion({ cost: null }), { cached: true });
  assertEquals(tally.usage(), {
    ...NO_USAGE,
    calls: 1,
    rows: [{
      ...key,
      calls: 1,
      failedCalls: 0,
      cachedCalls: 1,
      unreportedCalls: 0,
      retries: 0,
      cost: 0,
      inputTokens: 0,
      cachedTokens: 0,
      cacheWriteTokens: 0,
      outputTokens: 0,
      reasoningTokens: 0,
    }],
  });
});

Deno.test("A reply without usage is counted, so that the tokens of its row are known to be a lower bound", () => {
  const tally = new UsageTally();
  const key = { role: "root", model: "local/small", depth: 0 } as const;
  tally.add(key, completion());
  tally.add(key, completion({ usage: null, cost: null }));
  tally.add(key, completion({ usage: null, cost: null }), { cached: true });
  const { rows, inputTokens, cost } = tally.usage();
  assertEquals({ inputTokens, cost }, { inputTokens: 100, cost: null });
  assertEquals(rows.map(({ calls, unreportedCalls }) => [calls, unreportedCalls]), [[3, 1]]);
});

Deno.test("One call of unknown price makes the cost of its row and of the run null, for good", () => {
  const tally = new UsageTally();
  tally.add({ role: "root", model: "a", depth: 0 }, completion());
  tally.add({ role: "sub", model: "b", depth: 0 }, completion({ cost: null }));
  tally.add({ role: "sub", model: "b", depth: 0 }, completion({ usage: null }));
  assertEquals(tally.usage().cost, null);
  assertEquals(tally.usage().rows.map((row) => row.cost), [0.5, null]);
  assertEquals(tally.usage().inputTokens, 200);
});

Deno.test("A failed call adds what it was billed all the same, and a fallback's answer its own row", () => {
  const tally = new UsageTally();
  const key = { role: "root", model: "fallback", depth: 0 } as const;
  tally.addFailure(key, 2, { usage: TOKENS, cost: 0.5 });
  tally.add(key, completion({ answeredBy: "groq/fast" }));
  const seen = tally.usage().rows.map((row) => [row.model, row.calls, row.cost, row.inputTokens]);
  assertEquals(seen, [["fallback", 1, 0.5, 100], ["groq/fast", 1, 0.5, 100]]);
});

Deno.test("A usage once handed out does not change", () => {
  const tally = new UsageTally();
  tally.add({ role: "root", model: "a", depth: 0 }, completion());
  const before = tally.usage();
  tally.add({ role: "root", model: "a", depth: 0 }, completion());
  assertEquals(before.calls, 1);
  assertEquals(before.rows[0]?.calls, 1);
  assertEquals(NO_USAGE.calls, 0);
});

Deno.test("The events of a run alone give its usage, children under their depth", () => {
  let seq = 0;
  const head = (runId: string) => ({ seq: seq++, time: 0, runId });
  const start = (runId: string, depth: number): RlmEvent => ({
    ...head(runId),
    type: "run_start",
    parentRunId: null,
    parentCallId: null,
    depth,
    outputs: {},
    instructions: "",
    inputs: [],
    model: "m",
    subModel: "m",
    options: {},
  });
  const ask = (runId: string, callId: string): RlmEvent => ({
    ...head(runId),
    type: "model_request",
    callId,
    stepId: null,
    parentCallId: null,
    role: "root",
    model: "m",
    messages: [],
    schema: null,
  });
  const events: RlmEvent[] = [
    start("r", 0),
    start("c", 1),
    ask("r", "1"),
    ask("c", "2"),
    {
      ...head("c"),
      type: "model_error",
      callId: "2",
      error: { type: "ModelError", code: "timeout", message: "late", status: null },
      attempts: 2,
      durationMs: 1,
    },
    {
      ...head("r"),
      type: "model_reply",
      callId: "1",
      completion: completion(),
      cached: false,
      durationMs: 1,
    },
    // Asked and never answered, as after a crash: not counted.
    ask("r", "3"),
  ];
  const usage = usageOf(events);
  assertEquals(usage.calls, 2);
  assertEquals(usage.rows.map((row) => [row.depth, row.calls, row.failedCalls, row.retries]), [
    [1, 1, 1, 1],
    [0, 1, 0, 0],
  ]);
});
