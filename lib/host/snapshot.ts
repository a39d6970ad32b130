/** The start-up snapshot in the cache folder: what it is called there, and how it gets there. */
import { WORKER } from "../../sandbox/runner.ts";
import { sealSnapshot } from "../../sandbox/snapshot_file.ts";
import { replaceFile } from "./cache_file.ts";
import { mayRead } from "./may_read.ts";
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

/** Stores a snapshot, whole or not at all; a reason why it could not be stored is returned and not thrown. */
export async function storeSnapshot(
  file: string,
  memory: Uint8Array<ArrayBuffer>,
): Promise<Error | null> {
  const failure = await replaceFile(file, await sealSnapshot(memory));
  if (failure !== null) return failure;
  await removeUnused(file).catch(() => {
    // What could not be removed now may be when the next version comes.
  });
  return null;
}

/** Days after which a file that was neither written nor, where the system keeps count of that, read is no longer of use. */
const UNUSED_DAYS = 30;

/** Removes what other versions left beside `file`. Who needs one of them all the same makes it anew. */
async function removeUnused(file: string): Promise<void> {
  const [folder, name] = [
    file.slice(0, file.lastIndexOf("/")),
    file.slice(file.lastIndexOf("/") + 1),
  ];
  if (!await mayRead(folder)) return;
  const limit = Date.now() - UNUSED_DAYS * 24 * 60 * 60 * 1_000;
  for (const other of await listCached(folder)) {
    if (other.name !== name && other.usedAt < limit) await Deno.remove(`${folder}/${other.name}`);
  }
}

/** A file of the cache folder. */
export interface CachedFile {
  readonly name: string;
  readonly bytes: number;
  /** When it was last written or read, in milliseconds since 1970. */
  readonly usedAt: number;
}

/** What the cache folder may hold, drafts that were never finished included. */
const CACHED = /^(snapshot-[0-9a-f]{32}\.bin|wheel-[0-9a-f]{64}\.whl)(\.[0-9a-f-]{36})?$/;

/** The snapshots, of every version, and the downloaded wheels in a folder. */
export async function listCached(folder: string): Promise<CachedFile[]> {
  const files: CachedFile[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (!isFile || !CACHED.test(name)) continue;
      const { size, atime, mtime } = await Deno.stat(`${folder}/${name}`);
      files.push({ name, bytes: size, usedAt: Math.max(Number(atime), Number(mtime)) });
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return files.sort((a, b) => a.name < b.name ? -1 : 1);
}

/** Removes them and tells which; one that is gone already does not matter. */
export async function clearCached(folder: string): Promise<CachedFile[]> {
  const files = await listCached(folder);
  for (const { name } of files) {
    await Deno.remove(`${folder}/${name}`).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
  return files;
}
