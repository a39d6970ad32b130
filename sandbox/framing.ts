/**
 * Frames ↔ bytes: the base framing of the Language Server Protocol. A header block with `Content-Length`
 * and a blank line comes before each body, so a reader knows every size before it takes a byte of it.
 *
 * Two kinds of body: a JSON-RPC message, and a raw chunk of a large value (`Blob`, `Type`, `Offset` and
 * `Total` headers). Frames of the child also carry `Token` and `Sequence`: the token is known to the gateway
 * realm alone, so a frame that guest code managed to write to the pipe is told from a real one.
 */
import type { ByteSource } from "./byte_source.ts";
import { ErrorCode, Limits } from "./protocol.ts";

/** One unit of the wire. `garbled` is a message whose bytes are not UTF-8; the stream itself is still in step. */
export type Frame =
  | { readonly kind: "message"; readonly text: string }
  | { readonly kind: "garbled" }
  | Chunk;

/** What a large value is for who receives it: `ascii` is text that needs no decoding. What the guest sends is `bytes`. */
export type BlobType = "ascii" | "utf8" | "bytes";

/** A piece of a large value. Pieces of one blob come in order, from offset 0 to `total` bytes. */
export interface Chunk {
  readonly kind: "chunk";
  readonly blob: number;
  readonly type: BlobType;
  readonly offset: number;
  readonly total: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The stream can't be read further: what follows can't be told from noise. */
export class FramingError extends Error {
  override name = "FramingError";
  /** One of {@linkcode ErrorCode}. */
  readonly code: number;
  constructor(message: string, code: number = ErrorCode.invalidRequest) {
    super(message);
    this.code = code;
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });
const CHUNK_TYPE = "application/octet-stream";

/** Turns frames into bytes and numbers them; with a token, seals each frame with both. */
export class FrameEncoder {
  readonly #token: string | null;
  #sequence = 0;

  constructor(token: string | null = null) {
    this.#token = token;
  }

  /** The parts to write, in order; a chunk's bytes are passed on without a copy. */
  encode(frame: Exclude<Frame, { kind: "garbled" }>): Uint8Array[] {
    const seal = this.#token === null
      ? ""
      : `Token: ${this.#token}\r\nSequence: ${this.#sequence++}\r\n`;
    if (frame.kind === "chunk") {
      const { blob, type, offset, total, bytes } = frame;
      const head = `Content-Length: ${bytes.length}\r\nContent-Type: ${CHUNK_TYPE}\r\n` +
        `Blob: ${blob}\r\nType: ${type}\r\nOffset: ${offset}\r\nTotal: ${total}\r\n${seal}\r\n`;
      return [encoder.encode(head), bytes];
    }
    const body = encoder.encode(frame.text);
    const head = encoder.encode(`Content-Length: ${body.length}\r\n${seal}\r\n`);
    const whole = new Uint8Array(head.length + body.length);
    whole.set(head);
    whole.set(body, head.length);
    return [whole];
  }
}

/**
 * Writes one frame; resolves when the stream can take the next. Its parts are queued at once, so that no other
 * frame comes between them.
 */
export async function writeFrame(
  writer: WritableStreamDefaultWriter<Uint8Array>,
  parts: readonly Uint8Array[],
): Promise<void> {
  await Promise.all(parts.map((part) => writer.write(part)));
}

/** Reads frames from bytes until they end; throws {@linkcode FramingError} where it can't go on. */
export async function* decodeFrames(
  source: ByteSource,
  token: string | null = null,
): AsyncGenerator<Frame> {
  const input = new ByteQueue(source);
  try {
    for (let sequence = 0;; sequence++) {
      const head = await input.headers();
      if (head === null) return;
      const headers = parseHeaders(head);
      if (token !== null) checkSeal(headers, token, sequence);
      const { length, chunk } = announced(headers);
      // Mostly the whole frame has come, and each wait that is none costs a little all the same.
      const bytes = input.takeNow(length) ?? await input.take(length);
      yield chunk === null ? toMessage(bytes) : { ...chunk, bytes };
    }
  } finally {
    await source.cancel();
  }
}

/** The body that headers announce: its size, checked against the limit of its kind, and what else a chunk is. */
function announced(
  headers: Map<string, string>,
): { length: number; chunk: Omit<Chunk, "bytes"> | null } {
  const length = integerHeader(headers, "content-length");
  if (headers.get("content-type") !== CHUNK_TYPE) {
    if (length > Limits.messageBytes) throw tooLarge("message", length, Limits.messageBytes);
    return { length, chunk: null };
  }
  if (length > Limits.chunkBytes) throw tooLarge("chunk", length, Limits.chunkBytes);
  const blob = integerHeader(headers, "blob");
  const type = headers.get("type");
  if (!isBlobType(type)) {
    throw new FramingError(`Cannot read header type: ${excerpt(type ?? "missing")}`);
  }
  const offset = integerHeader(headers, "offset");
  const total = integerHeader(headers, "total");
  if (offset + length > total) {
    throw new FramingError(`Cannot take chunk: bytes ${offset} to ${offset + length} of ${total}`);
  }
  return { length, chunk: { kind: "chunk", blob, type, offset, total } };
}

function toMessage(bytes: Uint8Array): Frame {
  try {
    return { kind: "message", text: decoder.decode(bytes) };
  } catch {
    return { kind: "garbled" };
  }
}

/** `Name: value` lines as a map with lower-case names. */
function parseHeaders(block: string): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of block.split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon < 1) throw new FramingError(`Cannot read header: ${excerpt(line)}`);
    const name = line.slice(0, colon).trim().toLowerCase();
    if (headers.has(name)) throw new FramingError(`Cannot read header: ${name} is given twice`);
    headers.set(name, line.slice(colon + 1).trim());
  }
  return headers;
}

