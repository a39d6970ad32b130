/** Saves the memory of the outermost run's guest after each cell, while the model thinks about the next one. */
import type { Cell, ExecuteOptions, Sandbox, SandboxFactory } from "../host/sandbox.ts";
import { saveCheckpoint } from "../trace/checkpoint_store.ts";
import { abortable } from "../abort.ts";
import type { EventBody } from "./emitter.ts";

/** Where checkpoints go. */
export interface CheckpointOptions {
  /** Folder for the checkpoints. */
  readonly folder: string;
  /** Cells that need none, because the recording of a resumed run has them. @default {0} */
  readonly after?: number;
}

/** The run whose guest is saved, as it goes on. */
export interface CheckpointedRun {
  /** The turn that is under way. */
  readonly stepId: () => string;
  /** Tells an event of the run. */
  readonly emit: (event: EventBody) => void;
  /** Settles when the events so far are safe. */
  readonly flush: () => Promise<void>;
}

/** Has the first sandbox that is made, which is the outermost run's, be saved after each cell. */
export function checkpointedSandboxes(
  factory: SandboxFactory,
  options: CheckpointOptions,
  run: CheckpointedRun,
): SandboxFactory {
  let isFirst = true;
  return async ({ signal }) => {
    const wrap = isFirst;
    isFirst = false;
    const sandbox = await factory(signal === undefined ? {} : { signal });
    return wrap ? new CheckpointedSandbox(sandbox, options, run) : sandbox;
  };
}

class CheckpointedSandbox implements Sandbox {
  readonly #inner: Sandbox;
  readonly #options: CheckpointOptions;
  readonly #run: CheckpointedRun;
  #cells = 0;
  #saving: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(inner: Sandbox, options: CheckpointOptions, run: CheckpointedRun) {
    this.#inner = inner;
    this.#options = options;
    this.#run = run;
  }

  bind(
    values: Readonly<Record<string, unknown>>,
    options: { signal?: AbortSignal } = {},
  ): Promise<void> {
    return this.#inner.bind(values, options);
  }

  async execute(code: string, options: ExecuteOptions = {}): Promise<Cell> {
    await (options.signal ? abortable(this.#saving, options.signal) : this.#saving);
    const cell = await this.#inner.execute(code, options);
    this.#cells++;
    if (this.#cells > (this.#options.after ?? 0) && isWorthSaving(cell)) {
      this.#saving = this.#save(this.#cells, this.#run.stepId());
    }
    return cell;
  }

  checkpoint(options: { signal?: AbortSignal } = {}): Promise<Uint8Array> {
    return this.#inner.checkpoint(options);
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.#inner.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    await this.#saving;
  }

  async #save(cells: number, stepId: string): Promise<void> {
    const started = performance.now();
    try {
      const bytes = await this.#inner.checkpoint();
      // A checkpoint is of use only if the journal reaches as far.
      await this.#run.flush();
      await saveCheckpoint(this.#options.folder, { cells, bytes });
      const durationMs = performance.now() - started;
      this.#run.emit({ type: "checkpoint", stepId, bytes: bytes.length, durationMs });
    } catch (error) {
      if (this.#closed) return;
      const reason = error instanceof Error ? error.message : String(error);
      this.#run.emit({ type: "warning", message: `no checkpoint was saved: ${reason}` });
    }
  }
}

/** A lost guest has nothing new, and after a submission the run most often ends. */
function isWorthSaving({ status }: Cell): boolean {
  return status !== "lost" && status !== "submitted";
}
