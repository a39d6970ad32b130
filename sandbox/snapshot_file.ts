/** The start-up snapshot on disk: a guest's memory, then the hash that proves it whole. */

/** Marks the file's end, so that a truncated one is seen before it is hashed. */
const MAGIC = "RLMSNAP1";
/** Hash in hex, then the mark. */
const TRAILER = 64 + MAGIC.length;

/** A snapshot that was read and found whole. */
export interface Snapshot {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sha256: string;
}

/** The file's content for a memory. */
export async function sealSnapshot(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const trailer = new TextEncoder().encode(await sha256(bytes) + MAGIC);
  const file = new Uint8Array(bytes.length + TRAILER);
  file.set(bytes);
  file.set(trailer, bytes.length);
  return file;
}

/** The memory in a file, or null when the file is truncated, altered, or something else. */
export async function openSnapshot(file: Uint8Array<ArrayBuffer>): Promise<Snapshot | null> {
  const end = file.length - TRAILER;
  if (end <= 0) return null;
  const trailer = new TextDecoder().decode(file.subarray(end));
  if (!trailer.endsWith(MAGIC)) return null;
  const bytes = file.subarray(0, end);
  const hash = await sha256(bytes);
  return trailer.startsWith(hash) ? { bytes, sha256: hash } : null;
}

/** The snapshot in a file, or null when it is not there or not whole: Python then starts plain. */
export async function readSnapshot(path: string): Promise<Snapshot | null> {
  try {
    return await openSnapshot(await Deno.readFile(path));
  } catch {
    return null;
  }
}

/** Hash in hex. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
