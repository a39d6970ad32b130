/** Bounded waiting: every await ends at the caller's abort, and no server is waited for for ever. */
import { abortable } from "../abort.ts";

/** The longest delay that timers can hold. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The other side was silent for too long. */
export class SilenceError extends Error {
  override name = "SilenceError";
  readonly silentMs: number;
  constructor(silentMs: number) {
    super(`no answer within ${silentMs} ms`);
    this.silentMs = silentMs;
  }
}

/** Waits; rejects with the signal's reason as soon as it aborts. */
export async function wait(ms: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, Math.min(ms, LONGEST_TIMER_MS));
  try {
    await abortable(promise, signal);
  } finally {
    clearTimeout(timer);
  }
}

/** What work under a deadline is given. */
export interface Watched {
  /** Aborts at the caller's abort and at the deadline. */
  readonly signal: AbortSignal;
  /** Says that the other side was heard of: the clock starts again. */
  readonly heard: () => void;
}

/**
 * Runs `work` until the other side has been silent for `silenceMs`; then aborts it and rejects with
 * {@linkcode SilenceError}. The caller's abort rejects with that signal's reason.
 */
export async function withDeadline<T>(
  work: (watched: Watched) => Promise<T>,
  { silenceMs, signal }: { silenceMs: number; signal: AbortSignal | undefined },
): Promise<T> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const abort = () => controller.abort(signal?.reason);
  const expire = () => controller.abort(new SilenceError(silenceMs));
  const delay = Math.min(silenceMs, LONGEST_TIMER_MS);
  let timer = setTimeout(expire, delay);
  const heard = () => {
    clearTimeout(timer);
    if (!controller.signal.aborted) timer = setTimeout(expire, delay);
  };
  signal?.addEventListener("abort", abort, { once: true });
  try {
    return await abortable(work({ signal: controller.signal, heard }), controller.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}
