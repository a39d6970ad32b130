/**
 * A guest's memory page by page: what of it differs from another memory, and how a fresh one becomes the same
 * again. Pages of zeros, almost half of a small guest's, take no room, and are not written either.
 */

/** Bytes of a page. */
export const PAGE = 4096;
const WORDS = PAGE / 4;

/** Some pages of a memory, each as what `xor` with another memory leaves of it. */
export interface MemoryPages {
  /** Bytes of the whole memory, in pages. */
  readonly length: number;
  /** Which pages, ascending. */
  readonly numbers: Uint32Array<ArrayBuffer>;
  /** What is in them, one after the other. */
  readonly contents: Uint8Array<ArrayBuffer>;
}

/** A memory of zeros. */
export const NO_PAGES: MemoryPages = {
  length: 0,
  numbers: new Uint32Array(0),
  contents: new Uint8Array(0),
};

/** Which part of a memory means anything. */
export interface MemoryUse {
  /** The free part of the stack, which grows down into it: its first byte and the one behind it. What is there is never read. */
  readonly free: readonly [start: number, end: number];
  /** Bytes of which any were ever in use; all behind them are zeros. */
  readonly end: number;
}

/** Numbers of the pages of a memory that are not as in `base`. */
export function changedPages(
  memory: Uint8Array,
  base: MemoryPages,
  { free }: MemoryUse,
): Uint32Array<ArrayBuffer> {
  const words = wordsOf(memory);
  const before = wordsOf(base.contents);
  const changed: number[] = [];
  let place = 0;
  for (let page = 0; page * PAGE < memory.length; page++) {
    const index = base.numbers[place] === page ? place++ : -1;
    if (isInside(page, free)) continue;
    const same = index < 0
      ? isEmpty(words, page * WORDS)
      : isSame(words, page * WORDS, before, index * WORDS);
    if (!same) changed.push(page);
  }
  return Uint32Array.from(changed);
}

/** Writes the named pages of a memory, as what `xor` with `base` leaves of them, one after the other into `contents`. */
export function copyPages(
  memory: Uint8Array,
  base: MemoryPages,
  { numbers, contents }: Pick<MemoryPages, "numbers" | "contents">,
): void {
  const words = wordsOf(contents);
  const before = wordsOf(base.contents);
  let place = 0;
  for (const [index, page] of numbers.entries()) {
    contents.set(memory.subarray(page * PAGE, (page + 1) * PAGE), index * PAGE);
    while ((base.numbers[place] ?? Infinity) < page) place++;
    if (base.numbers[place] === page) xor(words, index * WORDS, before, place * WORDS);
  }
}

/**
 * Makes a fresh memory what `layers` say: the pages of the first as they are, all others empty, and those of each
 * further one combined with what is there.
 */
export function writePages(
  memory: Uint8Array,
  layers: readonly MemoryPages[],
  use: MemoryUse,
): void {
  const [{ numbers, contents } = NO_PAGES, ...changes] = layers;
  const words = wordsOf(memory);
  clearOthers(words, numbers, use);
  for (let from = 0, to = 0; from < numbers.length; from = to) {
    const page = numbers[from] ?? 0;
    while (numbers[to] === page + to - from) to++;
    memory.set(contents.subarray(from * PAGE, to * PAGE), page * PAGE);
  }
  for (const change of changes) {
    const changed = wordsOf(change.contents);
    for (const [index, page] of change.numbers.entries()) {
      xor(words, page * WORDS, changed, index * WORDS);
    }
  }
}

/** Empties all pages but the named ones. One that is empty is left alone: writing would make it take room. */
function clearOthers(words: Int32Array, kept: Uint32Array, { free, end }: MemoryUse): void {
  let place = 0;
  const limit = Math.min(end, words.byteLength);
  for (let page = 0; page * PAGE < limit; page++) {
    if (kept[place] === page) place++;
    else if (!isInside(page, free) && !isEmpty(words, page * WORDS)) {
      words.fill(0, page * WORDS, (page + 1) * WORDS);
    }
  }
}

/** Whether all of a page lies in a part of the memory. */
function isInside(page: number, [start, end]: MemoryUse["free"]): boolean {
  return page * PAGE >= start && (page + 1) * PAGE <= end;
}

/** Bytes as whole words. As integers: as floats −0 and 0 would be equal. */
function wordsOf({ buffer, byteOffset, length }: Uint8Array): Int32Array {
  return new Int32Array(buffer, byteOffset, length >>> 2);
}

/** Changes a page by another one; done again, it changes it back. */
function xor(words: Int32Array, start: number, other: Int32Array, from: number): void {
  for (let i = 0; i < WORDS; i++) {
    words[start + i] = (words[start + i] ?? 0) ^ (other[from + i] ?? 0);
  }
}

function isSame(words: Int32Array, start: number, other: Int32Array, from: number): boolean {
  for (let i = 0; i < WORDS; i++) {
    if (words[start + i] !== other[from + i]) return false;
  }
  return true;
}

function isEmpty(words: Int32Array, start: number): boolean {
  for (let i = 0; i < WORDS; i++) {
    if (words[start + i] !== 0) return false;
  }
  return true;
}
