/** Failure: why one request to a model failed, before it is retried or told to the caller. */
import type { ModelErrorCode } from "../errors.ts";
import type { TokenUsage } from "./language_model.ts";

/** Why one request failed. */
export interface Failure {
  readonly code: ModelErrorCode;
  /** HTTP status; null when there was none. */
  readonly status: number | null;
  /** The same request might succeed later. */
  readonly retryable: boolean;
  /** What happened, in the other side's words where it had any. */
  readonly seen: string;
  /** How long the server asks to wait; null when it does not say. */
  readonly retryAfterMs: number | null;
  /** The parameter that the server complains of. */
  readonly parameter: string | null;
  /** The context window, where the complaint states it. */
  readonly contextWindow: number | null;
  /** Tokens that were billed all the same; null when none are known to be. */
  readonly usage: TokenUsage | null;
}

/** Carries a {@linkcode Failure} up to where it is retried or becomes a `ModelError`. */
export class RequestFailure extends Error {
  override name = "RequestFailure";
  readonly failure: Failure;
  constructor(failure: Pick<Failure, "code" | "seen"> & Partial<Failure>) {
    super(failure.seen);
    this.failure = {
      status: null,
      retryable: false,
      retryAfterMs: null,
      parameter: null,
      contextWindow: null,
      usage: null,
      ...failure,
    };
  }
}
