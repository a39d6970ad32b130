/** A deadline on running time: it stands still while it is paused, and says once, then again and again, that time is up. */

/** Milliseconds between two reminders that time is up. */
const REMINDER_MS = 100;

/** Counts the time that a cell really runs; waiting for a tool is not the cell's fault. */
export class Deadline {
  readonly #expire: () => void;
  #remainingMs: number;
  #startedAt = performance.now();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pauses = 0;

  /** Starts counting; `expire` is called at the deadline and every 100 ms after it. */
  constructor(timeoutMs: number, expire: () => void) {
    this.#remainingMs = timeoutMs;
    this.#expire = expire;
    this.#run();
  }

  /** Stops the clock until the same number of `resume` calls. */
  pause(): void {
    if (this.#pauses++ > 0) return;
    clearTimeout(this.#timer);
    this.#remainingMs -= performance.now() - this.#startedAt;
  }

  /** Lets the clock go on. */
  resume(): void {
    if (--this.#pauses === 0) this.#run();
  }

  /** Ends counting for good. */
  [Symbol.dispose](): void {
    this.#pauses = Infinity;
    clearTimeout(this.#timer);
  }

  #run(): void {
    this.#startedAt = performance.now();
    this.#timer = setTimeout(() => {
      this.#expire();
      this.#remainingMs = REMINDER_MS;
      this.#run();
    }, Math.max(0, this.#remainingMs));
  }
}
