/** Samples and what is said of them: machines are noisy, so a figure is a median with its least and its most. */

/** The middle of some samples, and how far they lie apart. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly samples: number;
}

/** Sums samples up; throws a `RangeError` when there are none. */
export function spreadOf(samples: readonly number[]): Spread {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? NaN;
  const { length } = sorted;
  if (length === 0) throw new RangeError("Cannot sum up: no samples");
  const median = length % 2 === 1
    ? at((length - 1) / 2)
    : (at(length / 2 - 1) + at(length / 2)) / 2;
  return { median, min: at(0), max: at(length - 1), samples: length };
}

/** A figure that was counted, not timed, and so has one value. */
export function exactly(value: number): Spread {
  return spreadOf([value]);
}

/** Milliseconds that `work` takes. */
export async function millisecondsOf(work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Milliseconds of each of `count` repetitions, after `warmUp` that are not counted. */
export async function timesOf(
  count: number,
  work: (index: number) => unknown,
  options: { readonly warmUp?: number } = {},
): Promise<number[]> {
  const { warmUp = 0 } = options;
  for (let index = 0; index < warmUp; index++) await work(index);
  const times: number[] = [];
  for (let index = 0; index < count; index++) {
    times.push(await millisecondsOf(() => work(warmUp + index)));
  }
  return times;
}

/** Milliseconds of two kinds of work done in turn, so that a change of the machine's speed meets both. */
export async function timesInTurn(
  count: number,
  first: () => unknown,
  second: () => unknown,
): Promise<{ readonly first: number[]; readonly second: number[] }> {
  const times = { first: [] as number[], second: [] as number[] };
  for (let index = 0; index < count; index++) {
    times.first.push(await millisecondsOf(first));
    times.second.push(await millisecondsOf(second));
  }
  return times;
}
