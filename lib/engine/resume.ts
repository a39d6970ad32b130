/**
 * Resume: a run is told again from its journal, and goes on where it stopped.
 *
 * The run itself is the same as any other. Its models answer from the recording first and only then live, its
 * tools give their recorded results first, and its sandbox runs the recorded cells again, or those after the last
 * checkpoint, to bring the variables back.
 */
import { JournalError } from "../errors.ts";
import type { Tool } from "../host/sandbox.ts";
import type { LanguageModel } from "../models/language_model.ts";
import { readCheckpoint, type SavedCheckpoint } from "../trace/checkpoint_store.ts";
import { contentHash } from "../trace/content_hash.ts";
import type { RlmEvent } from "../trace/events.ts";
import { Journal } from "../trace/journal.ts";
import { textFolder } from "../trace/journal_format.ts";
import { type JournalContent, readJournal } from "../trace/journal_reader.ts";
import { type RecordedCell, recordedCells } from "../trace/recorded_cell.ts";
import { RecordedTools } from "../trace/recorded_tool.ts";
import { recordedWindow } from "../trace/recorded_window.ts";
import { Recording } from "../trace/recording.ts";
import type { CheckpointOptions } from "./checkpoints.ts";
import type { EventSink } from "./emitter.ts";
import { resumedModel } from "./resumed_model.ts";
import { resumedTools } from "./resumed_tools.ts";
import type { ModelSet } from "./run_tree.ts";

/** Options of {@linkcode Resumption.open}. */
export interface ResumeOptions {
  /** As in `JournalOptions`. */
  readonly durable?: boolean;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
}

/** The parts of a run that a recording stands before. */
export interface ResumableParts {
  readonly models: ModelSet;
  readonly tools: Readonly<Record<string, Tool>>;
}

/**
 * What the parts of a resumed run share: the recording, and whether the run still follows it.
 *
 * While the recording has replies of the root model left, everything that the run asks must be in it: what is not
 * would be paid for on the way to a different run. After that the run is live, and the journal goes on with the
 * whole run up to there, in one piece.
 */
export class Resumption implements EventSink, AsyncDisposable {
  /** The recorded model calls. */
  readonly calls: Recording;
  /** The recorded tool results. */
  readonly tools: RecordedTools;
  /** The finished cells of the outermost run. */
  readonly cells: readonly RecordedCell[];
  readonly #content: JournalContent;
  readonly #window: number | undefined;
  readonly #journal: Journal;
  #given: Readonly<Record<string, unknown>> = {};
  #divergence: JournalError | null = null;

  private constructor(content: JournalContent, journal: Journal) {
    this.calls = new Recording(content.attempts);
    this.tools = new RecordedTools(content.attempts);
    this.cells = recordedCells(content.events);
    this.#window = recordedWindow(content.events);
    this.#content = content;
    this.#journal = journal;
  }

