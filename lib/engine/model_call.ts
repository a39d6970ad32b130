/** One model call: checked against window and budget before it is sent, told in events, counted after. */
import { ModelError, type TokenSpending } from "../errors.ts";
import type { JsonSchema } from "../host/sandbox.ts";
import type {
  Completion,
  CompletionRequest,
  LanguageModel,
  Message,
} from "../models/language_model.ts";
import type { CallRole } from "../trace/trajectory.ts";
import { abortable } from "../abort.ts";
import type { CallEstimate, Reservation } from "./budget.ts";
import type { Run } from "./run_tree.ts";
import { count } from "./shown_text.ts";
import { estimateMessageTokens, estimateTokens, NO_TOKENS } from "../tokens.ts";

/** What to ask, of whom, and for what purpose. */
export interface ModelCall {
  readonly model: LanguageModel;
  readonly role: CallRole;
  readonly messages: readonly Message[];
  readonly schema?: JsonSchema | null;
  /** The tool call that asks. */
  readonly parentCallId?: string | null;
  readonly signal: AbortSignal;
}

/** Tokens that a reply may have where a budget must hold room for it. */
const REPLY_TOKENS = 16_384;

/**
 * Makes the call once it fits the budget; throws `BudgetError`, `ModelError` or the signal's reason.
 *
 * Who asks for a sub-call has charged it. It is given back here when nothing is sent for it: a cap or the window refuses
 * it, a cache answers it, or it is given up while it waits for a place.
 */
export async function callModel(run: Run, call: ModelCall): Promise<Completion> {
  if (run.depth === 0 && call.role !== "sub") return await sendWithinBudget(run, call);
  const { budget, slots } = run.tree;
  // To the run at the top, all that its children ask is sub-calls.
  if (call.role !== "sub") budget.charge(1);
  let isSent = false;
  const onSend = () => {
    isSent = true;
  };
  try {
    const completion = await slots.run(() => sendWithinBudget(run, call, onSend), call.signal);
    isSent = completion.attempts > 0;
    return completion;
  } catch (error) {
    if (error instanceof ModelError && error.attempts === 0) isSent = false;
    throw error;
  } finally {
    if (!isSent) budget.refund(1);
  }
}

/** Keeps enough of the budget for a last call over these messages, so that a cap does not cost the answer. */
export async function setAsideForLastCall(
  run: Run,
  model: LanguageModel,
  messages: readonly Message[],
): Promise<void> {
  const { maxTokens, maxCost } = run.tree.budget.limits;
  if (run.depth > 0 || maxTokens === null && maxCost === null) return;
  const inputTokens = Math.ceil(estimateMessageTokens(messages) * LAST_CALL_GROWTH);
  const call = { model, role: "extract", messages, signal: run.signal } as const;
  const { cost } = await estimateOf(run, call, inputTokens);
  run.tree.budget.setAside({
    tokens: inputTokens + LAST_REPLY_TOKENS,
    cost: cost(LAST_REPLY_TOKENS),
  });
}

/** By the last call the conversation will have grown by a turn or so. */
const LAST_CALL_GROWTH = 1.5;
/** Tokens for the last reply. */
const LAST_REPLY_TOKENS = 2_000;

/** Tells of a call that an earlier identical one answers: nothing is sent, nothing is paid. */
export function reuseReply(run: Run, call: ModelCall, completion: Completion): Completion {
  const callId = announce(run, call);
  run.count((tally) => tally.add(keyOf(run, call), completion, { cached: true }));
  run.emit({ type: "model_reply", callId, completion, cached: true, durationMs: 0 });
  return completion;
}

function refuseOverWindow(
  model: LanguageModel,
  tokens: number,
  messages: readonly Message[],
): void {
  const window = model.contextWindow;
  if (window === undefined || tokens <= window) return;
  const chars = messages.reduce((sum, { content }) => sum + content.length, 0);
  throw new ModelError(
    `ask ${model.name}: the prompt has about ${count(tokens)} tokens (${
      count(chars)
    } characters), ` +
      `its window holds ${count(window)}, nothing was sent; split the text into smaller prompts`,
    { code: "context_length", model: model.name, attempts: 0 },
  );
}

async function sendWithinBudget(
  run: Run,
  call: ModelCall,
  onSend: () => void = () => {},
): Promise<Completion> {
  const inputTokens = estimateMessageTokens(call.messages);
  const estimate = await estimateOf(run, call, inputTokens);
  const reservation = await run.tree.budget.reserve(estimate, call.signal);
  try {
    call.signal.throwIfAborted();
    onSend();
    const completion = await send(run, call, reservation, estimate);
    await run.tree.emitter.flush();
    return completion;
  } finally {
    // Does nothing when the call was settled; a call that failed for free gives its room back.
    reservation.settle({ tokens: 0, cost: 0 });
  }
}

