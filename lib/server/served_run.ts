/** ServedRun: one run of the server, from its start to what is kept of it. */
import type { RunOptions, RunRecord } from "../rlm_options.ts";
import type { EventListener, RlmEvent } from "../trace/events.ts";
import { plainJson } from "../trace/plain_json.ts";
import { UsageTally } from "../trace/usage.ts";
import { EventLog } from "./event_log.ts";
import { Problem, problemOf } from "./problem.ts";
import type { RunDocument } from "./run_document.ts";
import { WireEvents } from "./wire_event.ts";

/** Options of a {@linkcode ServedRun}. */
export interface ServedRunOptions {
  /** Whoever asked for it; null when everybody may see it. */
  readonly owner: string | null;
  /** What it is called on its page. */
  readonly title: string;
  /** Also tell of text as it arrives. */
  readonly deltas: boolean;
  readonly maxEventChars: number;
  readonly showPrompts: boolean;
  readonly onEvent?: EventListener;
  readonly onError: (error: unknown, runId: string) => void;
}

/** Why a run was ended from outside, for whoever waits for it; a new one each time, since a run writes its figures on it. */
const ABORTED = {
  deleted: () => new Problem("aborted", "finish the run: it was deleted while it went on"),
  left: () => new Problem("aborted", "finish the run: the client that waited for it left"),
  closing: () =>
    new Problem("closing", "finish the run: the server is closing", { "retry-after": "30" }),
} as const;

/** A run that goes on or has ended. */
export class ServedRun {
  /** Names the run, in addresses and in its events. */
  readonly id: string = crypto.randomUUID();
  readonly owner: string | null;
  readonly title: string;
  readonly log: EventLog;
  /** Resolves when the run has ended, well or badly, and its sandbox is gone. */
  readonly ended: Promise<void>;
  readonly #options: ServedRunOptions;
  readonly #wire: WireEvents;
  readonly #tally = new UsageTally();
  readonly #abort = new AbortController();
  readonly #startedAt = new Date();
  #turns = 0;
  #submitted: Readonly<Record<string, unknown>> | null = null;
  #end:
    | { readonly at: Date; readonly result: RunRecord | null; readonly problem: Problem | null }
    | null = null;

  /** Starts the run. */
  constructor(start: (options: RunOptions) => Promise<RunRecord>, options: ServedRunOptions) {
    this.owner = options.owner;
    this.title = options.title;
    this.log = new EventLog(options.maxEventChars);
    this.#options = options;
    this.#wire = new WireEvents(options);
    this.ended = this.#finish(start);
  }

  /** Why there is no answer; null while the run goes on and when there is one. */
  get problem(): Problem | null {
    return this.#end?.problem ?? null;
  }

  /** Ends the run; what it had found is kept. */
  abort(why: keyof typeof ABORTED): void {
    if (this.#end === null) this.#abort.abort(ABORTED[why]());
  }

  /** The run as a client sees it now. */
  document(): RunDocument {
    const end = this.#end;
    const result = end?.result ?? null;
    const problem = end?.problem ?? null;
    return {
      id: this.id,
      state: this.#state(),
      answer: this.#wire.clean(result?.outputs ?? null),
      partial: problem === null ? null : this.#wire.clean(this.#submitted),
      stopReason: result?.stopReason ?? null,
      stoppedBy: result?.stoppedBy ?? null,
      turns: this.#turns,
      usage: result?.usage ?? this.#tally.usage(),
      startedAt: this.#startedAt.toISOString(),
      endedAt: end?.at.toISOString() ?? null,
      error: problem === null ? null : { code: problem.code, message: problem.message },
    };
  }

  #state(): RunDocument["state"] {
    if (this.#end === null) return "running";
    if (this.#end.problem === null) return "done";
    return this.#abort.signal.aborted ? "aborted" : "failed";
  }

  async #finish(start: (options: RunOptions) => Promise<RunRecord>): Promise<void> {
    try {
      const result = await start({
        runId: this.id,
        signal: this.#abort.signal,
        deltas: this.#options.deltas,
        onEvent: (event) => this.#take(event),
      });
      this.#end = { at: new Date(), result, problem: null };
    } catch (error) {
      const reason: unknown = this.#abort.signal.reason;
      const problem = problemOf(reason instanceof Problem ? reason : error);
      if (problem !== reason) this.#options.onError(error, this.id);
      this.#end = { at: new Date(), result: null, problem };
    }
    this.log.end(plainJson({ type: "result", ...this.document() }));
  }

  /** Counts an event and logs what clients may see of it; a listener of the operator does no harm. */
  #take(event: RlmEvent): void {
    this.#tally.observe(event);
    if (event.runId === this.id) {
      if (event.type === "turn_start") this.#turns++;
      if (event.type === "submission") this.#submitted = event.value;
    }
    const isPiece = event.type === "model_delta" || event.type === "cell_output";
    const text = isPiece && !this.log.isHeard ? null : this.#wire.encode(event);
    if (text !== null && isPiece) this.log.tell({ id: event.seq, text });
    else if (text !== null) this.log.add({ id: event.seq, text });
    this.#options.onEvent?.(event);
  }
}