  /**
   * Reads a journal and opens it to go on with.
   *
   * @throws {JournalError} when it cannot be read or written, or is in use
   */
  static async open(path: string, options: ResumeOptions = {}): Promise<Resumption> {
    const size = await sizeOf(path);
    const content = await readJournal(path, options);
    const journal = await Journal.open(path, { ...options, resume: true });
    // Until the lock was ours, another program may have gone on with the run.
    if (await sizeOf(path) === size) return new Resumption(content, journal);
    try {
      return new Resumption(await readJournal(path, options), journal);
    } catch (error) {
      await journal[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The id of the run, or null when it was stopped before it began. */
  get runId(): string | null {
    return this.#start?.runId ?? null;
  }

  /**
   * The run has not yet come to where the recording stops. The last call of a run that had used up a cap is no
   * part of what is told again: with the cap raised, the run goes on instead.
   */
  get isRetelling(): boolean {
    const next = this.calls.nextRoot;
    return next?.outcome.kind === "reply" && next.request.role !== "extract";
  }

  /**
   * Tokens that a model takes, as far as is known. Some models know theirs only after a first call, and it
   * may be another now: what is told again is compacted by the recorded one, and refused where it was.
   */
  windowOf({ contextWindow }: LanguageModel, role: "root" | "sub"): number | undefined {
    const recorded = role === "root" ? this.#window : undefined;
    return this.isRetelling ? recorded : contextWindow ?? recorded;
  }

  /**
   * Sees to it that a session's run is told again where it belongs: after as many questions as came before it.
   *
   * @throws {JournalError} when it is not the session's next run, or there is no session
   */
  checkPlace(session: { readonly questions: number } | null): void {
    const place = this.#start?.sessionRun ?? 1;
    const next = (session?.questions ?? 0) + 1;
    if (this.#start === undefined || place === next) return;
    throw this.#error(
      session === null
        ? `it is run ${place} of a session, open one and resume the journals of all its runs in order`
        : `it is run ${place} of its session and this session is at run ${next}, resume them in order`,
    );
  }

  /**
   * The inputs to run with: those given, and the others as the journal keeps them.
   *
   * @throws {JournalError} when one was too large to be kept and is not given
   */
  async inputs(given: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
    const { inputs, inputsLeftOut } = this.#content;
    const missing = inputsLeftOut.find((name) => !Object.hasOwn(given, name));
    if (missing !== undefined) {
      throw this.#error(
        `input '${missing}' was too large to be kept in the journal, give it again`,
      );
    }
    this.#given = { ...await inputs?.(), ...given };
    return this.#given;
  }

  /**
   * Begins to take events, once the inputs are known to be those of the recorded run.
   *
   * @throws {JournalError} when one of them is not
   */
  begin(inputs: Readonly<Record<string, unknown>>): this {
    for (const { name, sha256 } of this.#start?.inputs ?? []) {
      if (sha256 === null || contentHash(inputs[name]) === sha256) continue;
      throw this.#error(
        `input '${name}' is not what it was in the recorded run, give the same or run anew`,
      );
    }
    // A run that was stopped before its first line is a new one.
    if (this.#content.inputs === null) void this.#journal.writeInputs(this.#given);
    return this;
  }

  /** What a run is made of, so that it is told again before it goes on; its sandbox aside. */
  parts<P extends ResumableParts>(parts: P): P {
    const { root, sub, aliases } = parts.models;
    const resumed = Object.entries(aliases).map((
      [alias, model],
    ) => [alias, resumedModel(model, this, "sub")]);
    return {
      ...parts,
      models: {
        root: resumedModel(root, this, "root"),
        sub: resumedModel(sub, this, "sub"),
        aliases: Object.fromEntries(resumed),
      },
      tools: resumedTools(parts.tools, this),
    };
  }

  /** Where checkpoints are, and how many cells need none because they are recorded. */
  get checkpoints(): CheckpointOptions {
    return { folder: textFolder(this.#journal.path), after: this.cells.length };
  }

  /** Reads the newest checkpoint that the recording reaches, or null when there is none. */
  checkpoint(options: { readonly signal?: AbortSignal } = {}): Promise<SavedCheckpoint | null> {
    const { folder, after = 0 } = this.checkpoints;
    return readCheckpoint(folder, after, options);
  }

  /** Throws if the run has left the recording. */
  check(): void {
    if (this.#divergence !== null) throw this.#divergence;
  }

  /** Ends the resumed run, which has left the recording as `how` tells. */
  diverge(how: string): never {
    throw this.#divergence ??= this.#error(
      `${how}; nothing was paid and the journal is as it was, run anew or resume as it was then`,
    );
  }

  /** Lets the journal go on, before something new is done. */
  async goLive(): Promise<void> {
    this.check();
    await this.#journal.release();
  }

  /** Takes an event. It is held back until the run is live, or ends beyond what was recorded. */
  write(event: RlmEvent): void {
    void this.#journal.write(event);
    const isEnd = event.type === "run_end" && event.runId === this.runId;
    if (isEnd && !this.#hasEnded && !this.isRetelling && this.#divergence === null) {
      void this.#journal.release();
    }
  }

  /** Settles when what was written is safe. */
  flush(): Promise<void> {
    return this.#journal.flush();
  }

  /** Closes the journal. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#journal[Symbol.asyncDispose]();
  }

  get #start() {
    return this.#content.events.find((event) => event.type === "run_start");
  }

  get #hasEnded(): boolean {
    return this.#content.events.some(({ type, runId }) =>
      type === "run_end" && runId === this.runId
    );
  }

  #error(problem: string): JournalError {
    const { path } = this.#journal;
    return new JournalError(`Cannot resume ${path}: ${problem}`, path);
  }
}

/** Bytes of a file; null where it cannot be told, which whoever reads it will say. */
async function sizeOf(path: string): Promise<number | null> {
  return await Deno.stat(path).then(({ size }) => size, () => null);
}
