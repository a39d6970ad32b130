/** What a sandbox is to the rest of the program: the interface, its cells and its tools. No behaviour. */
import type { JsonSchema } from "../../sandbox/protocol.ts";

export type { JsonSchema } from "../../sandbox/protocol.ts";

/** A function of the host that the guest may call by name. Make one with `tool()`. */
export interface Tool {
  /** One line for the model's prompt and for Python's `help()`. */
  readonly description: string;
  /** Object schema of the arguments; the order of its properties is Python's positional order. */
  readonly parameters: JsonSchema;
  /** Milliseconds before a call fails with Python's `TimeoutError`. Default: the sandbox's `toolTimeoutMs`. */
  readonly timeoutMs?: number;
  /** Calls do not depend on each other, so a comprehension over them may run them together. */
  readonly concurrent?: boolean;
  /** Checks the arguments and runs. What it throws becomes a Python exception with the error's name and message. */
  invoke(args: Record<string, unknown>, context: ToolContext): unknown;
}

/** What a running tool may know of its call. */
export interface ToolContext {
  /** Aborts when the execution ends, times out or is aborted. */
  readonly signal: AbortSignal;
}

/** An error as a value: what a failed slot of a batch becomes in Python (falsy, with `.type` and `.message`). */
export class ErrorValue {
  /** Name of the error, such as `"ModelError"`. */
  readonly type: string;
  /** What went wrong, for the model to read. */
  readonly message: string;
  /** Makes an error value. */
  constructor(type: string, message: string) {
    this.type = type;
    this.message = message;
  }
}

/** How a cell ended. */
export type CellStatus = "ok" | "error" | "submitted" | "timeout" | "lost";

/** A Python exception as text; the traceback has cell number, line number and source line. */
export interface CellError {
  /** Name of the exception's class. */
  readonly type: string;
  /** The exception's text. */
  readonly message: string;
  /** Where it was raised, as Python shows it, without frames of the runner. */
  readonly traceback: string;
}

/** Which names came back after the guest was lost, and which did not. */
export interface Restored {
  /**
   * What the replacement was made from. `variables`: a checkpoint of those that can be pickled, which is all that can be
   * saved once native code of a package is loaded.
   */
  readonly from: "checkpoint" | "variables" | "inputs" | "nothing";
  /** Names that have their values again. */
  readonly back: readonly string[];
  /** Names that were lost. */
  readonly gone: readonly string[];
}

/** The result of one execution. */
export interface Cell {
  /** How the cell ended. */
  readonly status: CellStatus;
  /** What was printed, up to the cap. */
  readonly stdout: string;
  /** What was printed to stderr, up to the cap. */
  readonly stderr: string;
  /** Characters printed to stdout, also those that were dropped at the cap. */
  readonly stdoutChars: number;
  /** Characters printed to stderr, also those that were dropped at the cap. */
  readonly stderrChars: number;
  /** `repr` of the last expression, or null when it was `None` or there was none. */
  readonly value: string | null;
  /** The exception that ended the cell, or null. */
  readonly error: CellError | null;
  /** Fields given to `SUBMIT`, decoded but not checked. */
  readonly submission: Record<string, unknown> | null;
  /** Milliseconds from the cell's start to its end, waiting for tools included. */
  readonly durationMs: number;
  /** Set after `"lost"`: what the replacement guest has. */
  readonly restored: Restored | null;
  /** What the runner did to the cell or to names, in words for the model. */
  readonly notes: readonly string[];
}

/** One output field that `SUBMIT` accepts. */
export interface SubmitField {
  /** The field's name, which is a keyword of `SUBMIT`. */
  readonly name: string;
  /** Whether `SUBMIT` must be given it. */
  readonly required: boolean;
}

