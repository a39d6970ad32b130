/**
 * A zip archive as its directory tells it. Nothing is unpacked but what the directory lists, and nothing grows beyond the
 * size that stands there. Encrypted, split and larger than 4 GiB archives are refused, and so are links.
 */

/** One file of an archive. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes when it is unpacked. */
  readonly size: number;
  /** Whether it is a link. */
  readonly isLink: boolean;
  readonly isCompressed: boolean;
  readonly packed: Uint8Array<ArrayBuffer>;
}

const END_MARK = 0x06054b50;
const END_BYTES = 22;
const MAX_COMMENT = 0xffff;
const ENTRY_MARK = 0x02014b50;
const ENTRY_BYTES = 46;
const FILE_MARK = 0x04034b50;
const FILE_BYTES = 30;
/** Stands for a number that is elsewhere, in an archive of more than 4 GiB. */
const ELSEWHERE = 0xffffffff;
const STORED = 0;
const DEFLATED = 8;

/** Lists the files of an archive; throws a `RangeError` that says what is wrong with one. */
export function readZip(bytes: Uint8Array<ArrayBuffer>): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = findEnd(view);
  const count = view.getUint16(end + 10, true);
  const entries: ZipEntry[] = [];
  let at = view.getUint32(end + 16, true);
  for (let index = 0; index < count; index++) {
    if (at + ENTRY_BYTES > end || view.getUint32(at, true) !== ENTRY_MARK) throw damaged();
    const nameLength = view.getUint16(at + 28, true);
    const entry = readEntry(bytes, view, at, nameLength);
    if (!entry.name.endsWith("/")) entries.push(entry);
    at += ENTRY_BYTES + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

/** Unpacks a file; throws a `RangeError` when it is not of the size that the directory tells. */
export async function unpack(entry: ZipEntry): Promise<Uint8Array<ArrayBuffer>> {
  if (!entry.isCompressed) {
    if (entry.packed.length !== entry.size) throw wrongSize(entry);
    return entry.packed.slice();
  }
  const bytes = new Uint8Array(entry.size);
  const stream = new Blob([entry.packed]).stream().pipeThrough(
    new DecompressionStream("deflate-raw"),
  );
  let at = 0;
  try {
    for await (const part of stream) {
      if (at + part.length > bytes.length) throw wrongSize(entry);
      bytes.set(part, at);
      at += part.length;
    }
  } catch (error) {
    throw error instanceof RangeError ? error : damaged();
  }
  if (at !== bytes.length) throw wrongSize(entry);
  return bytes;
}

/** Where the record at the archive's end begins; a comment may follow it. */
function findEnd(view: DataView): number {
  const last = view.byteLength - END_BYTES;
  for (let at = last; at >= Math.max(0, last - MAX_COMMENT); at--) {
    if (
      view.getUint32(at, true) === END_MARK &&
      at + END_BYTES + view.getUint16(at + 20, true) === view.byteLength
    ) {
      return at;
    }
  }
  throw new RangeError("it is no zip archive, or only the beginning of one");
}

function readEntry(
  bytes: Uint8Array<ArrayBuffer>,
  view: DataView,
  at: number,
  nameLength: number,
): ZipEntry {
  const flags = view.getUint16(at + 8, true);
  const method = view.getUint16(at + 10, true);
  const packedSize = view.getUint32(at + 20, true);
  const size = view.getUint32(at + 24, true);
  const offset = view.getUint32(at + 42, true);
  if ((flags & 1) !== 0) throw new RangeError("it is encrypted");
  if (method !== STORED && method !== DEFLATED) {
    throw new RangeError(`it is compressed by method ${method}, which is not known here`);
  }
  if ([packedSize, size, offset].includes(ELSEWHERE)) throw new RangeError("it is a zip64 archive");
  const name = bytes.subarray(at + ENTRY_BYTES, at + ENTRY_BYTES + nameLength);
  return {
    name: decodeName(name),
    size,
    // The upper half holds what Unix knows of the file, if Unix made the archive.
    isLink: (view.getUint16(at + 40, true) & 0o170000) === 0o120000,
    isCompressed: method === DEFLATED,
    packed: packedBytes(bytes, view, offset, packedSize),
  };
}

function packedBytes(
  bytes: Uint8Array<ArrayBuffer>,
  view: DataView,
  offset: number,
  size: number,
): Uint8Array<ArrayBuffer> {
  if (offset + FILE_BYTES > bytes.length || view.getUint32(offset, true) !== FILE_MARK) {
    throw damaged();
  }
  const start = offset + FILE_BYTES + view.getUint16(offset + 26, true) +
    view.getUint16(offset + 28, true);
  if (start + size > bytes.length) throw damaged();
  return bytes.subarray(start, start + size);
}

function decodeName(name: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(name);
  } catch {
    throw new RangeError("the name of a file in it is not UTF-8");
  }
}

function damaged(): RangeError {
  return new RangeError("it is damaged");
}

function wrongSize({ name, size }: ZipEntry): RangeError {
  return new RangeError(
    `${JSON.stringify(name)} in it does not have the ${size} bytes that it should`,
  );
}
