/** Warm sandboxes: started ahead, handed out clean, never handed out twice. */
import { abortable } from "../abort.ts";
import { SandboxLostError } from "../errors.ts";
import type { Cell, ExecuteOptions, Sandbox, SandboxOptions, Tool } from "./sandbox.ts";
import { SandboxSession } from "./session.ts";
import type { Packages } from "./packages/load.ts";
import { packagesOf, readSettings, type Settings } from "./settings.ts";

/** Options of a {@linkcode SandboxPool}: those of every sandbox in it, and how many there are. */
export interface SandboxPoolOptions extends Omit<SandboxOptions, "signal" | "tools"> {
  /** Sandboxes kept warm; each costs a process and its memory. @default {1} */
  readonly size?: number;
  /** Sandboxes that may live at once, leased ones included; a lease beyond it waits. @default {8} */
  readonly max?: number;
}

/** Options of one lease. */
export interface LeaseOptions {
  /** Tools of the cells run under this lease. */
  readonly tools?: Readonly<Record<string, Tool>>;
  /** Gives up waiting. */
  readonly signal?: AbortSignal;
}

/** Milliseconds by which a lease is ahead of the start that takes its place, so that its first cell has the machine for itself. */
const HEAD_START_MS = 50;

/** A sandbox that is warm, or on its way to be. */
interface Warming {
  readonly started: Promise<SandboxSession>;
  /** Starts it now, if it was to start later. */
  hurry(): void;
}

/**
 * Keeps sandboxes warm, so that a lease takes milliseconds. A sandbox that comes back is ended and a
 * fresh one takes its place: no run ever meets what another left behind.
 *
 * @example
 * ```ts
 * import { SandboxPool } from "@rlm/rlm/sandbox";
 *
 * await using pool = new SandboxPool({ size: 1 });
 * await using sandbox = await pool.lease();
 * console.log((await sandbox.execute("6 * 7")).value); // 42
 * ```
 */
export class SandboxPool implements AsyncDisposable {
  readonly #options: SandboxPoolOptions;
  readonly #size: number;
  readonly #max: number;
  /** Warm ones, and those on their way to be. */
  readonly #warm: Warming[] = [];
  /** These, and those that a lease waits for: all that end with the pool. */
  readonly #unleased = new Set<Warming>();
  /** Leases that wait for a place. */
  readonly #waiting: (() => void)[] = [];
  readonly #stopped = new AbortController();
  #alive = 0;
  /** Read and checked once for all sandboxes, which are alike. */
  #packages: Promise<Packages | null> | null = null;

  /** Starts warming at once. Throws `RangeError` when `size` or `max` is not a count. */
  constructor(options: SandboxPoolOptions = {}) {
    const { size = 1, max = 8, ...rest } = options;
    if (!Number.isInteger(size) || size < 0) {
      throw new RangeError(`Cannot use size: ${size} is not a count`);
    }
    if (!Number.isInteger(max) || max < Math.max(1, size)) {
      throw new RangeError(`Cannot use max: ${max} is less than 1 or than size ${size}`);
    }
    this.#options = rest;
    this.#size = size;
    this.#max = max;
    this.#refill();
  }

  /** Resolves when the warm ones are ready; rejects when one of them did not start. */
  get ready(): Promise<void> {
    return Promise.all(this.#warm.map(({ started }) => started)).then(() => {});
  }

  /** Hands out a sandbox in clean state; dispose of it to make room for the next. */
  async lease(options: LeaseOptions = {}): Promise<Sandbox> {
    try {
      return await this.#lease(options);
    } catch (error) {
      // The place that this one had, or was woken for, is free for the next.
      this.#waiting.shift()?.();
      throw error;
    }
  }

  async #lease({ signal, tools = {} }: LeaseOptions): Promise<Sandbox> {
    while (true) {
      signal?.throwIfAborted();
      this.#throwIfClosed();
      const session = await this.#take(signal);
      if (session === null) {
        await this.#place(signal);
      } else if (session.alive) {
        return new LeasedSandbox(session, tools, () => this.#release());
      } else {
        await session.close();
        this.#release();
      }
    }
  }

  /** Ends every sandbox that is warm or on its way to be; leased ones end with their lease. Safe to call twice. */
  async close(): Promise<void> {
    this.#stopped.abort(
      new SandboxLostError("Cannot lease sandbox: the pool was closed", { reason: "closed" }),
    );
    for (const wake of this.#waiting.splice(0)) wake();
    this.#warm.length = 0;
    const closing = [...this.#unleased].map(async ({ started, hurry }) => {
      hurry();
      await started.then((session) => session.close(), () => {});
    });
    await Promise.all(closing);
  }

