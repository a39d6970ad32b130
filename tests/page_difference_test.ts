/** A memory comes back from its difference bit by bit, and from a damaged one not at all. */
import { assertEquals, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import * as pages from "../sandbox/page_difference.ts";
import { Random } from "./fixtures/random.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const PAGE = 4096;

function takeDifference(base: Bytes, whole: Bytes): Promise<Bytes> {
  return pages.takeDifference(pages.pagesOf(base), whole);
}

/** The memory of a difference; the base stays as it is. */
function applyDifference(base: Bytes, difference: Bytes): Promise<Bytes> {
  return pages.applyDifference(base.slice(), difference);
}

/** A memory with a few changes: single bytes, words, whole pages, and another length. */
function change(random: Random, base: Bytes): Bytes {
  const whole = new Uint8Array(random.below(4) === 0 ? base.length : random.below(8 * PAGE));
  whole.set(base.subarray(0, whole.length));
  for (let edits = random.below(6); edits > 0 && whole.length > 0; edits--) {
    const at = random.below(whole.length);
    whole.set(random.bytes(Math.min(random.below(3) * 700 + 1, whole.length - at)), at);
  }
  return whole;
}

Deno.test("300 random memories come back from their differences (seeded)", async () => {
  const random = new Random(1);
  for (let round = 0; round < 300; round++) {
    const base = random.bytes(random.below(8 * PAGE));
    const whole = change(random, base);
    const again = await applyDifference(base, await takeDifference(base, whole));
    assertEquals(again, whole, `round ${round}`);
  }
});

Deno.test("a memory that did not change costs a few bytes, one that changed a little a page", async () => {
  const base = new Random(2).bytes(100 * PAGE);
  assertLess((await takeDifference(base, base.slice())).length, 60);
  const whole = base.slice();
  whole[50 * PAGE + 1] = (whole[50 * PAGE + 1] ?? 0) ^ 1;
  const difference = await takeDifference(base, whole);
  assertLess(difference.length, PAGE + 100);
  assertEquals(await applyDifference(base, difference), whole);
});

Deno.test("a difference from nothing is the whole memory", async () => {
  const whole = new Random(3).bytes(3 * PAGE + 17);
  const nothing = new Uint8Array(0);
  assertEquals(await applyDifference(nothing, await takeDifference(nothing, whole)), whole);
  assertEquals(await applyDifference(nothing, await takeDifference(nothing, nothing)), nothing);
});

Deno.test("a change between two forms of the same number is a change: -0 and 0, NaN and NaN", async () => {
  for (const [before, after] of [[0, 0x8000_0000], [0x7fc0_0000, 0x7fc0_0001]]) {
    const base = new Uint8Array(PAGE);
    const whole = new Uint8Array(PAGE);
    new DataView(base.buffer).setUint32(8, before ?? 0, true);
    new DataView(whole.buffer).setUint32(8, after ?? 0, true);
    assertEquals(await applyDifference(base, await takeDifference(base, whole)), whole);
  }
});

Deno.test("a memory that starts at an odd address of its buffer is compared as well", async () => {
  const random = new Random(4);
  const base = random.bytes(2 * PAGE + 1).subarray(1);
  const whole = random.bytes(2 * PAGE + 3).subarray(3);
  whole.set(base.subarray(0, PAGE));
  assertEquals(await applyDifference(base, await takeDifference(base, whole)), whole);
});

/** Checks that a difference is refused, and why. */
async function assertDamaged(base: Bytes, difference: Bytes, why: string): Promise<void> {
  const error = await assertRejects(() => applyDifference(base, difference), RangeError);
  assertEquals(error.name, "RangeError");
  assertStringIncludes(error.message, `Cannot apply difference: ${why}`);
}

Deno.test("a difference with any bit changed, or any part missing, is refused or means the same", async () => {
  const random = new Random(5);
  const base = random.bytes(4 * PAGE);
  const whole = change(random, base).length > 0 ? random.bytes(5 * PAGE) : base;
  const difference = await takeDifference(base, whole);
  let refused = 0;
  for (let round = 0; round < 400; round++) {
    const damaged = difference.slice();
    const at = random.below(damaged.length);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << random.below(8));
    try {
      assertEquals(await applyDifference(base, damaged), whole);
    } catch (error) {
      refused += error instanceof RangeError ? 1 : fail(error);
    }
  }
  assertLess(390, refused);
  for (const length of [0, 1, 9, 10, 11, 100, difference.length - 8, difference.length - 1]) {
    await assertDamaged(base, difference.slice(0, length), "");
  }
  await assertDamaged(base, random.bytes(1_000), "");
});

function fail(error: unknown): never {
  throw error;
}

/** A difference whose figures say what they like. */
async function forged(figures: readonly number[], content: Bytes): Promise<Bytes> {
  const parts = new Blob([Uint32Array.from(figures), content]);
  const packed = parts.stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

Deno.test("figures that do not fit the pages that came are refused, and no memory is set aside for them", async () => {
  const base = new Uint8Array(2 * PAGE);
  const page = new Uint8Array(PAGE);
  const none = new Uint8Array(0);
  const cases: [figures: number[], content: Bytes, why: string][] = [
    [[], none, "0 bytes"],
    [[PAGE], none, "4 bytes"],
    [[PAGE, 1], none, "1 pages in 8 bytes"],
    [[PAGE, 0xffff_ffff, 0], page, "4294967295 pages in 4108 bytes"],
    [[0xffff_ffff, 0], none, "its length is not that of its pages"],
    [[0xffff_ffff, 1, 2], page, "its length is not that of its pages"],
    [[3 * PAGE, 0], none, "its length is not that of its pages"],
    [[PAGE, 1, 1], page, "page 1 is out of place"],
    [[PAGE, 1, 0xffff_ffff], page, "page 4294967295 is out of place"],
    [[2 * PAGE, 2, 1, 0], new Uint8Array(2 * PAGE), "page 0 is out of place"],
    [[2 * PAGE, 2, 1, 1], new Uint8Array(2 * PAGE), "page 1 is out of place"],
    [[2 * PAGE, 2, 0, 1], page, "4096 bytes of pages, not 8192"],
    [[2 * PAGE, 1, 0], new Uint8Array(PAGE + 1), "4097 bytes of pages, not 4096"],
    [[2 * PAGE, 0], page, "4096 bytes of pages, not 0"],
  ];
  for (const [figures, content, why] of cases) {
    await assertDamaged(base, await forged(figures, content), why);
  }
  const tail = await forged([PAGE + 5, 1, 1], new Uint8Array(5).fill(9));
  assertEquals((await applyDifference(base, tail)).subarray(PAGE), new Uint8Array(5).fill(9));
});
