/**
 * A guest's memory as its difference from the start-up snapshot: only the pages that changed, each as what
 * `xor` leaves of it, compressed. A small guest touches a thousand of the snapshot's eight thousand pages, but few bytes
 * in most of them, where Python counts references: what is left is zeros, which compress well and fast.
 */

const PAGE = 4096;
const WORDS = PAGE / 4;
/** Bytes before the page numbers: length of the whole, and the count of changed pages. */
const HEAD = 8;

/** A memory whose pages lie in any order, and of which pages of zeros may be left out. */
export interface PagedMemory {
  /** Bytes of the memory. */
  readonly length: number;
  /** What there is of it, four bytes at a time. */
  readonly words: Int32Array;
  /** Where a page that lies inside as a whole begins among the words; -1 where it is nothing but zeros. */
  place(page: number): number;
}

/** The pages of a memory that lies there as one. */
export function pagesOf(memory: Uint8Array<ArrayBuffer>): PagedMemory {
  return { length: memory.length, words: wordsOf(memory), place: (page) => page * WORDS };
}

/** Whole words of some bytes. As integers: as floats −0 and 0 would be equal. */
export function wordsOf(bytes: Uint8Array<ArrayBuffer>): Int32Array {
  const { buffer, byteOffset, length } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Int32Array(buffer, byteOffset, length >>> 2);
}

/**
 * What of `whole` differs from `base`; the inverse of {@linkcode applyDifference}. Compressed as gzip for
 * its checksum: a memory with one wrong bit would break Python much later, and elsewhere.
 */
export async function takeDifference(
  base: PagedMemory,
  whole: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const after = pagesOf(whole);
  const pages = changedPages(base, after);
  const head = new Uint32Array(2 + pages.length);
  head.set([whole.length, pages.length]);
  head.set(pages, 2);
  const content = new Uint8Array(pages.length * PAGE);
  let end = 0;
  for (const page of pages) {
    const part = whole.subarray(page * PAGE, (page + 1) * PAGE);
    content.set(part, end);
    if (isInBoth(page, base, after)) xor(pageAt(content, end), base.words, base.place(page));
    end += part.length;
  }
  const parts = [new Uint8Array(head.buffer), content.subarray(0, end)];
  return await pipe(new Blob(parts), new CompressionStream("gzip"));
}

/**
 * The memory that `difference` was taken of; throws a `RangeError` when it is not one, or of another base. Takes
 * `base` over, and where it can changes it into the result: a copy would be as large as all of Python.
 */
export async function applyDifference(
  base: Uint8Array<ArrayBuffer>,
  difference: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const { length, pages, content } = await readDifference(difference);
  // Every page beyond the base is in the difference, so no figure in it can ask for more memory than came.
  if (length > base.length + content.length) throw damaged("its length is not that of its pages");
  const whole = base.length === length && base.byteOffset === 0 ? base : resized(base, length);
  const before = { length: Math.min(base.length, length) };
  let from = 0;
  let least = 0;
  for (const page of pages) {
    const start = page * PAGE;
    if (page < least || start >= length) throw damaged(`page ${page} is out of place`);
    const size = Math.min(PAGE, length - start);
    const part = content.subarray(from, from + size);
    if (isInBoth(page, before, whole) && part.length === PAGE) {
      xor(pageAt(whole, start), wordsOf(part), 0);
    } else whole.set(part, start);
    from += size;
    least = page + 1;
  }
  if (from !== content.length) throw damaged(`${content.length} bytes of pages, not ${from}`);
  return whole;
}

/** A memory of another length with the same beginning. */
function resized(memory: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  const other = new Uint8Array(length);
  other.set(memory.subarray(0, length));
  return other;
}

/** Whether a page lies whole in both memories; only such pages are compared, others are taken as they are. */
function isInBoth(page: number, one: { length: number }, other: { length: number }): boolean {
  return (page + 1) * PAGE <= Math.min(one.length, other.length);
}

/** The page that begins at a byte of some memory. */
function pageAt({ buffer, byteOffset }: Uint8Array<ArrayBuffer>, start: number): Int32Array {
  return new Int32Array(buffer, byteOffset + start, WORDS);
}

/** Changes a page by the one at a place; done again, it changes it back. */
function xor(page: Int32Array, words: Int32Array, place: number): void {
  if (place < 0) return;
  for (let i = 0; i < WORDS; i++) page[i] = (page[i] ?? 0) ^ (words[place + i] ?? 0);
}

/** A difference in parts: the length of the memory, the numbers of the changed pages, and what is in them. */
interface Difference {
  readonly length: number;
  readonly pages: Uint32Array;
  readonly content: Uint8Array<ArrayBuffer>;
}

async function readDifference(difference: Uint8Array<ArrayBuffer>): Promise<Difference> {
  const bytes = await pipe(new Blob([difference]), new DecompressionStream("gzip"))
    .catch((error) => {
      throw damaged(error instanceof Error ? error.message : String(error));
    });
  if (bytes.length < HEAD) throw damaged(`${bytes.length} bytes`);
  const [length = 0, count = 0] = new Uint32Array(bytes.buffer, 0, 2);
  const end = HEAD + count * 4;
  if (end > bytes.length) throw damaged(`${count} pages in ${bytes.length} bytes`);
  return {
    length,
    pages: new Uint32Array(bytes.buffer, HEAD, count),
    content: bytes.subarray(end),
  };
}

function damaged(how: string): RangeError {
  return new RangeError(`Cannot apply difference: ${how}`);
}

/** Numbers of the pages that differ. */
function changedPages(base: PagedMemory, whole: PagedMemory): number[] {
  const pages: number[] = [];
  for (let page = 0; page * PAGE < whole.length; page++) {
    const start = whole.place(page);
    const same = isInBoth(page, base, whole) &&
      (base.place(page) < 0
        ? isEmpty(whole.words, start)
        : isSame(base.words, base.place(page), whole.words, start));
    if (!same) pages.push(page);
  }
  return pages;
}

function isSame(before: Int32Array, from: number, after: Int32Array, start: number): boolean {
  for (let i = 0; i < WORDS; i++) {
    if (before[from + i] !== after[start + i]) return false;
  }
  return true;
}

function isEmpty(words: Int32Array, start: number): boolean {
  for (let i = 0; i < WORDS; i++) {
    if (words[start + i] !== 0) return false;
  }
  return true;
}

async function pipe(
  source: Blob,
  through: CompressionStream | DecompressionStream,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(source.stream().pipeThrough(through)).arrayBuffer());
}
