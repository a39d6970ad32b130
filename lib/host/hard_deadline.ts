/** The deadline by which a cell has ended, or its process is. */
import { Deadline } from "../../sandbox/deadline.ts";
import { FileLimits } from "../../sandbox/protocol.ts";

/** Milliseconds of a tool call that pass on the wire: they are on this clock and not on the guest's. */
const WIRE_MS = 5;

/** Times of one execution. */
export interface HardDeadlineOptions {
  /** Soft deadline, which the guest keeps. */
  readonly softMs: number;
  /** Time that Python then has for ending by itself. */
  readonly graceMs: number;
}

/**
 * Kills at the soft deadline and a grace, by two clocks. The gateway's says when the soft deadline passed, and
 * sees Python run beside an open tool call; the own one holds where the gateway has stopped as well.
 */
export class HardDeadline {
  readonly #graceMs: number;
  readonly #kill: () => void;
  readonly #own: Deadline;
  #grace: ReturnType<typeof setTimeout> | undefined;

  /** Starts both clocks. */
  constructor({ softMs, graceMs }: HardDeadlineOptions, kill: () => void) {
    this.#graceMs = graceMs;
    this.#kill = kill;
    this.#own = new Deadline(softMs + graceMs, kill);
  }

  /** The gateway says that the soft deadline has passed. */
  expired(): void {
    this.#grace ??= setTimeout(this.#kill, this.#graceMs);
  }

  /** The gateway says that Python has ended, and that it writes files to the disk, which has a time of its own. */
  saving(): void {
    this.#own.pause();
    clearTimeout(this.#grace);
    this.#grace = setTimeout(this.#kill, FileLimits.saveMs + this.#graceMs);
  }

  /** Stops the own clock while a tool runs. */
  async whilePaused<T>(work: () => Promise<T>): Promise<T> {
    this.#own.pause();
    try {
      return await work();
    } finally {
      this.#own.extend(WIRE_MS);
      this.#own.resume();
    }
  }

  /** Stops both clocks for good. */
  [Symbol.dispose](): void {
    this.#own[Symbol.dispose]();
    clearTimeout(this.#grace);
  }
}
