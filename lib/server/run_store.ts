/** RunStore: the runs of a server, those that go on and those that are kept for a while, within limits. */
import type { Limits } from "./handler_options.ts";
import { Problem } from "./problem.ts";
import type { ServedRun } from "./served_run.ts";

/** Room for one run. */
export interface Place extends Disposable {
  /** Gives the place to a run, which keeps it until its end. */
  fill(run: ServedRun): void;
}

/** Keeps the runs of one handler. */
export class RunStore {
  readonly #limits: Limits;
  readonly #running = new Set<ServedRun>();
  /** Runs that have ended, the oldest first, with the timer that forgets each. */
  readonly #kept = new Map<ServedRun, ReturnType<typeof setTimeout>>();
  readonly #byId = new Map<string, ServedRun>();
  #places = 0;
  #streams = 0;
  #closed = false;

  /** Keeps to the limits. */
  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Runs that go on or are about to. */
  get places(): number {
    return this.#places;
  }

  /** Throws a problem when there is no place for a run. */
  checkPlaces(): void {
    this.checkOpen();
    const { maxRuns } = this.#limits;
    if (this.#places >= maxRuns) {
      throw new Problem(
        "too_many_runs",
        `start a run: ${this.#places} go on, of at most ${maxRuns}; try again later`,
        { "retry-after": "5" },
      );
    }
  }

  /** Takes a place for a run; throws a problem when there is none. */
  reserve(): Place {
    this.checkPlaces();
    this.#places++;
    let isFilled = false;
    return {
      fill: (run) => {
        isFilled = true;
        this.#add(run);
      },
      [Symbol.dispose]: () => {
        if (!isFilled) this.#places--;
      },
    };
  }

  /** Takes a place for a stream of events, until the returned function is called. */
  openStream(): () => void {
    const { maxStreams } = this.#limits;
    if (this.#streams >= maxStreams) {
      throw new Problem(
        "too_many_streams",
        `open a stream of events: ${this.#streams} are open, of at most ${maxStreams}; try again later`,
        { "retry-after": "5" },
      );
    }
    this.#streams++;
    return () => this.#streams--;
  }

  /** The run of an id, if whoever asks may see it; throws a problem otherwise. */
  find(id: string, owner: string | null): ServedRun {
    const run = this.#byId.get(id);
    if (run !== undefined && run.owner === owner) return run;
    throw new Problem(
      "not_found",
      `find run '${
        id.slice(0, 100)
      }': there is none; it may have been given up some time after its end`,
    );
  }

  /** Gives up a run that has ended. */
  forget(run: ServedRun): void {
    clearTimeout(this.#kept.get(run));
    this.#kept.delete(run);
    this.#byId.delete(run.id);
  }

  /** Throws a problem once the store was closed. */
  checkOpen(): void {
    if (!this.#closed) return;
    throw new Problem("closing", "serve: the server is closing", { "retry-after": "30" });
  }

  /** Ends all runs and resolves when their sandboxes are gone. Safe to call twice. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const run of this.#running) run.abort("closing");
    await Promise.all([...this.#running].map((run) => run.ended));
    for (const run of this.#kept.keys()) this.forget(run);
  }

  #add(run: ServedRun): void {
    this.#running.add(run);
    this.#byId.set(run.id, run);
    void run.ended.then(() => this.#retire(run));
  }

  /** Keeps a run that has ended, and gives up the oldest where there are too many. */
  #retire(run: ServedRun): void {
    this.#running.delete(run);
    this.#places--;
    if (this.#closed) return this.forget(run);
    const timer = setTimeout(() => this.forget(run), this.#limits.keptSeconds * 1000);
    // A kept run is no reason for the program to go on.
    Deno.unrefTimer(timer);
    this.#kept.set(run, timer);
    let chars = this.#kept.keys().reduce((sum, { log }) => sum + log.chars, 0);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#limits.keptRuns && chars <= this.#limits.keptChars) break;
      chars -= oldest.log.chars;
      this.forget(oldest);
    }
  }
}
