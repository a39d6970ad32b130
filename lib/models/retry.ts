/** When to send a request again: exponential back-off with jitter, or what the server asks for. */
import type { Failure } from "./failure.ts";

/** How often and how soon a request is sent again. */
export interface RetryPolicy {
  /** Requests after the first. */
  readonly maxRetries: number;
  /** The first wait, in milliseconds; doubled for each one after it. */
  readonly retryDelayMs: number;
  /** The longest wait that is accepted, also when a server asks for a longer one. */
  readonly maxRetryDelayMs: number;
}

/** Five requests in all, the last after about eight seconds. */
export const DEFAULT_RETRIES: RetryPolicy = {
  maxRetries: 4,
  retryDelayMs: 500,
  maxRetryDelayMs: 60_000,
};

/**
 * Milliseconds to wait before retry number `retry` (from 0); null when the request is not to be sent
 * again: the failure is final, the retries are used up, or the server asks for a wait that is too long.
 */
export function retryDelay(
  retry: number,
  failure: Failure,
  policy: RetryPolicy,
  random: () => number = Math.random,
): number | null {
  if (!failure.retryable || retry >= policy.maxRetries) return null;
  if (failure.retryAfterMs !== null) {
    return failure.retryAfterMs <= policy.maxRetryDelayMs ? failure.retryAfterMs : null;
  }
  const longest = Math.min(policy.retryDelayMs * 2 ** retry, policy.maxRetryDelayMs);
  return longest * (0.5 + random() / 2);
}
