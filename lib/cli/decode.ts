/**
 * Bytes of a context → text, by one stated rule: gzip is unpacked; a document gives its text; a byte order mark decides; else
 * UTF-8; else, if there is a NUL byte, the content stays bytes; else Windows-1252, which never fails.
 */
import { readDocument } from "./documents.ts";
import { UsageError } from "./usage_error.ts";

/** Decoded content, and in words what was done to it beyond reading UTF-8. */
export interface Decoded {
  readonly value: string | Uint8Array;
  readonly note: string | null;
}

/** Decodes what came from `origin`; `maxBytes` also bounds what gzip unpacks to. */
export async function decode(
  bytes: Uint8Array<ArrayBuffer>,
  origin: string,
  maxBytes: number,
): Promise<Decoded> {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    const unpacked = decodePlain(await gunzip(bytes, origin, maxBytes));
    return {
      value: unpacked.value,
      note: ["unpacked from gzip", unpacked.note].filter(Boolean).join(", "),
    };
  }
  const document = await readDocument(bytes, origin);
  if (document === null) return decodePlain(bytes);
  if (document.text.length > maxBytes) throw tooLarge(origin, maxBytes);
  return { value: document.text, note: document.note };
}

/** Applies the rule to content that is not compressed. */
function decodePlain(bytes: Uint8Array): Decoded {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) {
    return { value: new TextDecoder("utf-16le").decode(bytes), note: "read as UTF-16" };
  }
  if (bytes[0] === 0xfe && bytes[1] === 0xff) {
    return { value: new TextDecoder("utf-16be").decode(bytes), note: "read as UTF-16" };
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (!text.includes("\0")) return { value: text, note: null };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    if (!bytes.includes(0)) {
      const text = new TextDecoder("windows-1252").decode(bytes);
      return { value: text, note: "not UTF-8, read as Windows-1252" };
    }
  }
  return { value: bytes, note: "not text, bound as bytes" };
}

/** Unpacks gzip, and stops a small file that would grow beyond the cap. */
async function gunzip(
  bytes: Uint8Array<ArrayBuffer>,
  origin: string,
  maxBytes: number,
): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  try {
    return await readAtMost(stream, origin, maxBytes);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`cannot read ${origin}: its gzip data is damaged, check it with gzip -t`, {
      cause: error,
    });
  }
}

/** Collects a stream, and refuses the byte after `maxBytes`. */
export async function readAtMost(
  stream: ReadableStream<Uint8Array>,
  origin: string,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > maxBytes) throw tooLarge(origin, maxBytes);
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/** The refusal of content that passes the cap. */
export function tooLarge(origin: string, maxBytes: number): UsageError {
  const megabytes = Math.round(maxBytes / 1024 / 1024 * 10) / 10;
  return new UsageError(
    `cannot take ${origin}: more than ${megabytes} MB, give less or raise --max-context-mb`,
  );
}
