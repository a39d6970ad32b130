/** The two ways to get a sandbox of one's own. */
import { decodeCheckpoint } from "./checkpoint.ts";
import type { Sandbox, SandboxOptions } from "./sandbox.ts";
import { SandboxSession } from "./session.ts";
import { readSettings } from "./settings.ts";
import { guestKey } from "./snapshot.ts";

/**
 * Starts a sandbox: a Deno subprocess without permissions that runs Python.
 *
 * The first start on a machine takes seconds and leaves a snapshot in the cache folder; every later
 * one takes a fraction of a second. The calling program needs `--allow-run` for Deno, or a {@linkcode WorkerBackend};
 * where it may not write the cache folder, each start is a slow one.
 *
 * @throws {SandboxStartError} When it does not start; the message ends with the remedy.
 * @throws {RangeError} When an option is out of range.
 *
 * @example Run Python and read what it printed
 * ```ts
 * import { createSandbox } from "@rlm/rlm/sandbox";
 *
 * await using sandbox = await createSandbox({ timeoutMs: 5_000 });
 * await sandbox.bind({ words: ["to", "be", "or", "not", "to", "be"] });
 * const cell = await sandbox.execute("print(len(set(words)))");
 * console.log(cell.stdout); // 4
 * ```
 */
export async function createSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  return await SandboxSession.start(await readSettings(options), { signal: options.signal });
}

/**
 * Starts a sandbox with the memory that a checkpoint saved: variables, functions, classes, imports and
 * half-consumed generators. Tools are bound anew by name.
 *
 * @throws {SandboxError} When the checkpoint is not one, or was made by another version.
 *
 * @example Save a guest and go on elsewhere
 * ```ts
 * import { createSandbox, restoreSandbox } from "@rlm/rlm/sandbox";
 *
 * await using first = await createSandbox();
 * await first.execute("squares = (n * n for n in range(10)); next(squares); next(squares)");
 * const saved = await first.checkpoint();
 *
 * await using second = await restoreSandbox(saved);
 * console.log((await second.execute("next(squares)")).value); // 4
 * ```
 */
export async function restoreSandbox(
  checkpoint: Uint8Array,
  options: SandboxOptions = {},
): Promise<Sandbox> {
  return await SandboxSession.start(await readSettings(options), {
    checkpoint: decodeCheckpoint(checkpoint, await guestKey()),
    signal: options.signal,
  });
}
