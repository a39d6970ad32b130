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

/** Why a run was ended from outside, for whoever waits for it; frozen, since a run writes its figures on what ended it. */
const ABORTED = {
  deleted: Object.freeze(
    new Problem("aborted", "finish the run: it was deleted while it went on"),
  ),
  left: Object.freeze(
    new Problem("aborted", "finish the run: the client that waited for it left"),
  ),
  closing: Object.freeze(
    new Problem("closing", "finish the run: the server is closing", { "retry-after": "30" }),
  ),
} as const;

/** A run that goes on or has ended. Of one that has ended, its document and its log are kept, and nothing else. */
export class ServedRun {
  /** Names the run, in addresses and in its events. */
  readonly id: string = crypto.randomUUID();
  readonly owner: string | null;
  readonly title: string;
  readonly log: EventLog;
  /** Resolves when the run has ended, well or badly, and its sandbox is gone. */
  readonly ended: Promise<void>;
  readonly #options: ServedRunOptions;
  readonly #abort = new AbortController();
  readonly #startedAt = new Date();
  #progress: Progress = { turns: 0, tally: new UsageTally(), submitted: null };
  #end: { readonly document: RunDocument; readonly problem: Problem | null } | null = null;

  /** Starts the run. */
  constructor(start: (options: RunOptions) => Promise<RunRecord>, options: ServedRunOptions) {
    this.owner = options.owner;
    this.title = options.title;
    this.log = new EventLog(options.maxEventChars);
    this.#options = options;
    this.ended = this.#finish(start, new WireEvents(options));
  }

  /** Why there is no answer; null while the run goes on and when there is one. */
  get problem(): Problem | null {
    return this.#end?.problem ?? null;
  }

  /** Ends the run; what it had found is kept. */
  abort(why: keyof typeof ABORTED): void {
    if (this.#end === null) this.#abort.abort(ABORTED[why]);
  }

  /** The run as a client sees it now. */
  document(): RunDocument {
    return this.#end?.document ?? this.#document({ state: "running" });
  }

  async #finish(
    start: (options: RunOptions) => Promise<RunRecord>,
    wire: WireEvents,
  ): Promise<void> {
    const { deltas } = this.#options;
    const { signal } = this.#abort;
    const onEvent = (event: RlmEvent) => this.#take(event, wire);
    try {
      const result = await start({ runId: this.id, signal, deltas, onEvent });
      const { stopReason, stoppedBy, usage } = result;
      const answer = wire.clean(result.outputs);
      const document = this.#document({ state: "done", answer, stopReason, stoppedBy, usage });
      this.#end = { document, problem: null };
    } catch (error) {
      const isAborted = signal.reason instanceof Problem;
      if (!isAborted) this.#options.onError(error, this.id);
      const { code, message: said, headers } = problemOf(isAborted ? signal.reason : error);
      const message = wire.clean(said);
      const document = this.#document({
        state: isAborted ? "aborted" : "failed",
        partial: wire.clean(this.#progress.submitted),
        error: { code, message },
      });
      this.#end = { document, problem: new Problem(code, message, headers) };
    }
    this.#progress = { ...this.#progress, submitted: null };
    this.log.end(plainJson({ type: "result", ...this.document() }));
  }

  #document(known: Partial<RunDocument> & Pick<RunDocument, "state">): RunDocument {
    const { turns, tally } = this.#progress;
    return {
      id: this.id,
      answer: null,
      partial: null,
      stopReason: null,
      stoppedBy: null,
      turns,
      usage: tally.usage(),
      startedAt: this.#startedAt.toISOString(),
      endedAt: known.state === "running" ? null : new Date().toISOString(),
      error: null,
      ...known,
    };
  }

  /** Counts an event and logs what clients may see of it; a listener of the operator does no harm. */
  #take(event: RlmEvent, wire: WireEvents): void {
    this.#progress.tally.observe(event);
    if (event.runId === this.id) {
      if (event.type === "turn_start") this.#progress.turns++;
      if (event.type === "submission") this.#progress.submitted = event.value;
    }
    const isPiece = event.type === "model_delta" || event.type === "cell_output";
    const text = isPiece && !this.log.isHeard ? null : wire.encode(event);
    if (text !== null && isPiece) this.log.tell({ id: event.seq, text });
    else if (text !== null) this.log.add({ id: event.seq, text });
    this.#options.onEvent?.(event);
  }
}

/** What the events of a run told so far. */
interface Progress {
  turns: number;
  readonly tally: UsageTally;
  submitted: Readonly<Record<string, unknown>> | null;
}
