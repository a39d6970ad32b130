/** A deadline on running time: it stands still while it is paused, and says once, then again and again, that time is up. */

/** Milliseconds between two reminders that time is up. */
const REMINDER_MS = 100;
/** Milliseconds of a pause between two looks whether anything runs all the same. */
const LOOK_MS = 50;

/** Longest time that a timer takes. */
const LONGEST_MS = 2 ** 31 - 1;

/** Counts the time that a cell really runs; waiting for a tool is not the cell's fault. */
export class Deadline {
  readonly #expire: () => void;
  readonly #rests: (() => Promise<unknown>) | null;
  #remainingMs: number;
  #startedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pauses = 0;
  /** Number of the present pause; a look that belongs to an earlier one is void. */
  #pause = 0;
  #disposed = false;

  /**
   * Starts counting; `expire` is called at the deadline and every 100 ms after it. `rests` settles once the
   * cell is really waiting: a pause in which it isn't counts, since a call can be open while Python is busy.
   */
  constructor(timeoutMs: number, expire: () => void, rests?: () => Promise<unknown>) {
    this.#remainingMs = timeoutMs;
    this.#expire = expire;
    this.#rests = rests ?? null;
    this.#run();
  }

  /** Stops the clock until the same number of `resume` calls. */
  pause(): void {
    if (this.#pauses++ > 0) return;
    const due = this.#stop();
    if (this.#rests !== null) this.#lookSoon(++this.#pause);
    // Without this, a cell that calls a tool more often than a timer fires would never end.
    if (due) this.#expire();
  }

  /** Lets the clock go on. */
  resume(): void {
    if (--this.#pauses > 0) return;
    const due = this.#stop();
    this.#run();
    if (due) this.#expire();
  }

  /** Allows more time, for what the other side's clock does not count. */
  extend(ms: number): void {
    this.#remainingMs += ms;
  }

  /** Ends counting for good. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
  }

  /** Counts until the cell is seen to wait. */
  async #look(pause: number): Promise<void> {
    this.#run();
    await this.#rests?.();
    if (pause !== this.#pause || this.#pauses === 0 || this.#disposed) return;
    const due = this.#stop();
    this.#lookSoon(pause);
    if (due) this.#expire();
  }

  #lookSoon(pause: number): void {
    if (!this.#disposed) this.#timer = setTimeout(() => this.#look(pause), LOOK_MS);
  }

  #run(): void {
    if (this.#disposed) return;
    this.#startedAt = performance.now();
    this.#timer = setTimeout(() => {
      const due = this.#stop();
      this.#run();
      if (due) this.#expire();
    }, Math.max(0, Math.min(this.#remainingMs, LONGEST_MS)));
  }

  /** Takes the time that has run off what is left; returns whether it is used up, and then sets the next reminder. */
  #stop(): boolean {
    clearTimeout(this.#timer);
    if (this.#startedAt > 0) this.#remainingMs -= performance.now() - this.#startedAt;
    this.#startedAt = 0;
    if (this.#remainingMs > 0 || this.#disposed) return false;
    this.#remainingMs = REMINDER_MS;
    return true;
  }
}