  /** Closes the pool and every sandbox that it keeps. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #throwIfClosed(): void {
    this.#stopped.signal.throwIfAborted();
  }

  /** A warm sandbox, or a new one where there is a place for it; null when there is none. */
  async #take(signal: AbortSignal | undefined): Promise<SandboxSession | null> {
    const warming = this.#warm.shift() ?? (this.#alive < this.#max ? this.#start() : null);
    if (warming === null) return null;
    warming.hurry();
    this.#refill(HEAD_START_MS);
    try {
      const session = await abortable(warming.started, signal);
      this.#throwIfClosed();
      this.#unleased.delete(warming);
      return session;
    } catch (error) {
      // Given up while it was starting: it stays warm for the next.
      if (signal?.aborted) this.#warm.unshift(warming);
      throw error;
    }
  }

  #refill(afterMs = 0): void {
    while (
      !this.#stopped.signal.aborted && this.#warm.length < this.#size && this.#alive < this.#max
    ) {
      this.#warm.push(this.#start(afterMs));
    }
  }

  /** Starts one sandbox, which counts as alive until it is released. */
  #start(afterMs = 0): Warming {
    this.#alive++;
    const { due, hurry } = momentAfter(afterMs);
    this.#packages ??= packagesOf({ ...this.#options, signal: this.#stopped.signal });
    // A start that fails before it comes to them does not look at them.
    this.#packages.catch(() => {});
    const settings = readSettings(this.#options, this.#packages);
    const started = Promise.all([settings, due]).then(([settings]) => this.#startWarm(settings));
    const warming = { started, hurry };
    this.#unleased.add(warming);
    started.catch(() => {
      // Whoever leases it learns why; its place is free again, and the packages may be there the next time.
      this.#unleased.delete(warming);
      this.#alive--;
      this.#packages = null;
    });
    return warming;
  }

  async #startWarm(settings: Settings): Promise<SandboxSession> {
    const session = await SandboxSession.start(settings, { signal: this.#stopped.signal });
    try {
      await session.warmUp();
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  #release(): void {
    this.#alive--;
    this.#refill();
    this.#waiting.shift()?.();
  }

  /** Waits until a sandbox was released. */
  async #place(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    try {
      await abortable(promise, signal);
    } finally {
      const index = this.#waiting.indexOf(resolve);
      if (index >= 0) this.#waiting.splice(index, 1);
    }
  }
}

/** A moment that comes after a time, or now where somebody can't wait for it. */
function momentAfter(afterMs: number): { due: Promise<void>; hurry: () => void } {
  const { promise: due, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, afterMs);
  const hurry = () => {
    clearTimeout(timer);
    resolve();
  };
  return { due, hurry };
}

/** A sandbox for the time of one lease. */
class LeasedSandbox implements Sandbox {
  readonly #session: SandboxSession;
  readonly #tools: Readonly<Record<string, Tool>>;
  readonly #release: () => void;
  #returned = false;

  constructor(session: SandboxSession, tools: Readonly<Record<string, Tool>>, release: () => void) {
    this.#session = session;
    this.#tools = tools;
    this.#release = release;
  }

  bind(
    values: Readonly<Record<string, unknown>>,
    options?: { signal?: AbortSignal },
  ): Promise<void> {
    return this.#session.bind(values, options);
  }

  execute(code: string, options: ExecuteOptions = {}): Promise<Cell> {
    return this.#session.execute(code, { tools: this.#tools, ...options });
  }

  checkpoint(options?: { signal?: AbortSignal }): Promise<Uint8Array> {
    return this.#session.checkpoint(options);
  }

  async close(): Promise<void> {
    if (this.#returned) return;
    this.#returned = true;
    await this.#session.close();
    this.#release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
