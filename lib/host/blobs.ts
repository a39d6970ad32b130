/** Large values on the wire: sent in chunks ahead of the message that names them, put together on arrival. */
import type { BlobType, Chunk } from "../../sandbox/framing.ts";
import { ErrorCode, Limits } from "../../sandbox/protocol.ts";
import type { RpcPeer } from "../../sandbox/rpc_peer.ts";
import { ProtocolError } from "../errors.ts";
import type { Blob } from "./values.ts";

/** UTF-16 units that are encoded at a time; each is at most three bytes, so the result fits one chunk. */
const SLICE = Math.floor(Limits.chunkBytes / 3);

/**
 * Sends one large value. A text is encoded piece by piece, so that no second copy of it is ever whole.
 * Rejects when the signal aborts, also while the other side doesn't read.
 */
export async function sendBlob(
  peer: RpcPeer,
  { id, value }: Blob,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const { type, total, pieces } = typeof value === "string" ? textBlob(value) : bytesBlob(value);
  let offset = 0;
  for (const bytes of pieces) {
    const { length } = bytes;
    await peer.sendChunk({ blob: id, type, offset, total, bytes }, options);
    offset += length;
  }
}

/** A large value on its way: its pieces are made when they are asked for. */
interface Outgoing {
  readonly type: BlobType;
  readonly total: number;
  readonly pieces: Iterable<Uint8Array<ArrayBuffer>>;
}

function textBlob(value: string): Outgoing {
  const type = isAscii(value) ? "ascii" : "utf8";
  const total = type === "ascii" ? value.length : utf8Length(value);
  return { type, total, pieces: utf8Pieces(value) };
}

function bytesBlob(value: Uint8Array): Outgoing {
  return { type: "bytes", total: value.length, pieces: bytePieces(value) };
}

function* bytePieces(value: Uint8Array): Generator<Uint8Array<ArrayBuffer>> {
  for (let offset = 0; offset < value.length; offset += Limits.chunkBytes) {
    yield new Uint8Array(value.subarray(offset, offset + Limits.chunkBytes));
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

/** Large values that may wait at once, however small they are. */
const MAX_HELD = Limits.openCalls;

/** Large values that arrive from the guest, until the message that names them takes them. */
export class BlobStore {
  readonly #limit: number;
  readonly #blobs = new Map<number, { bytes: Uint8Array<ArrayBuffer>; filled: number }>();
  #held = 0;

  /** `limit`: bytes that may be held at once; a guest that sends more is ended. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes one chunk; throws `ProtocolError` when it is out of place or too much. */
  add({ blob, offset, total, bytes }: Chunk): void {
    const entry = this.#blobs.get(blob) ?? this.#open(blob, total);
    const { length } = entry.bytes;
    if (offset !== entry.filled || total !== length || offset + bytes.length > length) {
      throw new ProtocolError(
        `Cannot take chunk: bytes ${offset} to ${offset + bytes.length} of ${total} ` +
          `where ${entry.filled} of ${length} was due`,
        ErrorCode.invalidRequest,
      );
    }
    entry.bytes.set(bytes, offset);
    entry.filled += bytes.length;
  }

  /** Gives a whole value up, once; throws `ProtocolError` when it is not there. */
  take(id: number): Uint8Array<ArrayBuffer> {
    const entry = this.#blobs.get(id);
    if (!entry || entry.filled < entry.bytes.length) {
      throw new ProtocolError(
        `Cannot take value ${id}: it has not arrived`,
        ErrorCode.invalidParams,
      );
    }
    this.#blobs.delete(id);
    this.#held -= entry.bytes.length;
    return entry.bytes;
  }

  /** Lets go of what nobody took: a call that failed early never asks for its values. */
  clear(): void {
    this.#blobs.clear();
    this.#held = 0;
  }

  #open(blob: number, total: number): { bytes: Uint8Array<ArrayBuffer>; filled: number } {
    if (this.#held + total > this.#limit || this.#blobs.size >= MAX_HELD) {
      throw new ProtocolError(
        `Cannot take value: ${total} bytes beside ${this.#held} in ${this.#blobs.size} values, ` +
          `limits ${this.#limit} and ${MAX_HELD}`,
        ErrorCode.tooLarge,
      );
    }
    const entry = { bytes: new Uint8Array(total), filled: 0 };
    this.#blobs.set(blob, entry);
    this.#held += total;
    return entry;
  }
}