/** Options of one execution. */
export interface ExecuteOptions {
  /** Ends the cell: first softly, then by killing the guest. */
  readonly signal?: AbortSignal;
  /** Soft deadline in milliseconds of guest time; time spent waiting for tools does not count. */
  readonly timeoutMs?: number;
  /** Tools of this execution alone; they replace those given to `createSandbox`. */
  readonly tools?: Readonly<Record<string, Tool>>;
  /** Fields of `SUBMIT`, in positional order. Default: one field, `answer`. */
  readonly submit?: readonly SubmitField[];
  /** Runs independent calls of concurrent tools in a comprehension together. @default {true} */
  readonly rewrite?: boolean;
  /** Called with printed text while the cell runs. */
  readonly onOutput?: (stream: "stdout" | "stderr", text: string) => void;
  /** Called when a tool call opens and when it settles. */
  readonly onToolCall?: (event: ToolCallEvent) => void;
}

/** A tool call as it opens and settles. */
export type ToolCallEvent =
  | {
    readonly phase: "open";
    readonly callId: number;
    readonly name: string;
    readonly args: Record<string, unknown>;
  }
  | {
    readonly phase: "done";
    readonly callId: number;
    readonly name: string;
    readonly result: unknown;
    readonly durationMs: number;
  }
  | {
    readonly phase: "failed";
    readonly callId: number;
    readonly name: string;
    readonly error: { type: string; message: string };
    readonly durationMs: number;
  };

/** A restricted place that runs Python and keeps its state from cell to cell. */
export interface Sandbox extends AsyncDisposable {
  /** Binds values to Python names, once; any size. */
  bind(
    values: Readonly<Record<string, unknown>>,
    options?: { signal?: AbortSignal },
  ): Promise<void>;
  /** Runs one cell. Python errors are results, not exceptions; a lost guest is a result too while it can be restored. */
  execute(code: string, options?: ExecuteOptions): Promise<Cell>;
  /**
   * The guest's whole memory as compressed difference from the start-up snapshot. Once native code of a package is
   * loaded: its variables, as far as they can be pickled or defined again; the first cell after it is restored says in its
   * `notes` which are back and which are gone.
   */
  checkpoint(options?: { signal?: AbortSignal }): Promise<Uint8Array>;
  /** Ends it. Safe to call twice and while busy; settles within 2 s. */
  close(): Promise<void>;
}

/**
 * A worker of the calling program's own process instead of a subprocess, for programs that may not start one. It is weaker:
 *
 * - A cell that hangs in C code which Python cannot interrupt is not ended. After `graceMs` the sandbox is given up with a
 *   `SandboxLostError` whose `reason` is `"abandoned"`: its thread runs on until it is done or the program leaves.
 * - Only Python's own memory has a cap, `memoryMb`. What else a guest makes is the program's, and a program that runs out of memory ends.
 * - Deep recursion through C code loses the guest where a subprocess has room for it.
 * - One wall less: who breaks out of V8 is in a process that has the program's own permissions.
 * - `net` cannot be granted.
 *
 * The program needs permission to read Pyodide's files, none to run anything.
 */
export interface WorkerBackend {
  /** A worker. */
  readonly kind: "worker";
  /**
   * States that the program runs with `--unstable-worker-options`, by which Deno gives a worker fewer permissions than the program
   * has. Without that flag Deno ends the program with exit code 70 where the worker is made, and nothing in it can know before.
   */
  readonly unstableWorkerOptions: true;
}

/** Where Python runs. */
export type SandboxBackend = "subprocess" | WorkerBackend;

