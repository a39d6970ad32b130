/** Hashes of inputs. */
import { assertEquals, assertThrows } from "@std/assert";
import { contentHash } from "../lib/trace/content_hash.ts";

Deno.test("The hash of a text or of bytes is that of the file they came from", () => {
  const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  assertEquals(contentHash(""), empty);
  assertEquals(contentHash("abc"), abc);
  assertEquals(contentHash(new TextEncoder().encode("abc")), abc);
});

Deno.test("Equal values have equal hashes, and values that differ in anything have others", () => {
  const values: unknown[] = [
    ["ab", "c"],
    ["a", "bc"],
    ["abc"],
    [["a"], "bc"],
    ["text 1 a"],
    { a: 1, b: 2 },
    { b: 2, a: 1 },
    { a: "1", b: 2 },
    new Map<unknown, unknown>([["a", 1], ["b", 2]]),
    new Set([1, 2]),
    [1, 2],
    [12],
    [1n, 2],
    [null],
    [undefined],
    [NaN],
    [0],
    [-0],
    [new Uint8Array([1])],
    [new Date(1)],
    [true],
    "\ud800",
    "\ufffd",
    ["\ud800"],
    ["\ufffd"],
    1,
    "1",
    null,
  ];
  const hashes = values.map(contentHash);
  assertEquals(new Set(hashes).size, values.length);
  assertEquals(structuredClone(values).map(contentHash), hashes);
});

Deno.test("A list of many texts is hashed without being joined", () => {
  const rows = Array.from({ length: 200_000 }, (_, n) => ({ id: n, text: `row ${n}` }));
  assertEquals(contentHash(rows).length, 64);
});

Deno.test("What contains itself, or nests without end, is refused with words", () => {
  const list: unknown[] = [];
  list.push(list, list);
  assertThrows(
    () => contentHash(list),
    RangeError,
    "Cannot record value: it is nested deeper than 1000, or contains itself; give it in parts",
  );
});