async function estimateOf(run: Run, call: ModelCall, inputTokens: number): Promise<CallEstimate> {
  const last = call.role === "extract";
  const estimate = { inputTokens, outputTokens: REPLY_TOKENS, last };
  if (run.tree.budget.limits.maxCost === null || call.model.price === undefined) {
    return { ...estimate, cost: () => null };
  }
  const price = (outputTokens: number) =>
    abortable(
      call.model.price?.({ ...NO_TOKENS, inputTokens, outputTokens }) ?? Promise.resolve(null),
      call.signal,
    );
  const [empty, full] = await Promise.all([price(0), price(REPLY_TOKENS)]);
  if (empty === null || full === null) return { ...estimate, cost: () => null };
  const perToken = (full - empty) / REPLY_TOKENS;
  return { ...estimate, cost: (outputTokens) => empty + perToken * outputTokens };
}

async function send(
  run: Run,
  call: ModelCall,
  reservation: Reservation,
  estimate: CallEstimate,
): Promise<Completion> {
  const { model, messages, signal } = call;
  const callId = announce(run, call);
  const started = performance.now();
  const durationMs = () => performance.now() - started;
  try {
    refuseOverWindow(model, estimate.inputTokens, messages);
    const request = requestOf(run, call, callId, reservation);
    const completion = await abortable(model.complete(request), signal);
    const cached = completion.attempts === 0;
    reservation.settle({
      tokens: tokensOf(completion, estimate.inputTokens),
      cost: completion.cost,
    });
    run.count((tally) => tally.add(keyOf(run, call), completion, { cached }));
    run.emit({ type: "model_reply", callId, completion, cached, durationMs: durationMs() });
    return completion;
  } catch (error) {
    const failure = failureOf(error, signal.aborted ? estimate : null);
    const { attempts, spent } = failure;
    if (spent !== null) {
      const { inputTokens, outputTokens } = spent.usage;
      reservation.settle({ tokens: inputTokens + outputTokens, cost: spent.cost });
    }
    if (error instanceof ModelError || spent !== null) {
      run.count((tally) => tally.addFailure(keyOf(run, call), attempts, spent));
    }
    run.emit({ type: "model_error", callId, ...failure, durationMs: durationMs() });
    throw error;
  }
}

/** A call as the model gets it. */
function requestOf(
  run: Run,
  { messages, schema, role, signal }: ModelCall,
  callId: string,
  { outputTokens }: Reservation,
): CompletionRequest {
  return {
    messages,
    signal,
    ...(schema ? { schema } : {}),
    ...(outputTokens === null ? {} : { maxOutputTokens: outputTokens }),
    ...(role === "sub" ? {} : { cacheKey: run.id }),
    ...(run.tree.deltas
      ? { onDelta: (text: string) => run.emit({ type: "model_delta", callId, text }) }
      : {}),
    onRetry: ({ error, waitMs, model: next }) => {
      // What to do about it is said when no attempt has helped.
      const seen = error.message.replace(/; [^;]*$/, "");
      const message = `${seen}; asking ${next} again in ${(waitMs / 1000).toFixed(1)} s`;
      run.emit({ type: "warning", message });
    },
  };
}

function announce(run: Run, call: ModelCall): string {
  const callId = run.tree.nextCallId();
  run.emit({
    type: "model_request",
    callId,
    stepId: run.stepId,
    parentCallId: call.parentCallId ?? null,
    role: call.role,
    model: call.model.name,
    messages: call.messages,
    schema: call.schema ?? null,
  });
  return callId;
}

function keyOf(run: Run, call: ModelCall) {
  return { role: call.role, model: call.model.name, depth: run.depth };
}

/** Tokens of a call for the budget; estimated where the provider did not say. */
function tokensOf({ usage, text, attempts }: Completion, inputTokens: number): number {
  if (usage !== null) return usage.inputTokens + usage.outputTokens;
  return attempts === 0 ? 0 : inputTokens + estimateTokens(text);
}

/**
 * What a failed call tells and costs. One that was given up, as its cell or its run had to end, has reached the
 * provider, which bills its prompt at least: if that were not counted, cells that time out could pass any cap.
 */
function failureOf(error: unknown, givenUp: CallEstimate | null) {
  if (error instanceof ModelError) {
    const { name: type, code, message, status, attempts, spent } = error;
    return { error: { type, code, message, status }, attempts, spent };
  }
  const [type, message] = error instanceof Error
    ? [error.name, error.message]
    : ["Error", String(error)];
  const described = { error: { type, code: "unknown", message, status: null } };
  if (givenUp === null) return { ...described, attempts: 0, spent: null };
  const usage = { ...NO_TOKENS, inputTokens: givenUp.inputTokens };
  const spent: TokenSpending = { usage, cost: givenUp.cost(0) };
  return { ...described, attempts: 1, spent };
}
