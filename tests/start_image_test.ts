/** A guest as bytes opens to the same parts again, and to nothing where its figures are wrong. */
import { assertEquals, assertLess, assertRejects, assertThrows } from "@std/assert";
import { compressImage, inflateImage } from "../sandbox/checkpoint_bytes.ts";
import { type MemoryUse, NO_PAGES, PAGE, writePages } from "../sandbox/memory_pages.ts";
import { openImage, packImage } from "../sandbox/start_image.ts";
import { Random } from "./fixtures/random.ts";

const random = new Random(8);
const ALL: MemoryUse = { free: [0, 0], end: Infinity };
const EMPTY = new Uint8Array(0);
const LIMIT = 100 * PAGE;

/** A memory in which the named pages hold something. */
function memoryWith(pages: readonly number[], count: number): Uint8Array<ArrayBuffer> {
  const memory = new Uint8Array(count * PAGE);
  for (const page of pages) memory.set(random.bytes(100), page * PAGE + 7);
  return memory;
}

for (
  const [what, memory] of Object.entries({
    "no memory at all": EMPTY,
    "a memory of zeros": new Uint8Array(3 * PAGE),
    "a memory with full and empty pages": memoryWith([0, 2, 3, 9], 12),
  })
) {
  Deno.test(`an image of ${what} opens to the same parts, and so does one that is a difference from it`, async () => {
    const parts = { use: ALL, notes: random.bytes(33), code: random.bytes(501) };
    const image = openImage(packImage({ ...parts, memory, base: NO_PAGES }));
    assertEquals([image.notes, image.code], [parts.notes, parts.code]);
    const other = memory.slice();
    if (other.length > 3 * PAGE) other.set(random.bytes(5), 2 * PAGE + 9);
    const difference = packImage({ ...parts, memory: other, base: image.pages, code: EMPTY });
    const { pages, code } = openImage(await inflateImage(await compressImage(difference), LIMIT));
    assertEquals(code, EMPTY);
    const again = new Uint8Array(pages.length);
    writePages(again, [image.pages, pages], ALL);
    assertEquals(again, other);
  });
}

Deno.test("an image has no room for pages of zeros, and a compressed difference little for pages that changed little", async () => {
  const memory = memoryWith([5], 1_000);
  const parts = { use: ALL, notes: EMPTY, code: EMPTY };
  const image = packImage({ ...parts, memory, base: NO_PAGES });
  assertLess(image.length, 2 * PAGE);
  for (let page = 0; page < 1_000; page++) memory[page * PAGE] = 1;
  const difference = packImage({ ...parts, memory, base: openImage(image).pages });
  assertLess((await compressImage(difference)).length, 30_000);
});

Deno.test("figures that do not fit the bytes that came are refused, and no memory is set aside for them", () => {
  const cases: [figures: number[], more: number, why: string][] = [
    [[], 0, "0 bytes"],
    [[PAGE, 0, 0], 0, "12 bytes"],
    [[PAGE, 1, 0, 0], 0, "1 pages, 0 and 0 bytes in 16 bytes"],
    [[PAGE, 1, 0, 0, 0], PAGE - 1, "1 pages, 0 and 0 bytes in 4115 bytes"],
    [
      [PAGE, 0xffff_ffff, 0, 0],
      PAGE,
      "4294967295 pages, 0 and 0 bytes in 4112 bytes",
    ],
    [[PAGE, 0, 9, 0], 8, "0 pages, 9 and 0 bytes in 24 bytes"],
    [
      [PAGE, 0, 4, 0xffff_ffff],
      8,
      "0 pages, 4 and 4294967295 bytes in 24 bytes",
    ],
    [[PAGE, 1, 0, 0, 1], PAGE, "page 1 is out of place"],
    [[PAGE + 1, 1, 0, 0, 1], PAGE, "page 1 is out of place"],
    [[PAGE, 1, 0, 0, 0xffff_ffff], PAGE, "page 4294967295 is out of place"],
    [[2 * PAGE, 2, 0, 0, 1, 0], 2 * PAGE, "page 0 is out of place"],
    [[2 * PAGE, 2, 0, 0, 1, 1], 2 * PAGE, "page 1 is out of place"],
  ];
  for (const [figures, more, why] of cases) {
    const bytes = new Uint8Array(4 * figures.length + more);
    bytes.set(new Uint8Array(Uint32Array.from(figures).buffer));
    const error = assertThrows(() => openImage(bytes), RangeError);
    assertEquals(error.message, `Cannot open image: ${why}`);
  }
});

Deno.test("a compressed image with any bit changed, or any part missing, is refused or means the same", async () => {
  const image = random.bytes(4 * PAGE);
  const compressed = await compressImage(image);
  let refused = 0;
  for (let round = 0; round < 400; round++) {
    const damaged = compressed.slice();
    const at = random.below(damaged.length);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << random.below(8));
    try {
      assertEquals(await inflateImage(damaged, LIMIT), image);
    } catch (error) {
      refused += error instanceof RangeError ? 1 : fail(error);
    }
  }
  assertLess(390, refused);
  for (const length of [0, 1, 9, 10, 11, 100, compressed.length - 8, compressed.length - 1]) {
    await assertRejects(() => inflateImage(compressed.slice(0, length), LIMIT), RangeError);
  }
  await assertRejects(() => inflateImage(random.bytes(1_000), LIMIT), RangeError);
});

Deno.test("a compressed image that inflates to more than it may is refused before it is whole", async () => {
  const bomb = await compressImage(new Uint8Array(64 * 1024 ** 2));
  assertLess(bomb.length, LIMIT);
  const error = await assertRejects(() => inflateImage(bomb, LIMIT), RangeError);
  assertEquals(error.message, `Cannot inflate image: more than ${LIMIT} bytes`);
  assertEquals((await inflateImage(await compressImage(random.bytes(LIMIT)), LIMIT)).length, LIMIT);
});

function fail(error: unknown): never {
  throw error;
}
