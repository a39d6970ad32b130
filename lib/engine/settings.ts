/** Settings: the options of a run with their defaults filled in and their values checked. */
import type { BudgetLimits } from "./budget.ts";
import { type Profile, type ProfileName, resolveProfile } from "./profile.ts";

/** Caps and switches of a run, as a caller gives them. */
export interface LoopOptions {
  /** Turns before the answer is taken from what was found so far. @default {20} */
  readonly maxIterations?: number;
  /** Sub-calls of a run, its children's model calls included; null for no cap. @default {50} */
  readonly maxLlmCalls?: number | null;
  /** Characters of a cell's output that the model is shown, head and tail. Default: the profile's, 10,000. */
  readonly maxOutputChars?: number;
  /** Depth of model calls: 0 allows none but the root's, 1 `llm_query`, 2 also `rlm_query`, and so on. @default {1} */
  readonly maxDepth?: number;
  /** Tokens in and out, of all models together; null for no cap. @default {null} */
  readonly maxTokens?: number | null;
  /** US dollars; refused up front when a model's price is unknown. @default {null} */
  readonly maxCost?: number | null;
  /**
   * Seconds from the start of a run; a tenth of them is kept for the last call. Cells read what is left by `budget()`.
   * The last line of a prompt, which tells the other caps, leaves it out: time is never the same twice, and with it no
   * prompt of a replay would be that of its recording. @default {null}
   */
  readonly maxSeconds?: number | null;
  /** Turns that may fail: Python errors, replies without code, refused answers. @default {null} */
  readonly maxErrors?: number | null;
  /** Sub-calls that are open at once. @default {8} */
  readonly concurrency?: number;
  /**
   * Inputs of at most so many tokens together, by estimate, are asked about whole: one call, no Python, no sandbox,
   * and the stop reason `direct`. A run whose reply does not fit the outputs, after one repair, goes on as all others
   * do. So does one that has tools or grants, which only cells can use, an input that is neither text nor plain data, or
   * a session. Null never asks directly. @default {null}
   */
  readonly directTokens?: number | null;
  /** What the task is and how to go about it, for the model; added to the signature's own. */
  readonly instructions?: string;
  /** How the prompt speaks: a profile's name, or a profile of your own. @default {"default"} */
  readonly profile?: ProfileName | Profile;
  /** Ask once to look again when an answer comes before the model has seen any output. @default {true} */
  readonly verify?: boolean;
  /** Run independent sub-calls in a comprehension together. @default {true} */
  readonly rewrite?: boolean;
}

/** The same with nothing left open. */
export interface Settings {
  readonly maxIterations: number;
  readonly maxOutputChars: number;
  readonly maxDepth: number;
  readonly concurrency: number;
  readonly directTokens: number | null;
  readonly limits: BudgetLimits;
  readonly instructions: string;
  readonly profile: Profile;
  readonly verify: boolean;
  readonly rewrite: boolean;
}

/** Fills in defaults and checks values; throws `RangeError` that names the option. */
export function settingsOf(options: LoopOptions): Settings {
  const profile = resolveProfile(options.profile);
  const {
    maxIterations = 20,
    maxLlmCalls = 50,
    maxOutputChars = profile.maxOutputChars,
    maxDepth = 1,
    maxTokens = null,
    maxCost = null,
    maxSeconds = null,
    maxErrors = null,
    concurrency = 8,
    directTokens = null,
  } = options;
  wholeNumber("maxIterations", maxIterations, 1);
  wholeNumber("maxOutputChars", maxOutputChars, 0);
  wholeNumber("maxDepth", maxDepth, 0);
  wholeNumber("concurrency", concurrency, 1);
  if (directTokens !== null) wholeNumber("directTokens", directTokens, 1);
  if (maxLlmCalls !== null) wholeNumber("maxLlmCalls", maxLlmCalls, 0);
  if (maxErrors !== null) wholeNumber("maxErrors", maxErrors, 1);
  if (maxTokens !== null) wholeNumber("maxTokens", maxTokens, 1);
  if (maxCost !== null) positive("maxCost", maxCost);
  if (maxSeconds !== null) positive("maxSeconds", maxSeconds);
  return {
    maxIterations,
    maxOutputChars,
    maxDepth,
    concurrency,
    directTokens,
    limits: { maxLlmCalls, maxTokens, maxCost, maxSeconds, maxErrors },
    instructions: options.instructions ?? "",
    profile: maxDepth === 0 ? { ...profile, subCalls: false } : profile,
    verify: options.verify ?? true,
    rewrite: options.rewrite ?? true,
  };
}

function wholeNumber(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new RangeError(`set ${name}: ${value} is not a whole number of at least ${least}`);
}

function positive(name: string, value: number): void {
  if (Number.isFinite(value) && value > 0) return;
  throw new RangeError(`set ${name}: ${value} is not a number above 0`);
}
