/** A deadline on running time: it stands still while it is paused, and says once, then again and again, that time is up. */

/** Milliseconds between two reminders that time is up. */
const REMINDER_MS = 100;
/** Milliseconds of a pause between two looks whether anything runs all the same. */
const LOOK_MS = 50;

/** Longest time that a timer takes. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Counts the time that a cell really runs; waiting for a tool is not the cell's fault. Its timer is left alone where
 * a pause begins or ends, as tool calls come by the thousand: it fires too soon then, and is set anew.
 */
export class Deadline {
  readonly #expire: () => void;
  readonly #rests: (() => Promise<unknown>) | null;
  #remainingMs: number;
  /** Since when time is counted, or null while it stands still. */
  #countsSince: number | null = null;
  #pausedAt = 0;
  #pauses = 0;
  /** Number of the present pause; a look that belongs to an earlier one is void. */
  #pause = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #disposed = false;

  /**
   * Starts counting; `expire` is called at the deadline and every 100 ms after it. `rests` settles once the
   * cell is really waiting: a pause in which it isn't counts, since a call can be open while Python is busy.
   */
  constructor(timeoutMs: number, expire: () => void, rests?: () => Promise<unknown>) {
    this.#remainingMs = timeoutMs;
    this.#expire = expire;
    this.#rests = rests ?? null;
    this.#countsSince = performance.now();
    this.#setTimer();
  }

  /** Stops the clock until the same number of `resume` calls. */
  pause(): void {
    if (this.#pauses++ > 0) return;
    const due = this.#stop();
    this.#pausedAt = performance.now();
    // One that was set for the deadline may come too late for a look.
    if (this.#pause++ === 0 && this.#rests !== null) this.#setTimer();
    // Without this, a cell that calls a tool more often than a timer fires would never end.
    if (due) this.#expire();
  }

  /** Lets the clock go on. */
  resume(): void {
    if (--this.#pauses > 0) return;
    const due = this.#stop();
    this.#countsSince = performance.now();
    if (this.#timer === undefined) this.#setTimer();
    if (due) this.#expire();
  }

  /** Lets the time be up when the next reminder would come, for a cell that was just stopped by other means. */
  bringForward(): void {
    const counts = this.#countsSince !== null;
    this.#stop();
    this.#remainingMs = Math.min(this.#remainingMs, REMINDER_MS);
    if (!counts) return;
    this.#countsSince = performance.now();
    this.#setTimer();
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

  /** Sets the timer for what is due next: the deadline, or a look. */
  #setTimer(): void {
    clearTimeout(this.#timer);
    if (this.#disposed) return;
    const looks = this.#rests !== null && this.#pause > 0;
    const ms = this.#countsSince !== null
      ? Math.min(this.#remainingMs, looks ? LOOK_MS : LONGEST_MS)
      : LOOK_MS - (performance.now() - this.#pausedAt);
    this.#timer = setTimeout(() => this.#onTimer(), Math.max(0, ms));
  }

  #onTimer(): void {
    this.#timer = undefined;
    if (this.#countsSince !== null) {
      const due = this.#stop();
      this.#countsSince = performance.now();
      this.#setTimer();
      if (due) this.#expire();
    } else if (this.#rests !== null) {
      if (performance.now() - this.#pausedAt < LOOK_MS) this.#setTimer();
      else this.#look(this.#rests, this.#pause);
    }
  }

  /** Counts until the cell is seen to wait. */
  async #look(rests: () => Promise<unknown>, pause: number): Promise<void> {
    this.#countsSince = performance.now();
    this.#setTimer();
    await rests();
    if (pause !== this.#pause || this.#pauses === 0 || this.#disposed) return;
    const due = this.#stop();
    this.#pausedAt = performance.now();
    this.#setTimer();
    if (due) this.#expire();
  }

  /** Takes the time that has run off what is left; returns whether it is used up, and then allows for a reminder. */
  #stop(): boolean {
    if (this.#countsSince !== null) this.#remainingMs -= performance.now() - this.#countsSince;
    this.#countsSince = null;
    if (this.#remainingMs > 0 || this.#disposed) return false;
    this.#remainingMs = REMINDER_MS;
    return true;
  }
}
