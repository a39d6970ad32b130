/**
 * What a quick start needs, as one piece of bytes: a guest's memory, and the code that V8 made of Pyodide's
 * programs. Pages of zeros, almost half of a fresh memory, are left out: reading and hashing are paid by the byte.
 */

import { type PagedMemory, wordsOf } from "./page_difference.ts";

const PAGE = 4096;
/** Lengths of the memory, of the list of pages, and of the code, each as four bytes. */
const HEAD = 12;

/** The parts of an image. */
export interface StartImage {
  readonly memory: Uint8Array<ArrayBuffer>;
  readonly code: Uint8Array<ArrayBuffer>;
}

/** An image as bytes. */
export function packImage({ memory, code }: StartImage): Uint8Array<ArrayBuffer> {
  const pages = usedPages(memory);
  const head = new Uint32Array([memory.length, pages.length, code.length, ...pages]);
  const contents = pages.map((page) => memory.subarray(page * PAGE, (page + 1) * PAGE));
  return join([new Uint8Array(head.buffer), ...contents, code]);
}

/** The memory in an image page by page, without the pages that are left out taking room. */
export function imagePages(bytes: Uint8Array<ArrayBuffer>): PagedMemory {
  const [length = 0, count = 0] = new Uint32Array(bytes.slice(0, HEAD).buffer);
  const pages = new Uint32Array(bytes.slice(HEAD, HEAD + 4 * count).buffer);
  const places = new Int32Array(Math.ceil(length / PAGE)).fill(-1);
  for (const [index, page] of pages.entries()) {
    places[page] = (HEAD + 4 * count + index * PAGE) / 4;
  }
  return { length, words: wordsOf(bytes), place: (page) => places[page] ?? -1 };
}

/** The parts again. What is not an image, or only some of one, is an error or nonsense: open only what is known whole. */
export function unpackImage(bytes: Uint8Array<ArrayBuffer>): StartImage {
  const [length = 0, count = 0, codeLength = 0] = new Uint32Array(bytes.slice(0, HEAD).buffer);
  const pages = new Uint32Array(bytes.slice(HEAD, HEAD + 4 * count).buffer);
  const memory = new Uint8Array(length);
  let from = HEAD + 4 * count;
  for (const page of pages) {
    const size = Math.min(PAGE, length - page * PAGE);
    memory.set(bytes.subarray(from, from + size), page * PAGE);
    from += size;
  }
  return { memory, code: bytes.slice(from, from + codeLength) };
}

/** Numbers of the pages that hold anything but zeros. */
function usedPages(memory: Uint8Array<ArrayBuffer>): number[] {
  const pages: number[] = [];
  for (let start = 0; start < memory.length; start += PAGE) {
    if (memory.subarray(start, start + PAGE).some((byte) => byte !== 0)) pages.push(start / PAGE);
  }
  return pages;
}

function join(parts: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
