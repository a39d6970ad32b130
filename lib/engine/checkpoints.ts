/** Saves the memory of the outermost run's guest after each cell, while the model thinks about the next one. */
import type { Cell, ExecuteOptions, Sandbox, SandboxFactory } from "../host/sandbox.ts";
import { saveCheckpoint } from "../trace/checkpoint_store.ts";
import { abortable } from "./abort.ts";

/** Where checkpoints go, and who hears of them. */
export interface CheckpointOptions {
  /** Folder for the checkpoints. */
  readonly folder: string;
  /** Cells that need none, because the recording of a resumed run has them. @default {0} */
  readonly after?: number;
  /** Settles when the journal has the events of the cell. */
  readonly flush: () => Promise<void>;
  /** Called when a checkpoint was saved. */
  readonly onSaved?: (saved: { readonly bytes: number; readonly durationMs: number }) => void;
  /** Called when one could not be made or saved; the run goes on without it. */
  readonly onFailed?: (error: unknown) => void;
}

/** Has the first sandbox that is made, which is the outermost run's, be saved after each cell. */
export function checkpointedSandboxes(
  factory: SandboxFactory,
  options: CheckpointOptions,
): SandboxFactory {
  let isFirst = true;
  return async ({ signal }) => {
    const wrap = isFirst;
    isFirst = false;
    const sandbox = await factory(signal === undefined ? {} : { signal });
    return wrap ? new CheckpointedSandbox(sandbox, options) : sandbox;
  };
}

class CheckpointedSandbox implements Sandbox {
  readonly #inner: Sandbox;
  readonly #options: CheckpointOptions;
  #cells = 0;
  #saving: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(inner: Sandbox, options: CheckpointOptions) {
    this.#inner = inner;
    this.#options = options;
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
      this.#saving = this.#save(this.#cells);
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

  async #save(cells: number): Promise<void> {
    const started = performance.now();
    try {
      const bytes = await this.#inner.checkpoint();
      await this.#options.flush();
      await saveCheckpoint(this.#options.folder, { cells, bytes });
      this.#options.onSaved?.({ bytes: bytes.length, durationMs: performance.now() - started });
    } catch (error) {
      if (!this.#closed) this.#options.onFailed?.(error);
    }
  }
}

/** A lost guest has nothing new, and after a submission the run most often ends. */
function isWorthSaving({ status }: Cell): boolean {
  return status !== "lost" && status !== "submitted";
}
