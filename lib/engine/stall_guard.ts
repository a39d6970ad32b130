/** StallGuard: notices that a run goes in circles. */

/** What to do about a turn that brought nothing new. */
export type StallAdvice = "fine" | "nudge" | "stop";

/** The same cell so many times in a row brings a nudge, and then the end. */
const SAME_CELLS = { nudge: 3, stop: 5 };
/** So many replies without code in a row bring a nudge, and then the end. */
const NO_CODE = { nudge: 2, stop: 3 };

/** Watches the cells of a run. */
export class StallGuard {
  #last: string | null = null;
  #times = 0;

  /** Takes the next turn's cell, empty when there was none. */
  watch(code: string): StallAdvice {
    const cell = code.trim();
    this.#times = cell === this.#last ? this.#times + 1 : 1;
    this.#last = cell;
    const limits = cell === "" ? NO_CODE : SAME_CELLS;
    if (this.#times >= limits.stop) return "stop";
    return this.#times >= limits.nudge ? "nudge" : "fine";
  }
}
