/**
 * A guest's memory as its difference from the start-up snapshot: only the pages that changed, each as what
 * `xor` leaves of it, compressed. A small guest touches a thousand of the snapshot's eight thousand pages, but few bytes
 * in most of them, where Python counts references: what is left is zeros, which compress well and fast.
 */

const PAGE = 4096;
/** Bytes before the page numbers: length of the whole, and the count of changed pages. */
const HEAD = 8;

/**
 * What of `whole` differs from `base`; the inverse of {@linkcode applyDifference}. Compressed as gzip for
 * its checksum: a memory with one wrong bit would break Python much later, and elsewhere.
 */
export async function takeDifference(
  base: Uint8Array<ArrayBuffer>,
  whole: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const pages = changedPages(base, whole);
  const head = new Uint32Array(2 + pages.length);
  head.set([whole.length, pages.length]);
  head.set(pages, 2);
  const content = new Uint8Array(pages.length * PAGE);
  let end = 0;
  for (const page of pages) {
    const part = whole.subarray(page * PAGE, (page + 1) * PAGE);
    content.set(part, end);
    xorPage(content, end, base, page);
    end += part.length;
  }
  const parts = [new Uint8Array(head.buffer), content.subarray(0, end)];
  return await pipe(new Blob(parts), new CompressionStream("gzip"));
}

/** The memory that `difference` was taken of; throws a `RangeError` when it is not one, or of another base. */
export async function applyDifference(
  base: Uint8Array<ArrayBuffer>,
  difference: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const { length, pages, content } = await readDifference(difference);
  // Every page beyond the base is in the difference, so no figure in it can ask for more memory than came.
  if (length > base.length + content.length) throw damaged("its length is not that of its pages");
  const whole = new Uint8Array(length);
  whole.set(base.subarray(0, length));
  let from = 0;
  let least = 0;
  for (const page of pages) {
    const start = page * PAGE;
    if (page < least || start >= length) throw damaged(`page ${page} is out of place`);
    const size = Math.min(PAGE, length - start);
    whole.set(content.subarray(from, from + size), start);
    xorPage(whole, start, base, page);
    from += size;
    least = page + 1;
  }
  if (from !== content.length) throw damaged(`${content.length} bytes of pages, not ${from}`);
  return whole;
}

/** Changes the bytes at `at` by those of a page of `base`; done again, it changes them back. */
function xorPage(bytes: Uint8Array, at: number, base: Uint8Array, page: number): void {
  const before = base.subarray(page * PAGE, (page + 1) * PAGE);
  const length = Math.min(before.length, bytes.length - at);
  for (let i = 0; i < length; i++) bytes[at + i] = (bytes[at + i] ?? 0) ^ (before[i] ?? 0);
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

/** Numbers of the pages that differ; a page that the base doesn't have differs. */
function changedPages(base: Uint8Array<ArrayBuffer>, whole: Uint8Array<ArrayBuffer>): number[] {
  const pages: number[] = [];
  const before = words(base);
  const after = words(whole);
  const perPage = PAGE / 4;
  const count = Math.ceil(whole.length / PAGE);
  for (let page = 0; page < count; page++) {
    const start = page * perPage;
    const end = start + perPage;
    if (end > before.length || end > after.length) {
      pages.push(page);
      continue;
    }
    for (let i = start; i < end; i++) {
      if (before[i] !== after[i]) {
        pages.push(page);
        break;
      }
    }
  }
  return pages;
}

/** Whole words of an array, for comparing four bytes at a time. As integers: as floats −0 and 0 would be equal. */
function words(bytes: Uint8Array<ArrayBuffer>): Int32Array {
  const { buffer, byteOffset, length } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Int32Array(buffer, byteOffset, length >>> 2);
}

async function pipe(
  source: Blob,
  through: CompressionStream | DecompressionStream,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(source.stream().pipeThrough(through)).arrayBuffer());
}
