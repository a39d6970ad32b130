/** FakeSandbox: a sandbox without Python, whose cells are a function of the test's. */
import type { Cell, ExecuteOptions, Sandbox } from "./sandbox.ts";

/** What a fake cell can do. */
export interface FakeGuest {
  /** What was bound, by name. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Aborts when the cell is ended. */
  readonly signal: AbortSignal;
  /** Calls a tool, as Python would by name. */
  call(name: string, args?: Record<string, unknown>): Promise<unknown>;
}

/** Stands in for running a cell: gets its code, returns what differs from a cell that did nothing. */
export type FakeCell = (code: string, guest: FakeGuest) => FakeResult | Promise<FakeResult>;

/** The part of a cell that matters to a test. */
export type FakeResult = Partial<Cell> | undefined | void;

/** A `FakeCell` that finds `SUBMIT(name=json, …)` in the code and submits that; everything else does nothing. */
export function submitLiterals(code: string): FakeResult {
  const call = /\bSUBMIT\((.*)\)/s.exec(code);
  if (call === null) return undefined;
  const fields = [...(call[1] ?? "").matchAll(/(\w+)=("(?:[^"\\]|\\.)*"|\[[^\]]*\]|[^,]+)/g)];
  const submission = Object.fromEntries(
    fields.map(([, name = "", json = ""]) => [name, JSON.parse(json)]),
  );
  return { status: "submitted", submission };
}

/**
 * A sandbox that runs no Python: each cell is answered by a function. It records what was bound and run.
 *
 * @example
 * ```ts
 * import { FakeSandbox } from "@rlm/rlm/testing";
 *
 * const sandbox = new FakeSandbox((code) => ({ stdout: `ran ${code.length} characters` }));
 * const cell = await sandbox.execute("print(1)");
 * console.assert(cell.stdout === "ran 8 characters" && cell.status === "ok");
 * ```
 */
export class FakeSandbox implements Sandbox {
  /** Everything bound so far, by name. */
  readonly values: Record<string, unknown> = {};
  /** Names given to each `bind`. */
  readonly bindings: string[][] = [];
  /** The code of each cell so far. */
  readonly cells: string[] = [];
  /** Whether it was closed. */
  closed = false;
  readonly #cell: FakeCell;

  /** Takes the function that answers cells. */
  constructor(cell: FakeCell = submitLiterals) {
    this.#cell = cell;
  }

  /** Keeps the values. */
  bind(values: Readonly<Record<string, unknown>>): Promise<void> {
    this.bindings.push(Object.keys(values));
    Object.assign(this.values, values);
    return Promise.resolve();
  }

  /** Answers a cell by the function. */
  async execute(code: string, options: ExecuteOptions = {}): Promise<Cell> {
    if (this.closed) throw new Error("execute: the fake sandbox is closed");
    this.cells.push(code);
    const signal = options.signal ?? new AbortController().signal;
    const started = performance.now();
    const result = await this.#cell(code, {
      values: this.values,
      signal,
      call: async (name, args = {}) => {
        const tool = options.tools?.[name];
        if (tool === undefined) throw new ReferenceError(`name '${name}' is not defined`);
        return await tool.invoke(args, { signal });
      },
    }) ?? {};
    if (result.stdout) options.onOutput?.("stdout", result.stdout);
    if (result.stderr) options.onOutput?.("stderr", result.stderr);
    return {
      status: result.submission ? "submitted" : result.error ? "error" : "ok",
      stdout: "",
      stderr: "",
      stdoutChars: result.stdout?.length ?? 0,
      stderrChars: result.stderr?.length ?? 0,
      value: null,
      error: null,
      submission: null,
      durationMs: performance.now() - started,
      restored: null,
      notes: [],
      ...result,
    };
  }

  /** A checkpoint of nothing. */
  checkpoint(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array());
  }

  /** Marks it as closed. */
  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  /** Closes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
