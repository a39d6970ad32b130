/** Starts a run tree: everything is checked that can be before anything is started or paid. */
import { BudgetError, type RlmError } from "../errors.ts";
import type { SandboxFactory, Tool } from "../host/sandbox.ts";
import type { LanguageModel } from "../models/language_model.ts";
import { NO_TOKENS } from "../tokens.ts";
import type { EventListener } from "../trace/events.ts";
import { Budget } from "./budget.ts";
import { checkpointedSandboxes, type CheckpointOptions } from "./checkpoints.ts";
import { Emitter, type EventSink } from "./emitter.ts";
import { checkInputs } from "./inputs.ts";
import type { Kept, Outcome } from "./job.ts";
import { checkToolNames } from "./names.ts";
import { ReplyMemo } from "./reply_memo.ts";
import { performRun } from "./run.ts";
import { type ModelSet, Run, type RunTree } from "./run_tree.ts";
import { Semaphore } from "./semaphore.ts";
import type { Settings } from "./settings.ts";
import type { Signature } from "./signature.ts";
import type { OutputCheck } from "./submission.ts";

/** What runs of one kind have in common. */
export interface RunParts {
  readonly signature: Signature;
  readonly settings: Settings;
  readonly models: ModelSet;
  readonly makeSandbox: SandboxFactory;
  readonly tools: Readonly<Record<string, Tool>>;
  readonly check: OutputCheck | null;
  /** Send identical sub-calls once. */
  readonly memo: boolean;
  /** What the sandbox grants, one line each, for the model. */
  readonly grants: readonly string[];
}

/** What one run brings. */
export interface StartOptions {
  /** Ends the run; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly listeners?: readonly EventListener[];
  /** Opens what keeps the events, such as a journal, once the inputs are known to be good; closed after the run. */
  readonly openSink?: (
    inputs: Readonly<Record<string, unknown>>,
  ) => Promise<EventSink & AsyncDisposable>;
  /** Report text of models as it arrives. @default {false} */
  readonly deltas?: boolean;
  /** Sandbox, conversation and earlier inputs of a session. */
  readonly session?: Kept & { readonly inputs: Readonly<Record<string, unknown>> };
  /** The id of a run that goes on; a new one otherwise. */
  readonly runId?: string;
  /** Where the guest's memory is saved after each cell; nothing is saved without it. */
  readonly checkpoints?: CheckpointOptions;
}

/** Timers take no more, 25 days; a longer one would go off at once. */
const LONGEST_TIMER_MS = 2_147_483_647;
/** The share of `maxSeconds` that is kept for the last call. */
const LAST_CALL_SHARE = 0.1;

/** Starts a run and sees it to its end; throws as `RLM.run` does. */
export async function startRun(
  parts: RunParts,
  given: Readonly<Record<string, unknown>>,
  options: StartOptions = {},
): Promise<Outcome & { readonly runId: string }> {
  options.signal?.throwIfAborted();
  const { settings, signature, tools, models } = parts;
  checkToolNames(Object.keys(tools), signature.inputs.map(({ name }) => name));
  const inputs = await checkInputs(signature, { ...options.session?.inputs, ...given });
  await checkPrices(models, settings);
  options.signal?.throwIfAborted();

  const runId = options.runId ?? crypto.randomUUID();
  await using sink = await options.openSink?.(inputs) ?? null;
  const emitter = new Emitter(options.listeners ?? [], sink);
  const budget = new Budget(
    settings.limits,
    (state) => emitter.emit(runId, { type: "budget", ...state }),
  );
  const failure = new AbortController();
  const ends = [failure.signal, ...(options.signal ? [options.signal] : [])];
  using soft = deadlineOf(budget, 1 - LAST_CALL_SHARE);
  using hard = deadlineOf(budget, 1);
  let calls = 0;
  const tree: RunTree = {
    models,
    budget,
    emitter,
    slots: new Semaphore(settings.concurrency),
    memo: parts.memo ? new ReplyMemo() : null,
    makeSandbox: sandboxesOf(parts, options, emitter, () => run),
    nextCallId: () => `c${++calls}`,
    fail: (error: RlmError) => failure.abort(error),
    callerSignal: options.signal ?? null,
    perform: performRun,
    deltas: options.deltas ?? false,
  };
  const run: Run = new Run(tree, {
    id: runId,
    signal: AbortSignal.any([...ends, soft.signal]),
    lastSignal: AbortSignal.any([...ends, hard.signal]),
  });
  const session = options.session ?? null;
  const outcome = await performRun(run, {
    signature,
    settings,
    inputs: session === null ? inputs : onlyNew(inputs, given, session.inputs),
    tools,
    check: parts.check,
    grants: parts.grants,
    hashInputs: sink !== null,
    kept: session,
    cautions: cautionsOf(models),
  });
  return { ...outcome, runId };
}

/** Makes the sandboxes of a run tree; that of the outermost run is saved where checkpoints are wanted. */
function sandboxesOf(
  { makeSandbox }: RunParts,
  { checkpoints }: StartOptions,
  emitter: Emitter,
  outermost: () => Run,
): SandboxFactory {
  if (checkpoints === undefined) return makeSandbox;
  return checkpointedSandboxes(makeSandbox, checkpoints, {
    stepId: () => outermost().stepId ?? "",
    emit: (event) => outermost().emit(event),
    flush: () => emitter.flush(),
  });
}

/** A cap on money is only as good as the prices that are known. */
async function checkPrices(models: ModelSet, settings: Settings): Promise<void> {
  const allowed = settings.limits.maxCost;
  if (allowed === null) return;
  const tokens = { ...NO_TOKENS, inputTokens: 1, outputTokens: 1 };
  for (const model of allOf(models)) {
    if ((await model.price?.(tokens) ?? null) !== null) continue;
    throw new BudgetError(
      `hold maxCost: the price of ${model.name} is not known; give the model its price, or cap maxTokens instead`,
      { cap: "maxCost", used: 0, allowed },
    );
  }
}

function cautionsOf(models: ModelSet): string[] {
  const cautions = [...allOf(models)].map(({ caution }) => caution ?? "");
  return [...new Set(cautions.filter((text) => text !== ""))];
}

function allOf({ root, sub, aliases }: ModelSet): Set<LanguageModel> {
  return new Set([root, sub, ...Object.values(aliases)]);
}

/** In a session, what an earlier run bound stays bound. */
function onlyNew(
  inputs: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
  earlier: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(inputs).filter(([name]) =>
      Object.hasOwn(given, name) || !Object.hasOwn(earlier, name)
    ),
  );
}

/** A signal that aborts with a `BudgetError` at a share of `maxSeconds`. */
function deadlineOf(budget: Budget, share: number): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const seconds = budget.limits.maxSeconds;
  const timer = seconds === null ? null : setTimeout(
    () => controller.abort(budget.refusal("maxSeconds")),
    Math.min(seconds * share * 1000, LONGEST_TIMER_MS),
  );
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      if (timer !== null) clearTimeout(timer);
    },
  };
}
