/**
 * A sandbox as its user holds it: one guest at a time, replaced when it is lost. What was in a lost guest
 * comes back from the last checkpoint, or else from the inputs, and the cell's result says which.
 */
import type { JsonValue } from "../../sandbox/protocol.ts";
import { SandboxError, SandboxLostError } from "../errors.ts";
import { type CellRecord, finishedCell, lostCell, memoryOf, namesOf, Printed } from "./cell.ts";
import { type Checkpoint, encodeCheckpoint } from "./checkpoint.ts";
import type { Guest } from "./guest.ts";
import { isLoss, refusal, restoredNote } from "./loss.ts";
import { Observers } from "./observers.ts";
import { runsCells } from "./own_cell.ts";
import type { Cell, ExecuteOptions, Restored, Sandbox } from "./sandbox.ts";
import { restoredFrom, saveGuest } from "./saved_guest.ts";
import { checkRange, MAX_TIMER_MS, type Settings } from "./settings.ts";
import { type StartedGuest, startGuest } from "./start_guest.ts";
import { ToolCalls } from "./tool_calls.ts";

/** Milliseconds of rest after a cell before its checkpoint is taken: a model that answers at once is not kept waiting. */
const REST_MS = 150;
/** How often the time that the last checkpoint took must pass before the next: on a busy machine cells come first. */
const REST_PER_SAVE = 4;
/** What part of the start's time the first checkpoint is taken to need, as on a busy machine both take long; and the most. */
const SAVE_PER_START = 0.15;
const FIRST_SAVE_MS = 250;
/** A guest larger than this is restored from its inputs: saving it would take longer than most models think. */
const CHECKPOINT_BYTES = 256 * 1024 * 1024;
/** What is told of a worker whose Python does not stop. */
const ABANDONED = "Cannot use sandbox: Python does not stop, and its thread runs on in this " +
  'process; end the program, and use the backend "subprocess" for code that may hang';
/** Why tools that still run are aborted; made once, as an error costs more than all the rest of a cell's end. */
const ENDED = new DOMException("The cell has ended", "AbortError");
/** Name of `SUBMIT`'s field when the caller declares none. */
const DEFAULT_SUBMIT = [{ name: "answer", required: true }];

/** Sandbox over one child at a time. */
export class SandboxSession implements Sandbox {
  readonly #settings: Settings;
  #guest: Guest;
  readonly #inputs = new Map<string, unknown>();
  #checkpoint: Checkpoint | null = null;
  #names: readonly string[] = [];
  #cells = 0;
  #rest: ReturnType<typeof setTimeout> | undefined;
  /** Milliseconds that the last checkpoint took, or that the first one is taken to need. */
  #saveMs: number;
  /** The last of the operations that were asked for; each waits for the one before. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Aborts when the sandbox is closed, and with it a start that is going on. */
  readonly #closing = new AbortController();
  /** The replacement that was started last. */
  #starting: Promise<StartedGuest> | null = null;
  /** What the next cell must be told. */
  #untold: Restored | null = null;

  private constructor(settings: Settings, guest: Guest, saveMs: number) {
    this.#settings = settings;
    this.#guest = guest;
    this.#saveMs = saveMs;
  }

  /** Starts a sandbox, from a checkpoint if there is one. */
  static async start(
    settings: Settings,
    options: { checkpoint?: Checkpoint; signal?: AbortSignal | undefined },
  ): Promise<SandboxSession> {
    const { checkpoint = null, signal } = options;
    const startedAt = performance.now();
    const { guest, names } = await startGuest(settings, checkpoint, signal);
    const saveMs = Math.min(FIRST_SAVE_MS, SAVE_PER_START * (performance.now() - startedAt));
    const session = new SandboxSession(settings, guest, saveMs);
    session.#names = names;
    session.#checkpoint = checkpoint;
    session.#cells = checkpoint?.cells ?? 0;
    if (checkpoint?.form === "variables") session.#untold = restoredFrom(checkpoint, names);
    return session;
  }

