/** By how much caps are passed in random runs whose calls are open together and cost more or less than was estimated. */
import { BudgetError, SubmissionError } from "../../lib/errors.ts";
import type { CompletionRequest } from "../../lib/models/language_model.ts";
import { RLM } from "../../lib/rlm.ts";
import { cell, type FakeGuest, FakeSandbox, ScriptedModel } from "../../lib/testing.ts";
import type { Effort, Figure } from "./figure.ts";
import { spreadOf } from "./measure.ts";

const SEED = 11;
/** Runs that go on together. */
const TOGETHER = 10;

/** How far a run went over its caps; below 0 it stayed under. */
interface Overshoot {
  readonly calls: number;
  /** In multiples of the run's largest call. */
  readonly tokens: number;
}

/** A thousand runs, each with caps, calls and sizes of its own. */
export async function* overshoot({ full }: Effort): AsyncGenerator<Figure> {
  const runs = full ? 5_000 : 1_000;
  const random = randomFrom(SEED);
  const results: Overshoot[] = [];
  while (results.length < runs) {
    results.push(...await Promise.all(Array.from({ length: TOGETHER }, () => oneRun(random))));
  }
  const most = (part: keyof Overshoot) => Math.max(0, ...results.map((result) => result[part]));
  yield {
    what: `most calls over maxLlmCalls in ${runs} random concurrent runs`,
    unit: "calls",
    spread: spreadOf([most("calls")]),
    bar: { most: 0 },
  };
  yield {
    what: "most tokens over maxTokens in them ÷ the run's largest call",
    unit: "×",
    spread: spreadOf([most("tokens")]),
    bar: { most: 1 },
  };
  yield {
    what: "of these runs used up maxLlmCalls",
    unit: "runs",
    spread: spreadOf([results.filter(({ calls }) => calls === 0).length]),
    bar: { least: runs / 10 },
  };
}

async function oneRun(random: () => number): Promise<Overshoot> {
  const maxTokens = Math.floor(8_000 + random() * 120_000);
  const maxLlmCalls = Math.floor(1 + random() * 40);
  let largest = 1;
  const noisy = (text: string) => async (request: CompletionRequest) => {
    await new Promise((resolve) => setTimeout(resolve, random() * 2));
    const usage = noisyUsage(request, random);
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
    sandbox: () => Promise.resolve(new FakeSandbox((_code, guest) => askAtOnce(guest, random))),
  });
  const { inputTokens, outputTokens } = await usageOf(rlm.run({ query: "?" }));
  return {
    calls: subLm.requests.length - maxLlmCalls,
    tokens: (inputTokens + outputTokens - maxTokens) / largest,
  };
}

/** A cell that has many sub-calls open: a batch and single ones, of random sizes. */
async function askAtOnce({ call }: FakeGuest, random: () => number) {
  const prompt = () => `${"x".repeat(Math.ceil(random() * 12_000))}y`;
  await Promise.allSettled([
    call("llm_query_batched", { prompts: Array.from({ length: 6 }, prompt) }),
    ...Array.from({ length: 6 }, () => call("llm_query", { prompt: prompt() })),
  ]);
  return { stdout: `turn ${random()}` };
}

/** Tokens as a provider would count them: the prompt's are off by up to half, the reply's keep to the limit. */
function noisyUsage(
  { messages, maxOutputTokens = 4_000 }: CompletionRequest,
  random: () => number,
) {
  const chars = messages.reduce((sum, { content }) => sum + content.length, 0);
  return {
    inputTokens: Math.ceil(chars / 4 * (0.5 + random())),
    outputTokens: Math.ceil(random() * maxOutputTokens),
    cachedTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
  };
}

/** What a run spent, however it ended. */
async function usageOf(
  run: Promise<{ usage: { inputTokens: number; outputTokens: number } }>,
): Promise<{ inputTokens: number; outputTokens: number }> {
  try {
    return (await run).usage;
  } catch (error) {
    if (!(error instanceof BudgetError || error instanceof SubmissionError)) throw error;
    return error.usage ?? { inputTokens: 0, outputTokens: 0 };
  }
}

/** Numbers between 0 and 1 that are the same in every run of the benchmark. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}