/** Options of `createSandbox`. */
export interface SandboxOptions {
  /** Soft deadline of one cell in milliseconds; variables are kept. @default {30_000} */
  readonly timeoutMs?: number;
  /**
   * Where Python runs: in a process of its own, or, for programs that may start none, in a worker, which is weaker.
   *
   * @default {"subprocess"}
   */
  readonly backend?: SandboxBackend;
  /** Milliseconds after the soft deadline at which the process is killed. @default {1_000} */
  readonly graceMs?: number;
  /** Milliseconds that starting may take. @default {60_000} */
  readonly startTimeoutMs?: number;
  /** Milliseconds that one tool call may take. @default {600_000} */
  readonly toolTimeoutMs?: number;
  /** Cap on Python's memory in MiB; beyond it Python raises `MemoryError`. @default {2_048} */
  readonly memoryMb?: number;
  /** Characters kept per cell and stream; more are counted and dropped. @default {10_000_000} */
  readonly maxOutputChars?: number;
  /**
   * Files and folders that Python may read, under the paths given here: `"/data/a.csv"`, or `"data/a.csv"`, which lies
   * in Python's working folder too. A folder brings all that is in it, but no link that leads out of it.
   *
   * They are copied when the sandbox starts, and again when it is restored: a file that changes meanwhile does not
   * change for Python. At most 20,000 of them, and no more bytes than half of `memoryMb`. The calling program needs
   * permission to read them. Not on Windows.
   *
   * @default {[]}
   */
  readonly read?: readonly string[];
  /**
   * Files and folders that exist and that Python may read and write. What a cell created, changed, renamed or
   * deleted is on the disk when `execute` resolves; what a cell did that lost the guest is not. A file is replaced as
   * a whole, its mode kept; times, modes and links that Python makes stay in the sandbox. What can't be written is told in
   * the cell's `notes` and tried again after the next cell; nothing is deleted as long as something could not be written.
   *
   * Copied at the start like `read`, with the same limits; the disk's newer content is overwritten. The calling
   * program needs permission to read and write them.
   *
   * @default {[]}
   */
  readonly write?: readonly string[];
  /**
   * `host:port` pairs that Python may reach by HTTP and HTTPS, with `urllib.request`, `http.client` and
   * `pyodide.http`. Nothing else on that host or on any other, no sockets, and no redirect to another host. A name that
   * leads to a private address is refused unless that address is listed too (`"localhost:8000"` stands for
   * this machine). The calling program needs permission to reach them.
   *
   * @default {[]}
   */
  readonly net?: readonly string[];
  /** Names of host variables that Python sees in `os.environ`. @default {[]} */
  readonly env?: readonly string[];
  /**
   * Packages that Python may import beside its standard library: names of
   * [Pyodide's packages](https://pyodide.org/en/stable/usage/packages-in-pyodide.html), which bring what they need, or
   * wheels by path or URL, which bring themselves alone: `"wheels/six-1.17.0-py2.py3-none-any.whl"`. Pure Python, or built for
   * this Pyodide.
   *
   * They are read and checked by this program before the sandbox starts, and Python gets them as files: it can install
   * nothing itself. A listed package must have the hash in Pyodide's list, a wheel the one that follows it,
   * `"….whl#sha256=…"`, without which a wheel of the network is refused, and one of a folder is held to its own list of
   * hashes, which shows damage and not intent. Unpacked, they may have a quarter of `memoryMb`.
   *
   * @default {[]}
   */
  readonly packages?: readonly string[];
  /**
   * Folder, or `http(s):` URL, that has the wheels which `packages` names without one. Default: none, so that nothing is
   * ever fetched unasked. The calling program needs permission to read it, or to reach its host.
   *
   * @example
   * ```ts
   * import { createSandbox } from "@rlm/rlm/sandbox";
   *
   * const packagesFrom = "https://cdn.jsdelivr.net/pyodide/v314.0.7/full/";
   * const start = () => createSandbox({ packages: ["numpy"], packagesFrom });
   * ```
   */
  readonly packagesFrom?: string | URL;
  /** Tools of every execution that does not bring its own. */
  readonly tools?: Readonly<Record<string, Tool>>;
  /** Folder of the start-up snapshot and of downloaded packages; false does without. Default: the user's cache folder. */
  readonly cacheDir?: string | false;
  /**
   * The Deno program to start. Default: the running one. A program made by `deno compile` has none to
   * fall back on: it must name one, or a start throws `SandboxStartError`.
   */
  readonly denoPath?: string;
  /** Aborts the start. */
  readonly signal?: AbortSignal;
}

/** Makes sandboxes: `createSandbox` bound to options, a pool's `lease`, or a test's fake. */
export type SandboxFactory = (options: { signal?: AbortSignal }) => Promise<Sandbox>;
