/** The start-up snapshot on disk: a guest's image, then the hash that proves it whole. */
import { fill } from "./read_whole.ts";

/** Marks the file's end, so that a truncated one is seen before it is hashed. */
const MAGIC = "RLMSNAP2";
/** Hash in hex, then the mark. */
const TRAILER = 64 + MAGIC.length;
/** Bytes that are hashed by themselves, by another thread while the next are read; the hash of their hashes is the file's. */
const PIECE = 512 * 1024;

/** A snapshot that was read and found whole. */
export interface Snapshot {
  /** In a buffer of their own, which can be moved. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sha256: string;
}

/** The file's content for an image. */
export async function sealSnapshot(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const trailer = new TextEncoder().encode(await hashOf(bytes) + MAGIC);
  const file = new Uint8Array(bytes.length + TRAILER);
  file.set(bytes);
  file.set(trailer, bytes.length);
  return file;
}

/** The snapshot in a file; null when it is not there, truncated, altered, or something else: Python then starts plain. */
export async function readSnapshot(path: string): Promise<Snapshot | null> {
  try {
    const { bytes, hashes, trailer } = readSealed(path);
    const sha256 = await joinedHash(hashes);
    return trailer === sha256 + MAGIC ? { bytes, sha256 } : null;
  } catch {
    return null;
  }
}

/** What a file says of itself, and what is being found out. */
interface SealedFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly hashes: readonly Promise<ArrayBuffer>[];
  readonly trailer: string;
}

function readSealed(path: string): SealedFile {
  using file = Deno.openSync(path);
  const bytes = new Uint8Array(file.statSync().size - TRAILER);
  const hashes: Promise<ArrayBuffer>[] = [];
  for (let at = 0; at < bytes.length; at += PIECE) {
    const piece = bytes.subarray(at, at + PIECE);
    fill(file, piece);
    hashes.push(digest(piece));
  }
  const trailer = new Uint8Array(TRAILER);
  fill(file, trailer);
  return { bytes, hashes, trailer: new TextDecoder().decode(trailer) };
}

/** Hash in hex, as it stands in the file of these bytes. */
export async function hashOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hashes: Promise<ArrayBuffer>[] = [];
  for (let at = 0; at < bytes.length; at += PIECE) {
    hashes.push(digest(bytes.subarray(at, at + PIECE)));
  }
  return await joinedHash(hashes);
}

async function joinedHash(hashes: readonly Promise<ArrayBuffer>[]): Promise<string> {
  const all = (await Promise.all(hashes)).flatMap((hash) => [...new Uint8Array(hash)]);
  return new Uint8Array(await digest(Uint8Array.from(all))).toHex();
}

function digest(bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", bytes);
}
