/** Checks sandbox options and fills in the defaults, once, before anything is started. */
import type { Grants } from "../../sandbox/protocol.ts";
import { SandboxStartError } from "../errors.ts";
import { type BackendKind, readBackend } from "./backend.ts";
import { checkGrants } from "./grants.ts";
import { loadPackages, type Packages } from "./packages/load.ts";
import { mayRead } from "./may_read.ts";
import { MAX_MEMORY_MB, MIN_MEMORY_MB } from "./permissions.ts";
import { defaultCacheFolder, pyodideFolder } from "./pyodide_files.ts";
import type { SandboxOptions, Tool } from "./sandbox.ts";
import { snapshotFile } from "./snapshot.ts";

/** The longest time that a timer takes. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

const START_TIMEOUT_MS = 60_000;
const MEMORY_MB = 2_048;

/** Options with every default in place. */
export interface Settings {
  readonly timeoutMs: number;
  readonly graceMs: number;
  readonly startTimeoutMs: number;
  readonly toolTimeoutMs: number;
  readonly memoryMb: number;
  readonly maxOutputChars: number;
  readonly tools: Readonly<Record<string, Tool>>;
  readonly backend: BackendKind;
  readonly denoPath: string;
  readonly pyodide: string;
  /** File of the start-up snapshot, or null to do without. */
  readonly snapshot: string | null;
  readonly env: Readonly<Record<string, string>>;
  readonly grants: Grants;
  /** What Python may import beside its standard library. */
  readonly packages: Packages | null;
}

/**
 * Reads options; throws `RangeError` for a number out of range, `SandboxStartError` for what this machine lacks.
 * `packages` are those of the options, where they are loaded already.
 */
export async function readSettings(
  options: SandboxOptions,
  packages?: Promise<Packages | null>,
): Promise<Settings> {
  const {
    timeoutMs = 30_000,
    graceMs = 1_000,
    startTimeoutMs = START_TIMEOUT_MS,
    toolTimeoutMs = 600_000,
    memoryMb = MEMORY_MB,
    maxOutputChars = 10_000_000,
    tools = {},
    read = [],
    write = [],
    net = [],
  } = options;
  checkRange("timeoutMs", timeoutMs, 1, MAX_TIMER_MS);
  checkRange("graceMs", graceMs, 0, MAX_TIMER_MS);
  checkRange("startTimeoutMs", startTimeoutMs, 1, MAX_TIMER_MS);
  checkRange("toolTimeoutMs", toolTimeoutMs, 1, MAX_TIMER_MS);
  checkRange("memoryMb", memoryMb, MIN_MEMORY_MB, MAX_MEMORY_MB);
  checkRange("maxOutputChars", maxOutputChars, 0, 500_000_000);
  const backend = readBackend(options);
  const running = { standalone: Deno.build.standalone, path: Deno.execPath() };
  const denoPath = backend === "worker" ? running.path : denoToStart(options.denoPath, running);
  const pyodide = pyodideFolder();
  const cache = cacheOf(options);
  const runtimePaths = [pyodide, denoPath, ...OWN_FOLDERS, ...(cache === false ? [] : [cache])];
  return {
    timeoutMs,
    graceMs,
    startTimeoutMs,
    toolTimeoutMs,
    memoryMb,
    maxOutputChars,
    tools,
    backend,
    denoPath,
    pyodide,
    snapshot: cache === false ? null : await usableSnapshot(cache, backend),
    env: readEnv(options.env ?? []),
    grants: await checkGrants({ read, write, net }, runtimePaths),
    packages: await (packages ?? packagesOf(options)),
  };
}

function cacheOf({ cacheDir }: SandboxOptions): string | false {
  return cacheDir ?? defaultCacheFolder(pyodideFolder());
}

/** Loads the packages that the options name. */
export async function packagesOf(options: SandboxOptions): Promise<Packages | null> {
  const { memoryMb = MEMORY_MB, startTimeoutMs = START_TIMEOUT_MS } = options;
  const timeout = AbortSignal.timeout(startTimeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  return await loadPackages(options, { memoryMb, signal, cache: cacheOf(options) });
}

/** The snapshot's file; none where a worker, which can read no more than this program, could not read it. */
async function usableSnapshot(cache: string, backend: BackendKind): Promise<string | null> {
  const file = await snapshotFile(cache);
  return backend === "subprocess" || await mayRead(file) ? file : null;
}

/** This package's own code, where it lies on a disk. */
const OWN_FOLDERS = ["../", "../../sandbox/"].map((path) => new URL(path, import.meta.url))
  .filter(({ protocol }) => protocol === "file:").map(({ pathname }) =>
    decodeURIComponent(pathname)
  );

/** The Deno to start: the one that is named, else the one that runs this, unless that is a compiled program. */
export function denoToStart(
  named: string | undefined,
  running: { readonly standalone: boolean; readonly path: string },
): string {
  if (named !== undefined) return named;
  if (!running.standalone) return running.path;
  throw new SandboxStartError(
    `Cannot start sandbox: ${running.path} is a compiled program, which would start itself; set denoPath to a Deno of 2.7.12 or newer`,
  );
}

/** Throws a `RangeError` for an option that is not a number within limits. */
export function checkRange(name: string, value: number, least: number, most: number): void {
  if (Number.isFinite(value) && value >= least && value <= most) return;
  throw new RangeError(`Cannot use ${name}: ${value} is not between ${least} and ${most}`);
}

/** The variables that the caller grants, as they are now; one that is not set is left out. */
function readEnv(names: readonly string[]): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of names) {
    try {
      const value = Deno.env.get(name);
      if (value !== undefined) env[name] = value;
    } catch (error) {
      throw new SandboxStartError(
        `Cannot grant env: reading ${name} is not permitted; add --allow-env=${name}`,
        { cause: error },
      );
    }
  }
  return env;
}
