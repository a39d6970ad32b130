/** The turns of a run and what they cost, as plain data. */
import type { TokenUsage } from "../models/language_model.ts";

/** One sub-call of a turn, in short; the journal has its texts. */
export interface SubCall {
  readonly callId: string;
  readonly kind: "llm_query" | "rlm_query";
  readonly model: string;
  readonly promptChars: number;
  readonly replyChars: number;
  readonly cached: boolean;
  readonly error: string | null;
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
  readonly error:
    | { readonly type: string; readonly message: string; readonly traceback: string }
    | null;
  readonly durationMs: number;
  readonly subCalls: readonly SubCall[];
  /** What was refused or rewritten, in words. */
  readonly notes: readonly string[];
}

/** What one model was asked and cost, in one role and at one depth. */
export interface UsageRow extends TokenUsage {
  readonly role: "root" | "sub" | "extract";
  readonly model: string;
  readonly depth: number;
  /** Calls that were answered, failed or taken from the cache. */
  readonly calls: number;
  readonly failedCalls: number;
  readonly cachedCalls: number;
  /** Requests beyond the first of each call. */
  readonly retries: number;
  /** US dollars; null as soon as one call's price is unknown. */
  readonly cost: number | null;
}

/** What a run spent, children included. */
export interface Usage extends TokenUsage {
  readonly calls: number;
  /** US dollars; null as soon as one call's price is unknown. */
  readonly cost: number | null;
  /** Split by role, model and depth. */
  readonly rows: readonly UsageRow[];
}

/** Why a run ended. */
export type StopReason = "submitted" | "extracted" | "budget" | "aborted";
