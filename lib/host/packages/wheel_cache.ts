/**
 * Wheels that were downloaded, kept in the cache folder by their hashes. A file there is taken only if it has the hash
 * that it is called by, so nobody who may write the folder can put another in its place.
 */
import { replaceFile } from "../cache_file.ts";
import { mayRead } from "../may_read.ts";
import { hashOf } from "./wheel.ts";

/** A wheel that was kept, or null. */
export async function keptWheel(
  folder: string,
  sha256: string,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const file = fileOf(folder, sha256);
  if (!await mayRead(file)) return null;
  try {
    const wheel = await Deno.readFile(file);
    return await hashOf(wheel) === sha256 ? wheel : null;
  } catch {
    return null;
  }
}

/** Keeps a wheel, if it is the right one and the folder may be written; a failure costs the next download and nothing else. */
export async function keepWheel(
  folder: string,
  sha256: string,
  wheel: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const file = fileOf(folder, sha256);
  if (await hashOf(wheel) !== sha256 || !await mayWrite(file)) return;
  await replaceFile(file, wheel);
}

function fileOf(folder: string, sha256: string): string {
  return `${folder.replace(/[\\/]*$/, "")}/wheel-${sha256}.whl`;
}

/** Whether a file may be written without asking the user, whom a cache is not worth a question. */
async function mayWrite(path: string): Promise<boolean> {
  return (await Deno.permissions.query({ name: "write", path })).state === "granted";
}
