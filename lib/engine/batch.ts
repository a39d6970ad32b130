/** Runs many items with a bound on how many are under way, each with a result or an error of its own. */
import { Semaphore } from "./semaphore.ts";

/** Options of a batch. */
export interface BatchOptions {
  /** Runs under way at once. @default {4} */
  readonly concurrency?: number;
  /** Failed runs after which those that have not ended are given up. @default {Infinity} */
  readonly maxErrors?: number;
  /** Called after each run. */
  readonly onProgress?: (progress: BatchProgress) => void;
  /** Gives up all runs. */
  readonly signal?: AbortSignal;
  /**
   * A run that takes this many times the median of those that ended is started a second time, and whichever ends
   * first counts; both are paid. Needs three ended runs. @default {Infinity}
   */
  readonly stragglerFactor?: number;
}

/** How far a batch is. */
export interface BatchProgress {
  /** Runs that ended, well or badly. */
  readonly done: number;
  /** Runs that failed. */
  readonly failed: number;
  /** All runs of the batch. */
  readonly total: number;
}

/** What became of one item, in the place of the item. */
export type BatchItem<R> =
  | { readonly ok: true; readonly result: R }
  | { readonly ok: false; readonly error: unknown };

/** Runs all items; rejects only with the signal's reason. */
export async function runBatch<T, R>(
  items: readonly T[],
  run: (item: T, signal: AbortSignal) => Promise<R>,
  options: BatchOptions = {},
): Promise<BatchItem<R>[]> {
  const { concurrency = 4, maxErrors = Infinity } = options;
  if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
    throw new RangeError(`set concurrency: ${concurrency} is not a whole number of at least 1`);
  }
  options.signal?.throwIfAborted();
  const tooMany = new AbortController();
  const signal = AbortSignal.any([tooMany.signal, ...(options.signal ? [options.signal] : [])]);
  const places = new Semaphore(concurrency);
  const pace = new Pace(options.stragglerFactor ?? Infinity);
  const progress = { done: 0, failed: 0, total: items.length };
  const count = (failed: boolean) => {
    progress.done++;
    if (failed) progress.failed++;
    if (progress.failed >= maxErrors) {
      tooMany.abort(
        new DOMException(`The batch was given up after ${maxErrors} errors`, "AbortError"),
      );
    }
    options.onProgress?.({ ...progress });
  };
  const one = async (item: T): Promise<BatchItem<R>> => {
    const started = performance.now();
    try {
      const result = await withSecondTry((each) => run(item, each), pace, signal);
      pace.note(performance.now() - started);
      count(false);
      return { ok: true, result };
    } catch (error) {
      // Counted while the place is still held, so that a batch that is given up starts nothing more.
      count(true);
      return { ok: false, error };
    }
  };
  const queued = async (item: T): Promise<BatchItem<R>> => {
    try {
      return await places.run(() => one(item), signal);
    } catch (error) {
      count(true);
      return { ok: false, error };
    }
  };
  const results = await Promise.all(items.map(queued));
  options.signal?.throwIfAborted();
  return results;
}

/** Runs once, and a second time beside it when the first takes far longer than the others did. */
async function withSecondTry<R>(
  run: (signal: AbortSignal) => Promise<R>,
  pace: Pace,
  signal: AbortSignal,
): Promise<R> {
  if (!pace.matters) return await run(signal);
  const done = new AbortController();
  const both = AbortSignal.any([signal, done.signal]);
  const second = Promise.withResolvers<R>();
  let isAlone = true;
  using _late = pace.watch(() => {
    isAlone = false;
    run(both).then(second.resolve, second.reject);
  });
  const first = run(both);
  first.catch((error) => isAlone && second.reject(error));
  try {
    return await Promise.any([first, second.promise]);
  } catch (error) {
    throw error instanceof AggregateError ? error.errors[0] : error;
  } finally {
    done.abort(new DOMException("The other try of this item ended first", "AbortError"));
    second.promise.catch(() => {});
  }
}

/** So many runs must have ended before one is called late. */
const LEAST_ENDED = 3;
/** Timers take no more, 25 days; a longer one would go off at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** How long runs take, and which of those under way takes far longer. */
class Pace {
  readonly #factor: number;
  readonly #durations: number[] = [];
  readonly #watched = new Set<() => void>();

  /** A run is late when it takes `factor` times the median. */
  constructor(factor: number) {
    this.#factor = factor;
  }

  /** Whether a run can be late at all. */
  get matters(): boolean {
    return Number.isFinite(this.#factor);
  }

  /** Notes how long a run took, which may show that others are late. */
  note(durationMs: number): void {
    this.#durations.push(durationMs);
    for (const look of this.#watched) look();
  }

  /** Calls `onLate` once, when the run that begins now is late; until it is disposed of. */
  watch(onLate: () => void): Disposable {
    const started = performance.now();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = () => {
      clearTimeout(timer);
      this.#watched.delete(look);
    };
    const look = () => {
      clearTimeout(timer);
      if (this.#durations.length < LEAST_ENDED) return;
      const left = started + this.#factor * median(this.#durations) - performance.now();
      timer = setTimeout(() => {
        stop();
        onLate();
      }, Math.min(Math.max(0, left), LONGEST_TIMER_MS));
    };
    this.#watched.add(look);
    look();
    return { [Symbol.dispose]: stop };
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
