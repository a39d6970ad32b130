/** Where Python runs: what a caller may ask for, and how a child of each kind is started. */
import { GATEWAY } from "../../sandbox/runner.ts";
import { SandboxStartError } from "../errors.ts";
import type { Child } from "./child.ts";
import { childCommand, type ReadableFiles } from "./permissions.ts";
import type { SandboxBackend, SandboxOptions } from "./sandbox.ts";
import { spawnChild } from "./subprocess.ts";
import { startThread } from "./thread.ts";

/** The kinds of child. */
export type BackendKind = "subprocess" | "worker";

/** What a child of either kind is started with. */
export interface StartChildOptions extends ReadableFiles {
  readonly backend: BackendKind;
  readonly denoPath: string;
  readonly memoryMb: number;
}

/** Starts the process or the worker in which a guest is to run. */
export async function startChild(options: StartChildOptions, token: string): Promise<Child> {
  const { backend, denoPath } = options;
  if (backend === "worker") return await startThread(options);
  return spawnChild(denoPath, childCommand({ ...options, program: GATEWAY }), token);
}

/**
 * Reads the kind of backend. A worker is refused whose caller does not say that the flag is on, as Deno would end the program
 * without it; so is what a worker cannot keep.
 */
export function readBackend({ backend = "subprocess", net = [] }: SandboxOptions): BackendKind {
  if (backend === "subprocess") return backend;
  if (!isWorkerBackend(backend)) {
    throw new SandboxStartError(
      `Cannot use backend ${
        Deno.inspect(backend)
      }: give "subprocess", or, in a program that runs with ` +
        `--unstable-worker-options, { kind: "worker", unstableWorkerOptions: true }`,
    );
  }
  if (net.length > 0) {
    throw new SandboxStartError(
      `Cannot grant net to ${JSON.stringify(net[0])}: in a worker Deno does not keep private ` +
        `addresses out; give the guest a tool that fetches, or use the backend "subprocess"`,
    );
  }
  return backend.kind;
}

/** Types do not hold for callers in JavaScript, and a mistake here would end their program. */
function isWorkerBackend(backend: unknown): backend is Exclude<SandboxBackend, string> {
  return typeof backend === "object" && backend !== null &&
    Reflect.get(backend, "kind") === "worker" &&
    Reflect.get(backend, "unstableWorkerOptions") === true;
}
