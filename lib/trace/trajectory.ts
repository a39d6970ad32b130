/** The turns of a run and what they cost, as plain data. */
import type { TokenUsage } from "../models/language_model.ts";

/** One sub-call of a turn, in short; the journal has its texts. */
export interface SubCall {
  /** Names the call in the journal. */
  readonly callId: string;
  /** What the cell called. */
  readonly kind: "llm_query" | "rlm_query";
  /** The model that was asked. */
  readonly model: string;
  /** Characters of the prompt. */
  readonly promptChars: number;
  /** Characters of the reply; 0 when there was none. */
  readonly replyChars: number;
  /** The reply was taken from the cache: nothing was sent or paid. */
  readonly cached: boolean;
  /** What failed, or null. */
  readonly error: string | null;
  /** Milliseconds from the call to its answer. */
  readonly durationMs: number;
}

/** One model reply, the code in it, and what the code printed. */
export interface Turn {
  /** Counted from 1. */
  readonly turn: number;
  /** The reply without its code. */
  readonly reasoning: string;
  /** The cell that ran; empty when the reply had no code. */
  readonly code: string;
  /** Everything that was printed, whole. */
  readonly output: string;
  /** The cell's Python exception, or null. */
  readonly error:
    | { readonly type: string; readonly message: string; readonly traceback: string }
    | null;
  /** Milliseconds that the cell ran, waiting for sub-calls included. */
  readonly durationMs: number;
  /** What the cell asked of other models. */
  readonly subCalls: readonly SubCall[];
  /** What was refused or rewritten, in words. */
  readonly notes: readonly string[];
}

/**
 * What a model was asked for. `root`: wrote cells; `sub`: answered `llm_query`; `extract`: took the answer from the
 * conversation; `direct`: answered from the inputs themselves, without cells.
 */
export type CallRole = "root" | "sub" | "extract" | "direct";

/** What one model was asked and cost, in one role and at one depth. */
export interface UsageRow extends TokenUsage {
  /** What the model was asked for. */
  readonly role: CallRole;
  /** The model, as `provider/model`. */
  readonly model: string;
  /** 0 at the root, 1 in its children. */
  readonly depth: number;
  /** Calls that were answered, failed or taken from the cache. */
  readonly calls: number;
  /** Those of the calls that failed. */
  readonly failedCalls: number;
  /** Those of the calls that the cache answered. */
  readonly cachedCalls: number;
  /** Those of the calls that were answered without a word on tokens: the row's tokens are then a lower bound. */
  readonly unreportedCalls: number;
  /** Requests beyond the first of each call. */
  readonly retries: number;
  /** US dollars; null as soon as one call's price is unknown. */
  readonly cost: number | null;
}

/** What a run spent, children included. */
export interface Usage extends TokenUsage {
  /** Calls of all models, those that failed or were answered by the cache included. */
  readonly calls: number;
  /** US dollars; null as soon as one call's price is unknown. */
  readonly cost: number | null;
  /** Split by role, model and depth. */
  readonly rows: readonly UsageRow[];
}

/** Why a run ended. */
export type StopReason = "submitted" | "extracted" | "direct" | "budget" | "aborted";
