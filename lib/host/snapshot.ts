/** The start-up snapshot in the cache folder: what it is called there, and how it gets there. */
import { WORKER } from "../../sandbox/runner.ts";
import { sealSnapshot } from "../../sandbox/snapshot_file.ts";
import { PYODIDE_VERSION } from "./pyodide_files.ts";

/** The file for this Pyodide, this guest program and this Deno; another version of any of them has another file. */
export async function snapshotFile(folder: string): Promise<string> {
  return `${folder.replace(/[\\/]*$/, "")}/snapshot-${await guestKey()}.bin`;
}

/** Hash of everything that makes a guest's memory what it is. */
export async function guestKey(): Promise<string> {
  const text = [PYODIDE_VERSION, Deno.version.deno, Deno.version.v8, Deno.build.arch, WORKER].join(
    "\n",
  );
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(hash).toHex().slice(0, 32);
}

/**
 * Stores a snapshot, whole or not at all. Two processes may do it at once: each writes a file of its
 * own and the last rename stays. A folder that can't be written costs the next start seconds and
 * nothing else, so the reason is returned and not thrown.
 */
export async function storeSnapshot(
  file: string,
  memory: Uint8Array<ArrayBuffer>,
): Promise<Error | null> {
  const draft = `${file}.${crypto.randomUUID()}`;
  try {
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeFile(draft, await sealSnapshot(memory));
    await Deno.rename(draft, file);
    return null;
  } catch (error) {
    await Deno.remove(draft).catch(() => {});
    return error instanceof Error ? error : new Error(String(error));
  }
}
