/** Overshoot of caps over 1,000 random concurrent runs with a noisy model. Bar: 0 calls, at most one call's tokens. */
import { RLM } from "../../lib/rlm.ts";
import { cell, FakeSandbox, ScriptedModel } from "../../lib/testing.ts";
import type { CompletionRequest } from "../../lib/models/language_model.ts";
import { BudgetError, SubmissionError } from "../../lib/errors.ts";
import { figure } from "./figure.ts";

const RUNS = 1_000;
let seed = 11;
const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;

/** Tokens as a provider would count them: the prompt's are off by up to half, the reply's keep to the limit. */
function noisyUsage({ messages, maxOutputTokens = 4_000 }: CompletionRequest) {
  const chars = messages.reduce((sum, { content }) => sum + content.length, 0);
  const inputTokens = Math.ceil(chars / 4 * (0.5 + random()));
  const outputTokens = Math.ceil(random() * maxOutputTokens);
  return { inputTokens, outputTokens, cachedTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 };
}

let callsOver = 0;
let worstTokens = 0;
let worstShare = 0;
const ends = new Map<string, number>();
for (let round = 0; round < RUNS; round++) {
  const maxTokens = Math.floor(8_000 + random() * 120_000);
  const maxLlmCalls = Math.floor(1 + random() * 40);
  let largest = 0;
  const noisy = (text: string) => async (request: CompletionRequest) => {
    await new Promise((resolve) => setTimeout(resolve, random() * 2));
    const usage = noisyUsage(request);
    largest = Math.max(largest, usage.inputTokens + usage.outputTokens);
    return { text: request.schema === undefined ? text : '{"answer": 1}', usage };
  };
  const subLm = new ScriptedModel(noisy("yes"), { name: "sub" });
  const rlm = new RLM("query -> answer: int", {
    lm: new ScriptedModel(noisy(cell("ask")), { name: "root" }),
    subLm,
    maxTokens,
    maxLlmCalls,
    concurrency: 8,
    maxIterations: 6,
    cache: false,
    sandbox: () =>
      Promise.resolve(
        new FakeSandbox(async (_code, guest) => {
          const size = () => "x".repeat(Math.ceil(random() * 12_000)) + "y";
          await Promise.allSettled([
            guest.call("llm_query_batched", { prompts: Array.from({ length: 6 }, size) }),
            ...Array.from({ length: 6 }, () => guest.call("llm_query", { prompt: size() })),
          ]);
          return { stdout: `turn ${random()}` };
        }),
      ),
  });
  let usage = null;
  try {
    const result = await rlm.run({ query: "?" });
    usage = result.usage;
    ends.set(result.stopReason, (ends.get(result.stopReason) ?? 0) + 1);
  } catch (error) {
    if (!(error instanceof BudgetError || error instanceof SubmissionError)) throw error;
    usage = error.usage;
    ends.set(error.name, (ends.get(error.name) ?? 0) + 1);
  }
  callsOver = Math.max(callsOver, subLm.requests.length - maxLlmCalls);
  const over = (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0) - maxTokens;
  worstTokens = Math.max(worstTokens, over);
  if (largest > 0) worstShare = Math.max(worstShare, over / largest);
}
await figure(
  `${RUNS} runs, ends: ${[...ends].map(([end, count]) => `${end} ${count}`).join(", ")}`,
);
await figure(`overshoot of maxLlmCalls: ${callsOver} calls (bar: 0)`);
await figure(
  `overshoot of maxTokens: ${worstTokens} tokens, ${
    worstShare.toFixed(2)
  } of that run's largest call (bar: 1)`,
);
