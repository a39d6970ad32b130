/** Large values on the wire: sent in chunks ahead of the message that names them, put together on arrival. */
import type { Chunk } from "../../sandbox/framing.ts";
import { Limits } from "../../sandbox/protocol.ts";
import type { RpcPeer } from "../../sandbox/rpc_peer.ts";
import type { Blob } from "./values.ts";

/** UTF-16 units that are encoded at a time; each is at most three bytes, so the result fits one chunk. */
const SLICE = Math.floor(Limits.chunkBytes / 3);

/** Sends one large value. A text is encoded piece by piece, so that no second copy of it is ever whole. */
export async function sendBlob(peer: RpcPeer, { id, value }: Blob): Promise<void> {
  if (typeof value !== "string") return await sendBytes(peer, id, value);
  const type = isAscii(value) ? "ascii" : "utf8";
  const total = type === "ascii" ? value.length : utf8Length(value);
  let offset = 0;
  for (const bytes of utf8Pieces(value)) {
    await peer.sendChunk({ blob: id, type, offset, total, bytes });
    offset += bytes.length;
  }
}

async function sendBytes(peer: RpcPeer, blob: number, value: Uint8Array): Promise<void> {
  const total = value.length;
  for (let offset = 0; offset < total; offset += Limits.chunkBytes) {
    const bytes = value.slice(offset, offset + Limits.chunkBytes);
    await peer.sendChunk({ blob, type: "bytes", offset, total, bytes });
  }
}

/** Whether every character is one byte of UTF-8: Python then needs no decoding. */
function isAscii(text: string): boolean {
  return /^\p{ASCII}*$/u.test(text);
}

function utf8Length(text: string): number {
  const scratch = new Uint8Array(Limits.chunkBytes);
  const encoder = new TextEncoder();
  let length = 0;
  for (const slice of slices(text)) length += encoder.encodeInto(slice, scratch).written;
  return length;
}

function* utf8Pieces(text: string): Generator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  for (const slice of slices(text)) yield encoder.encode(slice);
}

/** The text in slices that end between characters, never inside a surrogate pair. */
function* slices(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    let end = Math.min(start + SLICE, text.length);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last <= 0xdbff) end--;
    yield text.slice(start, end);
    start = end;
  }
}

/** Large values that arrive from the guest, until the message that names them takes them. */
export class BlobStore {
  readonly #limit: number;
  readonly #blobs = new Map<number, { bytes: Uint8Array<ArrayBuffer>; filled: number }>();
  #held = 0;

  /** `limit`: bytes that may be held at once; a guest that sends more is ended. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes one chunk; throws a `RangeError` when it is out of place or too much. */
  add({ blob, offset, total, bytes }: Chunk): void {
    let entry = this.#blobs.get(blob);
    if (!entry) {
      if (this.#held + total > this.#limit) {
        throw new RangeError(`Cannot take value: ${total} bytes, limit ${this.#limit}`);
      }
      entry = { bytes: new Uint8Array(total), filled: 0 };
      this.#held += total;
      this.#blobs.set(blob, entry);
    }
    if (offset !== entry.filled || offset + bytes.length > entry.bytes.length) {
      throw new RangeError(`Cannot take chunk: offset ${offset} where ${entry.filled} was due`);
    }
    entry.bytes.set(bytes, offset);
    entry.filled += bytes.length;
  }

  /** Gives a whole value up, once. */
  take(id: number): Uint8Array<ArrayBuffer> {
    const entry = this.#blobs.get(id);
    if (!entry || entry.filled < entry.bytes.length) {
      throw new RangeError(`Cannot take value ${id}: it has not arrived`);
    }
    this.#blobs.delete(id);
    this.#held -= entry.bytes.length;
    return entry.bytes;
  }
}
