/** Values of a run as JSON and back. */
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { ErrorValue } from "../lib/host/sandbox.ts";
import { decode, encode, LARGE, largeIn } from "../lib/trace/codec.ts";
import { sha256Of } from "../lib/trace/text_store.ts";

/** Encodes, passes through JSON text, and decodes; returns also the large contents. */
function roundTrip(
  value: unknown,
): { back: unknown; large: Map<string, Uint8Array>; text: string } {
  const large = new Map<string, Uint8Array>();
  const json = encode(value, (content) => {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    large.set(sha256Of(bytes), bytes);
    return sha256Of(bytes);
  });
  const text = JSON.stringify(json);
  assertEquals(new Set(largeIn(JSON.parse(text))), new Set(large.keys()));
  const back = decode(JSON.parse(text), (sha256) => large.get(sha256) ?? new Uint8Array());
  return { back, large, text };
}

const SAME: Record<string, unknown> = {
  "plain data": { a: [1, "two", true, null, { b: 0.5 }] },
  "an integer beyond 2^53": 12345678901234567890n,
  "numbers that JSON lacks": [NaN, Infinity, -Infinity, -0],
  "bytes": new Uint8Array([0, 255, 10]),
  "a date": new Date(1_700_000_000_123),
  "an invalid date": new Date(NaN),
  "a map with keys of any type": new Map<unknown, unknown>([[1, "a"], [
    "1",
    new Map([[null, 2n]]),
  ]]),
  "a set": new Set([1, "1", 2n]),
  "undefined in a list": [undefined, 1],
  "an error value": new ErrorValue("ModelError", "no answer"),
  "an object with the codec's own tag": { $: "bigint", value: "7", list: [{ $: 1 }] },
  "lone surrogates": "a\ud800b",
  "line ends of all kinds": "a\nb\r\n\u2028\u2029c\ufeff",
  "the empty values": ["", {}, [], new Map(), new Set(), new Uint8Array()],
};

for (const [name, value] of Object.entries(SAME)) {
  Deno.test(`The codec gives back ${name}`, () => {
    const { back, large, text } = roundTrip(value);
    assertEquals(back, value);
    assertEquals(large.size, 0);
    assert(!text.includes("\n"));
  });
}

Deno.test("The codec keeps a zero's sign and an error value's class", () => {
  assert(Object.is(roundTrip(-0).back, -0));
  assertInstanceOf(roundTrip(new ErrorValue("A", "b")).back, ErrorValue);
});

Deno.test("The codec writes a large text once, by its hash, and gives it back with its byte order mark", () => {
  const long = "\ufeffé\n".repeat(LARGE);
  const bytes = new Uint8Array(LARGE + 1).fill(7);
  const { back, large, text } = roundTrip({ a: long, b: [long], bytes });
  assertEquals(back, { a: long, b: [long], bytes });
  assertEquals(large.size, 2);
  assert(text.length < 500);
});

Deno.test("The codec leaves a large text with a lone surrogate in the line, because UTF-8 would lose it", () => {
  const text = "\udc00" + "x".repeat(LARGE);
  const { back, large } = roundTrip(text);
  assertEquals(back, text);
  assertEquals(large.size, 0);
});

Deno.test("The codec leaves out undefined properties, and reads a key named __proto__ as a key", () => {
  assertEquals(roundTrip({ a: undefined, b: 1 }).back, { b: 1 });
  const { back } = roundTrip(JSON.parse('{"__proto__":{"x":1}}'));
  assertEquals(Object.keys(back as object), ["__proto__"]);
  assertEquals((back as { x?: number }).x, undefined);
});

Deno.test("The codec writes an error as its name and message, without its stack", () => {
  const { back, text } = roundTrip(new RangeError("too far"));
  assertEquals(back, new ErrorValue("RangeError", "too far"));
  assert(!text.includes("codec_test"));
});

Deno.test("The codec says what it cannot write: functions, symbols, cycles, bottomless lists", () => {
  const cycle: unknown[] = [1];
  cycle.push(cycle);
  assertEquals(roundTrip([() => 1, Symbol("s"), cycle]).back, [
    "[function]",
    "[symbol]",
    [1, "[circular]"],
  ]);
  let deep: unknown = 1;
  for (let level = 0; level < 100_000; level++) deep = [deep];
  assert(roundTrip(deep).text.includes("[too deep]"));
  const twice = { x: 1 };
  assertEquals(roundTrip([twice, twice]).back, [twice, twice]);
});

Deno.test("The codec writes objects of other classes as their properties", () => {
  class Point {
    x = 1;
    y = 2;
    get sum(): number {
      return this.x + this.y;
    }
  }
  assertEquals(roundTrip(new Point()).back, { x: 1, y: 2 });
});

Deno.test("The codec refuses a tag that it does not know, naming it", () => {
  const error = assertThrows(() => decode({ $: "future" }, () => new Uint8Array()), TypeError);
  assertEquals(error.message, 'Cannot read value: unknown tag "future"');
});
