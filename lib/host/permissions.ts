/**
 * The exact command line and environment of the child. Pure: what is refused, what is granted and why can
 * be read, and tested, in this one place.
 */
import type { Grants } from "../../sandbox/protocol.ts";
import { netFlags, readableGrants, writeFlags } from "./grant_flags.ts";
import { PYODIDE_FILES } from "./pyodide_files.ts";
import { SandboxStartError } from "../errors.ts";

/** What a child may read depends on these. */
export interface ReadableFiles {
  /** Pyodide's folder, ending in a separator. */
  readonly pyodide: string;
  /** File of the start-up snapshot, or null. */
  readonly snapshot: string | null;
  /** What the caller grants; the gateway holds it, Python's own realm never does. */
  readonly grants: Grants;
}

/** What the command line depends on. */
export interface ChildOptions extends ReadableFiles {
  readonly memoryMb: number;
  /** Program of the gateway realm. */
  readonly program: string;
}

/** Arguments and environment of the child. */
export interface ChildCommand {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Bytes of one page of WebAssembly memory. */
const WASM_PAGE = 65_536;
/** Python itself needs this much before it holds a single value of the guest's. */
export const MIN_MEMORY_MB = 64;
/** A 32-bit address reaches no further. */
export const MAX_MEMORY_MB = 4096;

/** Every kind of access is refused by name, so that nothing hangs on a default of Deno's; the network has flags of its own. */
const REFUSALS = ["env", "write", "run", "ffi", "sys", "import"];

/** The command line of a child that may read what it starts from, and do what is granted. */
export function childCommand(options: ChildOptions): ChildCommand {
  const { program, grants } = options;
  return {
    args: [
      "run",
      "--quiet",
      // Lets the gateway give its worker fewer permissions than it has: none.
      "--unstable-worker-options",
      "--no-prompt",
      "--no-config",
      "--no-lock",
      // `import()` reaches a built-in list of code hosts, npm and JSR without any permission, unless:
      "--no-remote",
      "--no-npm",
      "--cached-only",
      ...REFUSALS.map((kind) => `--deny-${kind}`),
      ...netFlags(grants),
      ...writeFlags(grants),
      `--allow-read=${readableFiles(options).map(checkPath).join(",")}`,
      `--v8-flags=${v8Flags(options).join(",")}`,
      `data:text/javascript;base64,${new TextEncoder().encode(program).toBase64()}`,
      String(processLimit(options)),
    ],
    env: ENVIRONMENT,
  };
}

/** All that a child may read: what Python starts from, and what is granted. */
export function readableFiles({ pyodide, snapshot, grants }: ReadableFiles): string[] {
  return [
    ...PYODIDE_FILES.map((name) => pyodide + name),
    ...(snapshot === null ? [] : [snapshot]),
    ...readableGrants(grants),
  ];
}

/** Limits that the guest can't lift: they hold for every context that the process will ever make. */
function v8Flags({ memoryMb }: ChildOptions): string[] {
  return [
    // No eval, no Function constructor, no emscripten_run_script.
    "--disallow-code-generation-from-strings",
    "--max-old-space-size=512",
    // Room for Python's deepest recursion through C: with V8's own sizes 700 calls end the interpreter. Both
    // count, the smaller wins; the second is reserved for each stack that waits, and filled as it is used.
    "--stack-size=8000",
    "--wasm-stack-switching-stack-size=8000",
    // Python sees its end as MemoryError.
    `--wasm-max-mem-pages=${Math.floor(memoryMb * 1024 * 1024 / WASM_PAGE)}`,
  ];
}

/**
 * Bytes that the whole process may hold: Python's memory, as much in files, a copy on its way to the host, and the runtime.
 * The child's own watch keeps to it, as the caller may have no right to start a program that sets limits.
 */
function processLimit({ memoryMb }: ChildOptions): number {
  return (3 * memoryMb + 512) * 1024 ** 2;
}

/**
 * The whole environment. An unusable DENO_DIR takes away the storage that outlives a process. The GNU allocator keeps large
 * pieces that were freed unless it is told to map them: a third of an idle sandbox's memory; others ignore the variable.
 */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  DENO_DIR: Deno.build.os === "windows" ? "NUL\\none" : "/dev/null/none",
  DENO_NO_PACKAGE_JSON: "1",
  DENO_NO_UPDATE_CHECK: "1",
  MALLOC_MMAP_THRESHOLD_: "16777216",
  NO_COLOR: "1",
};

/** Deno splits lists at commas and has no escape for them: such a path would grant something else. */
function checkPath(path: string): string {
  if (/[,\p{Cc}]/u.test(path)) {
    throw new SandboxStartError(
      `Cannot grant path: ${
        JSON.stringify(path)
      } has a comma or a control character; move it to a folder without`,
    );
  }
  return path;
}
