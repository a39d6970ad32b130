/**
 * A guest as one piece of bytes: the pages of its memory, what Pyodide notes beside it, and the code that V8 made of
 * Pyodide's programs. The start-up snapshot is one from which the next start begins; in a checkpoint the pages are only
 * those that differ from the snapshot's, and there is no code.
 */
import { changedPages, copyPages, type MemoryPages, type MemoryUse, PAGE } from "./memory_pages.ts";

/** Lengths of the memory, of the list of pages, of the notes and of the code, each as four bytes. */
const HEAD = 16;

/** Bytes that the notes may have: no guest has needed a hundredth of them. */
const NOTE_BYTES = 16 * 1024 ** 2;

/** Most bytes that an image without code has, of a memory of so many. */
export function imageBytes(memoryBytes: number): number {
  return HEAD + memoryBytes + 4 * Math.ceil(memoryBytes / PAGE) + NOTE_BYTES;
}

/** An image that was opened; its parts are views of its bytes. */
export interface StartImage {
  readonly pages: MemoryPages;
  /** What Pyodide keeps beside the memory: which object of JavaScript each reference in it means. */
  readonly notes: Uint8Array<ArrayBuffer>;
  readonly code: Uint8Array<ArrayBuffer>;
}

/** What an image is made of. */
export interface ImageSource {
  /** The guest's memory, in whole pages. */
  readonly memory: Uint8Array;
  readonly use: MemoryUse;
  /** The memory that it is described as a difference from. */
  readonly base: MemoryPages;
  readonly notes: Uint8Array;
  readonly code: Uint8Array;
}

/** An image as bytes. */
export function packImage(source: ImageSource): Uint8Array<ArrayBuffer> {
  const { memory, use, base, notes, code } = source;
  const numbers = changedPages(memory, base, use);
  const start = HEAD + numbers.byteLength;
  const end = start + numbers.length * PAGE;
  const bytes = new Uint8Array(end + notes.length + code.length);
  const figures = new Uint32Array(bytes.buffer, 0, start / 4);
  figures.set([memory.length, numbers.length, notes.length, code.length]);
  figures.set(numbers, HEAD / 4);
  copyPages(memory, base, { numbers, contents: bytes.subarray(start, end) });
  bytes.set(notes, end);
  bytes.set(code, end + notes.length);
  return bytes;
}

/** The parts again; throws a `RangeError` when the figures do not fit the bytes. */
export function openImage(bytes: Uint8Array<ArrayBuffer>): StartImage {
  if (bytes.length < HEAD) throw damaged(`${bytes.length} bytes`);
  const { buffer, byteOffset } = bytes;
  const [length = 0, count = 0, noteBytes = 0, codeBytes = 0] = new Uint32Array(
    buffer,
    byteOffset,
    HEAD / 4,
  );
  const start = HEAD + 4 * count;
  const end = start + count * PAGE;
  if (end + noteBytes + codeBytes > bytes.length) {
    throw damaged(`${count} pages, ${noteBytes} and ${codeBytes} bytes in ${bytes.length} bytes`);
  }
  const numbers = new Uint32Array(buffer, byteOffset + HEAD, count);
  checkNumbers(numbers, length);
  return {
    pages: { length, numbers, contents: bytes.subarray(start, end) },
    notes: bytes.subarray(end, end + noteBytes),
    code: bytes.subarray(end + noteBytes, end + noteBytes + codeBytes),
  };
}

function checkNumbers(numbers: Uint32Array, length: number): void {
  let least = 0;
  for (const page of numbers) {
    if (page < least || (page + 1) * PAGE > length) throw damaged(`page ${page} is out of place`);
    least = page + 1;
  }
}

function damaged(how: string): RangeError {
  return new RangeError(`Cannot open image: ${how}`);
}
