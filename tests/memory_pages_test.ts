/** A memory comes back from its pages bit by bit, whatever lay in the one that it is written into. */
import { assertEquals } from "@std/assert";
import {
  changedPages,
  copyPages,
  type MemoryPages,
  type MemoryUse,
  NO_PAGES,
  PAGE,
  writePages,
} from "../sandbox/memory_pages.ts";
import { Random } from "./fixtures/random.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A memory of which every byte may mean something. */
const ALL: MemoryUse = { free: [0, 0], end: Infinity };

function pagesOf(memory: Bytes, base: MemoryPages, use = ALL): MemoryPages {
  const numbers = changedPages(memory, base, use);
  const contents = new Uint8Array(numbers.length * PAGE);
  copyPages(memory, base, { numbers, contents });
  return { length: memory.length, numbers, contents };
}

/** What a memory of random bytes becomes. */
function written(length: number, layers: readonly MemoryPages[], use?: Partial<MemoryUse>): Bytes {
  const memory = new Random(7).bytes(length);
  writePages(memory, layers, { ...ALL, end: length, ...use });
  return memory;
}

/** A memory with a few changes: single bytes, words, whole pages, and pages at its end. */
function change(random: Random, base: Bytes): Bytes {
  const whole = new Uint8Array(base.length + random.below(3) * PAGE);
  whole.set(base);
  for (let edits = random.below(6); edits > 0; edits--) {
    const at = random.below(whole.length);
    const bytes = random.bytes(Math.min(random.below(3) * 700 + 1, whole.length - at));
    whole.set(random.below(3) === 0 ? new Uint8Array(bytes.length) : bytes, at);
  }
  return whole;
}

Deno.test("300 random memories come back from a base and what is changed in it (seeded)", () => {
  const random = new Random(1);
  for (let round = 0; round < 300; round++) {
    const before = new Uint8Array((1 + random.below(8)) * PAGE);
    for (let page = 0; page < before.length; page += PAGE) {
      if (random.below(2) === 0) before.set(random.bytes(PAGE), page);
    }
    const after = change(random, before);
    const base = pagesOf(before, NO_PAGES);
    assertEquals(written(before.length, [base]), before, `round ${round}`);
    assertEquals(written(after.length, [base, pagesOf(after, base)]), after, `round ${round}`);
    assertEquals(written(after.length, [pagesOf(after, NO_PAGES)]), after, `round ${round}`);
  }
});

Deno.test("pages that hold nothing and pages that did not change take no room", () => {
  const memory = new Uint8Array(9 * PAGE);
  for (const page of [0, 3, 4, 8]) memory[page * PAGE + 77] = 1;
  const base = pagesOf(memory, NO_PAGES);
  assertEquals([...base.numbers], [0, 3, 4, 8]);
  assertEquals([...pagesOf(memory, base).numbers], []);
  const after = memory.slice();
  after[5 * PAGE - 1] = 1;
  after[3 * PAGE + 77] = 0;
  after[7 * PAGE] = 1;
  assertEquals([...pagesOf(after, base).numbers], [3, 4, 7]);
  assertEquals(written(0, []), new Uint8Array(0));
  assertEquals(written(2 * PAGE, []), new Uint8Array(2 * PAGE));
});

Deno.test("a change between two forms of the same number is a change: -0 and 0, NaN and NaN", () => {
  for (const [before, after] of [[0, 0x8000_0000], [0x7fc0_0000, 0x7fc0_0001]]) {
    const memory = new Uint8Array(PAGE);
    new DataView(memory.buffer).setUint32(8, before ?? 0, true);
    const base = pagesOf(memory, NO_PAGES);
    new DataView(memory.buffer).setUint32(8, after ?? 0, true);
    assertEquals(written(PAGE, [base, pagesOf(memory, base)]), memory);
  }
});

Deno.test("what lies in the free part of the stack is neither saved nor cleared, but for pages that are only partly free", () => {
  const memory = new Random(2).bytes(5 * PAGE);
  const use = { free: [PAGE, 3 * PAGE + 8] as const };
  const base = pagesOf(memory, NO_PAGES, { ...ALL, ...use });
  assertEquals([...base.numbers], [0, 3, 4]);
  const fresh = new Random(7).bytes(5 * PAGE);
  const again = written(5 * PAGE, [base], use);
  assertEquals(again.subarray(PAGE, 3 * PAGE), fresh.subarray(PAGE, 3 * PAGE));
  assertEquals(again.subarray(3 * PAGE), memory.subarray(3 * PAGE));
  // A base may have such a page all the same, since its stack was another.
  const whole = pagesOf(memory, NO_PAGES);
  assertEquals([...pagesOf(memory, whole, { ...ALL, ...use }).numbers], []);
  assertEquals(written(5 * PAGE, [whole], use), memory);
});

Deno.test("what was never in use is not looked at", () => {
  const memory = new Random(3).bytes(4 * PAGE);
  const base = pagesOf(memory.slice(0, PAGE), NO_PAGES);
  const again = written(4 * PAGE, [base], { end: PAGE + 1 });
  assertEquals(again.subarray(PAGE, 2 * PAGE), new Uint8Array(PAGE));
  assertEquals(again.subarray(2 * PAGE), new Random(7).bytes(4 * PAGE).subarray(2 * PAGE));
});
