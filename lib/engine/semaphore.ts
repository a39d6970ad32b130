/** Semaphore: lets at most so many hold a place at the same time, first come, first served. */

/** Bounds how much runs at once. */
export class Semaphore {
  /** How many may hold a place. */
  readonly places: number;
  #held = 0;
  readonly #queue: (() => void)[] = [];

  /** Makes a semaphore with so many places. */
  constructor(places: number) {
    this.places = places;
  }

  /** Runs `work` once a place is free; rejects with the signal's reason when it aborts while queued. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#enter(signal);
    try {
      // The signal may have aborted between being let in and going on.
      signal.throwIfAborted();
      return await work();
    } finally {
      this.#leave();
    }
  }

  #enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#held < this.places) {
      this.#held++;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal.removeEventListener("abort", giveUp);
        resolve();
      };
      const giveUp = () => {
        this.#queue.splice(this.#queue.indexOf(enter), 1);
        reject(signal.reason);
      };
      this.#queue.push(enter);
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }

  /** Hands the place to the next in the queue, or frees it. */
  #leave(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#held--;
    else next();
  }
}
