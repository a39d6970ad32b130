/**
 * A guest's memory as its difference from the start-up snapshot: only the pages that changed, compressed.
 * A small guest touches a few hundred of the snapshot's eight thousand pages.
 */

const PAGE = 4096;
/** Bytes before the page numbers: length of the whole, and the count of changed pages. */
const HEAD = 8;

/** What of `whole` differs from `base`; the inverse of {@linkcode applyDifference}. */
export async function takeDifference(
  base: Uint8Array<ArrayBuffer>,
  whole: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const pages = changedPages(base, whole);
  const head = new Uint32Array(2 + pages.length);
  head.set([whole.length, pages.length]);
  head.set(pages, 2);
  const parts: Uint8Array<ArrayBuffer>[] = [new Uint8Array(head.buffer)];
  for (const page of pages) parts.push(whole.subarray(page * PAGE, (page + 1) * PAGE));
  return await pipe(new Blob(parts), new CompressionStream("deflate-raw"));
}

/** The memory that `difference` was taken of; throws a `RangeError` when it is not one. */
export async function applyDifference(
  base: Uint8Array<ArrayBuffer>,
  difference: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await pipe(new Blob([difference]), new DecompressionStream("deflate-raw"));
  const [length = 0, count = 0] = new Uint32Array(bytes.buffer, 0, 2);
  const pages = new Uint32Array(bytes.buffer, HEAD, count);
  const whole = new Uint8Array(length);
  whole.set(base.subarray(0, length));
  let from = HEAD + count * 4;
  for (const page of pages) {
    const size = Math.min(PAGE, length - page * PAGE);
    whole.set(bytes.subarray(from, from + size), page * PAGE);
    from += size;
  }
  return whole;
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

/** Whole words of an array, for comparing four bytes at a time. */
function words(bytes: Uint8Array<ArrayBuffer>): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
}

async function pipe(
  source: Blob,
  through: CompressionStream | DecompressionStream,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(source.stream().pipeThrough(through)).arrayBuffer());
}