/** Whether a value, of a header or from another realm, is a type of blob. */
export function isBlobType(type: unknown): type is BlobType {
  return type === "ascii" || type === "utf8" || type === "bytes";
}

/** A header that must be a plain decimal number. */
function integerHeader(headers: Map<string, string>, name: string): number {
  const text = headers.get(name);
  if (text === undefined || !/^\d{1,12}$/.test(text)) {
    throw new FramingError(`Cannot read header ${name}: ${excerpt(text ?? "missing")}`);
  }
  return Number(text);
}

/** Refuses a frame that the gateway did not write: wrong token, or out of its place in the sequence. */
function checkSeal(headers: Map<string, string>, token: string, sequence: number): void {
  if (headers.get("token") !== token) throw new FramingError("Cannot trust frame: wrong token");
  if (headers.get("sequence") !== String(sequence)) {
    throw new FramingError(
      `Cannot trust frame: sequence ${
        excerpt(headers.get("sequence") ?? "missing")
      } where ${sequence} was due`,
    );
  }
}

function tooLarge(what: string, length: number, limit: number): FramingError {
  return new FramingError(
    `Cannot take ${what}: ${length} bytes, limit ${limit}`,
    ErrorCode.tooLarge,
  );
}

function excerpt(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

/** Bytes that have arrived and were not yet taken; asks the source for more only when it must. */
class ByteQueue {
  readonly #source: ByteSource;
  /** A view of the source's own memory, so nothing of it may be left when the source is asked again. */
  #pending: Uint8Array = new Uint8Array(0);

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** The next header block without its blank line, or null when the stream ended between frames. */
  async headers(): Promise<string | null> {
    for (let searched = 0;;) {
      const end = findBlankLine(this.#pending, searched);
      if (end >= 0 && end <= Limits.headerBytes) {
        const block = this.#pending.subarray(0, end);
        this.#pending = this.#pending.subarray(end + 4);
        return Reflect.apply(String.fromCharCode, undefined, block);
      }
      if (this.#pending.length > Limits.headerBytes) {
        throw new FramingError(
          `Cannot read headers: no blank line in ${Limits.headerBytes} bytes`,
          ErrorCode.tooLarge,
        );
      }
      searched = Math.max(0, this.#pending.length - 3);
      const begun = this.#pending.slice();
      const more = await this.#source.read();
      if (more === null) {
        if (begun.length === 0) return null;
        throw new FramingError("Cannot read headers: the stream ended inside a frame");
      }
      this.#pending = begun.length === 0 ? more : join(begun, more);
    }
  }

  /** Exactly `length` bytes in memory of their own, or null when they have not all come. */
  takeNow(length: number): Uint8Array<ArrayBuffer> | null {
    if (this.#pending.length < length) return null;
    const body = new Uint8Array(this.#pending.subarray(0, length));
    this.#pending = this.#pending.subarray(length);
    return body;
  }

  /** The same, when they have come. */
  async take(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const body = new Uint8Array(length);
    let filled = 0;
    while (true) {
      const part = this.#pending.subarray(0, length - filled);
      body.set(part, filled);
      filled += part.length;
      this.#pending = this.#pending.subarray(part.length);
      if (filled === length) return body;
      const more = await this.#source.read();
      if (more === null) {
        throw new FramingError("Cannot read body: the stream ended inside a frame");
      }
      this.#pending = more;
    }
  }
}

/** Index of `\r\n\r\n` at or after `from`, or -1. */
function findBlankLine(bytes: Uint8Array, from: number): number {
  for (let i = bytes.indexOf(13, from); i >= 0; i = bytes.indexOf(13, i + 1)) {
    if (bytes[i + 1] === 10 && bytes[i + 2] === 13 && bytes[i + 3] === 10) return i;
  }
  return -1;
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}