  /** Runs a cell that leaves nothing behind, so that the first real one finds compiled what all cells need. */
  async warmUp(): Promise<void> {
    await runsCells(this.#guest);
  }

  /** Process id of the present guest. */
  get pid(): number {
    return this.#guest.pid;
  }

  /** Whether the guest lives and the sandbox is open. */
  get alive(): boolean {
    return !this.#closing.signal.aborted && this.#guest.failure === null;
  }

  bind(
    values: Readonly<Record<string, unknown>>,
    options: { signal?: AbortSignal } = {},
  ): Promise<void> {
    return this.#inTurn(async () => {
      await this.#revive(options.signal);
      await this.#guest.bind(values, options.signal);
      for (const [name, value] of Object.entries(values)) this.#inputs.set(name, value);
      this.#names = [...new Set([...this.#names, ...Object.keys(values)])];
      this.#checkpoint = null;
    });
  }

  execute(code: string, options: ExecuteOptions = {}): Promise<Cell> {
    return this.#inTurn(async () => {
      options.signal?.throwIfAborted();
      if (options.timeoutMs !== undefined) {
        checkRange("timeoutMs", options.timeoutMs, 1, MAX_TIMER_MS);
      }
      const before = await this.#revive(options.signal) ?? this.#untold;
      this.#untold = null;
      const cell = await this.#run(code, options, before);
      options.signal?.throwIfAborted();
      return cell;
    });
  }

  checkpoint(options: { signal?: AbortSignal } = {}): Promise<Uint8Array> {
    return this.#inTurn(async () => {
      await this.#revive(options.signal);
      return encodeCheckpoint(await this.#save(options.signal));
    });
  }

  async close(): Promise<void> {
    clearTimeout(this.#rest);
    this.#closing.abort(
      new SandboxLostError("Cannot use sandbox: it was closed", { reason: "closed" }),
    );
    await this.#guest.kill("it was closed", "closed");
    await this.#starting?.then(({ guest }) => guest.kill("it was closed", "closed"), () => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Runs operations one after the other, in the order in which they were asked for. */
  #inTurn<T>(operation: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(() => {
      this.#closing.signal.throwIfAborted();
      clearTimeout(this.#rest);
      return operation();
    });
    this.#turn = result.catch(() => {});
    return result;
  }

  /** Runs a cell in the living guest; a guest that is lost on the way is replaced, and the cell says so. */
  async #run(code: string, options: ExecuteOptions, before: Restored | null): Promise<Cell> {
    const { maxOutputChars, timeoutMs, graceMs } = this.#settings;
    const stdout = new Printed(maxOutputChars);
    const stderr = new Printed(maxOutputChars);
    const startedAt = performance.now();
    const record = (restored: Restored | null): CellRecord => ({
      stdout,
      stderr,
      durationMs: performance.now() - startedAt,
      notes: before === null ? [] : [restoredNote(before)],
      restored,
    });
    const guest = this.#guest;
    const ended = new AbortController();
    const observers = new Observers();
    const tools = new ToolCalls({
      tools: options.tools ?? this.#settings.tools,
      timeoutMs: this.#settings.toolTimeoutMs,
      signal: ended.signal,
      onToolCall: (event) => observers.tell(() => options.onToolCall?.(event)),
      decode: (json) => guest.decode(json),
      encode: (value) => guest.encode(value),
    });
    const id = crypto.randomUUID();
    const softMs = options.timeoutMs ?? timeoutMs;
    const hardKill = armHardKill(options.signal, graceMs, { guest, ended });
    try {
      const params: { [key: string]: JsonValue } = {
        executionId: id,
        cell: ++this.#cells,
        code,
        timeoutMs: softMs,
        tools: tools.specs.map((spec) => ({
          ...spec,
          parameters: JSON.parse(JSON.stringify(spec.parameters)),
        })),
        submit: (options.submit ?? DEFAULT_SUBMIT).map((field) => ({ ...field })),
        rewrite: options.rewrite ?? true,
        maxOutputChars,
      };
      const result = await guest.execute(params, {
        id,
        tools,
        softMs,
        graceMs,
        signal: options.signal ?? new AbortController().signal,
        onOutput: (stream, text) => {
          const kept = (stream === "stdout" ? stdout : stderr).add(text.toWellFormed());
          if (kept !== "") observers.tell(() => options.onOutput?.(stream, kept));
        },
      });
      this.#names = namesOf(result);
      this.#checkpointWhenIdle(memoryOf(result));
      observers.rethrow();
      return finishedCell(result, record(before), (json) => guest.decode(json));
    } catch (error) {
      if (this.#closing.signal.aborted || !isLoss(error)) throw refusal(error);
      const restored = await this.#restore(options.signal);
      return lostCell(error.message, record(restored));
    } finally {
      hardKill();
      ended.abort(ENDED);
    }
  }

  /** Replaces a guest that died between operations. */
  async #revive(signal: AbortSignal | undefined): Promise<Restored | null> {
    return this.#guest.failure === null ? null : await this.#restore(signal);
  }

  /** Starts a new guest with the last checkpoint in it, or with the inputs when there is none. */
  async #restore(signal: AbortSignal | undefined): Promise<Restored> {
    const lost = this.#names;
    const { leftRunning } = await this.#guest.kill();
    // A guest that was replaced would be one more thread each time.
    if (leftRunning) throw new SandboxLostError(ABANDONED, { reason: "abandoned" });
    const closing = this.#closing.signal;
    this.#starting = this.#startAgain(signal ? AbortSignal.any([signal, closing]) : closing);
    const { guest, names } = await this.#starting;
    this.#guest = guest;
    const checkpoint = this.#checkpoint;
    if (checkpoint === null && this.#inputs.size > 0) {
      await guest.bind(Object.fromEntries(this.#inputs), signal);
    }
    const back = this.#names = checkpoint === null ? [...this.#inputs.keys()] : names;
    const gone = lost.filter((name) => !back.includes(name));
    if (checkpoint !== null) return { ...restoredFrom(checkpoint, back), gone };
    return { from: this.#inputs.size > 0 ? "inputs" : "nothing", back, gone };
  }

  /** A guest with the last checkpoint in it. One that does not start or run is dropped, and the inputs must do. */
  async #startAgain(signal: AbortSignal | undefined): Promise<StartedGuest> {
    if (this.#checkpoint !== null) {
      try {
        const started = await startGuest(this.#settings, this.#checkpoint, signal);
        if (await runsCells(started.guest)) return started;
        await started.guest.kill();
        this.#checkpoint = null;
      } catch (error) {
        if (!(error instanceof SandboxError)) throw error;
        this.#checkpoint = null;
      }
    }
    return await startGuest(this.#settings, null, signal);
  }

  #checkpointWhenIdle(memoryBytes: number): void {
    if (memoryBytes > CHECKPOINT_BYTES) {
      this.#checkpoint = null;
      return;
    }
    this.#rest = setTimeout(() => {
      this.#inTurn(() => this.#save(undefined)).catch(() => {
        // A guest that can't be saved is restored from an older checkpoint, and says so then.
      });
    }, Math.max(REST_MS, REST_PER_SAVE * this.#saveMs));
    Deno.unrefTimer(this.#rest);
  }

  async #save(signal: AbortSignal | undefined): Promise<Checkpoint> {
    const known = { cells: this.#cells, names: this.#names };
    const startedAt = performance.now();
    this.#checkpoint = await saveGuest(this.#guest, known, signal);
    this.#saveMs = performance.now() - startedAt;
    return this.#checkpoint;
  }
}

/**
 * After an abort the tools are given up, which Python may wait for, and it has the grace to stop by itself; then the
 * process is ended. Returns what disarms it.
 */
function armHardKill(
  signal: AbortSignal | undefined,
  graceMs: number,
  { guest, ended }: { guest: Guest; ended: AbortController },
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onAbort = () => {
    ended.abort(ENDED);
    timer = setTimeout(() => guest.kill("it did not stop when it was aborted"), graceMs);
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  return () => {
    signal?.removeEventListener("abort", onAbort);
    clearTimeout(timer);
  };
}
