/** What each JavaScript value is on its way to the guest (C67–C69), and which are refused, by their path. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { ErrorValue } from "../lib/host/sandbox.ts";
import { type Encoded, encodeValue, encodeValues } from "../lib/host/values.ts";
import { type JsonValue, Limits } from "../sandbox/protocol.ts";
import { withinDepth } from "../sandbox/rpc_message.ts";

function encode(value: unknown): Encoded {
  let blobs = 0;
  return encodeValue(value, "x", () => ++blobs);
}

/** The wire form of a value that needs no blob. */
function wire(value: unknown): JsonValue {
  const { json, blobs } = encode(value);
  assertEquals(blobs, []);
  return json;
}

class Point {
  x = 1;
  y = 2;
  #hidden = 3;
  get sum(): number {
    return this.x + this.y + this.#hidden;
  }
}

const FORMS: [name: string, value: unknown, wire: JsonValue][] = [
  ["null is None", null, null],
  ["booleans", [true, false], [true, false]],
  ["safe integers", [0, -1, 2 ** 53 - 1, 1 - 2 ** 53], [0, -1, 2 ** 53 - 1, 1 - 2 ** 53]],
  ["an integral float is an int", 5.0, 5],
  ["fractions", [0.5, -1e-7, 5e-324], [0.5, -1e-7, 5e-324]],
  ["minus zero", -0, { $: "float", v: "-0.0" }],
  ["NaN", NaN, { $: "float", v: "nan" }],
  ["infinity", Infinity, { $: "float", v: "inf" }],
  ["minus infinity", -Infinity, { $: "float", v: "-inf" }],
  ["integers beyond the safe ones are floats", 2 ** 53, { $: "float", v: "9007199254740992" }],
  ["large floats", 1.5e300, { $: "float", v: "1.5e+300" }],
  ["big integers", 2n ** 70n, { $: "int", v: "1180591620717411303424" }],
  ["negative big integers", -1n, { $: "int", v: "-1" }],
  ["text", "naïve 🐍 \0", "naïve 🐍 \0"],
  ["lone surrogates become U+FFFD", "a\ud800b\udc00", "a\ufffdb\ufffd"],
  ["bytes", Uint8Array.of(0, 255), { $: "bytes", v: "AP8=" }],
  ["no bytes", new Uint8Array(), { $: "bytes", v: "" }],
  ["an ArrayBuffer", Uint8Array.of(1, 2).buffer, { $: "bytes", v: "AQI=" }],
  ["a SharedArrayBuffer", new SharedArrayBuffer(2), { $: "bytes", v: "AAA=" }],
  ["a DataView, its part alone", new DataView(Uint8Array.of(9, 1, 2, 9).buffer, 1, 2), {
    $: "bytes",
    v: "AQI=",
  }],
  ["a view of a part", Uint8Array.of(9, 1, 2, 9).subarray(1, 3), { $: "bytes", v: "AQI=" }],
  ["typed arrays are lists", Int16Array.of(-1, 2), [-1, 2]],
  ["arrays of floats", Float64Array.of(0.5, -0), [0.5, { $: "float", v: "-0.0" }]],
  ["arrays of big integers", BigInt64Array.of(3n), [{ $: "int", v: "3" }]],
  ["arrays", [[], [[1]]], [[], [[1]]]],
  ["objects", { a: 1, b: { c: null } }, { a: 1, b: { c: null } }],
  ["undefined is left out of objects", { a: undefined, b: 1 }, { b: 1 }],
  ["objects without a prototype", Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ["instances are their own properties", new Point(), { x: 1, y: 2 }],
  ["symbol keys are left out", { [Symbol("s")]: 1, a: 2 }, { a: 2 }],
  ["keys with lone surrogates", { "\ud800": 1 }, { "\ufffd": 1 }],
  ["keys of our own tags", { $: "blob", id: 1 }, { $: "dict", v: [["$", "blob"], ["id", 1]] }],
  ["a map", new Map<unknown, unknown>([[1, "a"], ["b", 2]]), {
    $: "dict",
    v: [[1, "a"], ["b", 2]],
  }],
  ["an empty map", new Map(), { $: "dict", v: [] }],
  ["a set", new Set([1, "a"]), { $: "set", v: [1, "a"] }],
  ["a date", new Date(0), { $: "datetime", v: "1970-01-01T00:00:00.000Z" }],
  ["the first date of Python", new Date("0001-01-01T00:00:00Z"), {
    $: "datetime",
    v: "0001-01-01T00:00:00.000Z",
  }],
  ["a regular expression is its source", /a+\/b/giu, "a+\\/b"],
  ["a URL", new URL("http://example.com/ü"), "http://example.com/%C3%BC"],
  ["toJSON", { toJSON: () => [1] }, [1]],
  ["toJSON that gives undefined, in an object", { a: { toJSON: () => undefined } }, {}],
  ["a failed slot", new ErrorValue("ModelError", "no \ud800"), {
    $: "error",
    type: "ModelError",
    message: "no \ufffd",
  }],
  ["the same object twice is no cycle", [twice(), 1], [[[1], [1]], 1]],
];

function twice(): unknown {
  const shared = [1];
  return [shared, shared];
}

for (const [name, value, form] of FORMS) {
  Deno.test(`on the way to Python (C67–C69): ${name}`, () => assertEquals(wire(value), form));
}

Deno.test("keys of prototypes go as plain keys (R41)", () => {
  const json = wire(JSON.parse(`{"__proto__":{"isAdmin":true},"constructor":1}`));
  assertInstanceOf(json, Object);
  assertEquals(Object.keys(json), ["__proto__", "constructor"]);
  assertEquals(JSON.stringify(json), `{"__proto__":{"isAdmin":true},"constructor":1}`);
  assertStrictEquals(Object.getPrototypeOf(json), Object.prototype);
});

const cycle: { items: unknown[]; self?: unknown } = { items: [] };
cycle.items.push({ back: cycle });
const mapCycle = new Map<unknown, unknown>();
mapCycle.set("me", new Set([mapCycle]));

const REFUSED: [name: string, value: unknown, message: string][] = [
  ["undefined", undefined, "Cannot send x: it is undefined; use null for None"],
  ["undefined in an array", [1, undefined], "Cannot send x[1]: it is undefined; use null for None"],
  [
    "a hole",
    JSON.parse("[[1,2]]").with(0, Array(1)),
    "Cannot send x[0][0]: it is undefined; use null for None",
  ],
  [
    "undefined in a set",
    new Set([undefined]),
    "Cannot send x[0]: it is undefined; use null for None",
  ],
  [
    "undefined in a map",
    new Map([["k", undefined]]),
    `Cannot send x["k"]: it is undefined; use null for None`,
  ],
  [
    "an undefined key",
    new Map([[undefined, 1]]),
    "Cannot send x key 0: it is undefined; use null for None",
  ],
  ["a function", { run: () => 1 }, "Cannot send x.run: a function has no form in Python"],
  ["a symbol", [[Symbol("s")]], "Cannot send x[0][0]: a symbol has no form in Python"],
  [
    "a promise",
    { text: Promise.resolve("t") },
    "Cannot send x.text: it is a promise; await it first",
  ],
  ["an invalid date", [new Date(NaN)], "Cannot send x[0]: the date is invalid"],
  [
    "a date before Python's first",
    new Date("-000001-01-01T00:00:00Z"),
    "Cannot send x: Python has no year -1",
  ],
  [
    "a date after Python's last",
    new Date("+010000-01-01T00:00:00Z"),
    "Cannot send x: Python has no year 10000",
  ],
  ["a cycle of objects", cycle, "Cannot send x.items[0].back: it contains itself"],
  ["a cycle of maps and sets", { m: mapCycle }, `Cannot send x.m["me"][0]: it contains itself`],
  ["toJSON that gives itself", {
    toJSON(): unknown {
      return this;
    },
  }, "Cannot send x: it contains itself"],
];

for (const [name, value, message] of REFUSED) {
  Deno.test(`refused with the path (C67, C69): ${name}`, () => {
    const error = assertThrows(() => encode(value), TypeError);
    assertEquals([error.name, error.message], ["TypeError", message]);
  });
}

/** Something `levels` deep, made of one kind of container. */
function deep(levels: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = wrap(value);
  return value;
}

Deno.test("nesting is refused by the levels that it has on the wire, whatever it is made of (C69)", () => {
  const kinds: [name: string, wrap: (inner: unknown) => unknown, most: number][] = [
    ["arrays", (inner) => [inner], 180],
    ["objects", (inner) => ({ a: inner }), 180],
    ["sets", (inner) => new Set([inner]), 90],
    ["maps", (inner) => new Map([["a", inner]]), 60],
    ["objects with our tag", (inner) => ({ $: inner }), 60],
    ["toJSON", (inner) => ({ toJSON: () => inner }), 180],
  ];
  for (const [name, wrap, most] of kinds) {
    // With what the message itself adds, it is within what the other side takes.
    const message = { jsonrpc: "2.0", params: { values: { x: encode(deep(most, wrap)).json } } };
    assert(withinDepth(message, Limits.depth), name);
    for (const levels of [most + 1, 100_000]) {
      const error = assertThrows(() => encode(deep(levels, wrap)), RangeError);
      assert(error.message.startsWith("Cannot send x"), name);
      assert(error.message.endsWith("nested deeper than 180"), name);
      assert(error.message.length < 200, name);
    }
  }
  const endless = { toJSON: (): unknown => ({ ...endless }) };
  assertThrows(() => encode(endless), RangeError, "nested deeper than 180");
});

Deno.test("what a getter or toJSON throws reaches the caller as it is", () => {
  const thrown = new Error("not now");
  const explode = (): never => {
    throw thrown;
  };
  const traps = [
    Object.defineProperty({}, "a", { get: explode, enumerable: true }),
    { toJSON: explode },
    new Proxy({}, { ownKeys: explode }),
  ];
  for (const trap of traps) assertStrictEquals(assertThrows(() => encode(trap)), thrown);
});

Deno.test("large strings and bytes leave the JSON as blobs, each under its own number", () => {
  const text = "t".repeat(Limits.inlineBytes);
  const small = "s".repeat(Limits.inlineBytes / 4);
  const bytes = new Uint8Array(Limits.inlineBytes + 1);
  const { json, blobs } = encode({ text, small, bytes: [bytes, new Uint8Array(3)] });
  assertEquals(json, {
    text: { $: "blob", id: 1 },
    small,
    bytes: [{ $: "blob", id: 2 }, { $: "bytes", v: "AAAA" }],
  });
  assertEquals(blobs.map(({ id }) => id), [1, 2]);
  assertStrictEquals(blobs[0]?.value, text);
  assertStrictEquals(blobs[1]?.value, bytes);
});

Deno.test("JSON that would crowd a message becomes a blob as a whole, its large parts ahead of it", () => {
  const numbers = Array.from({ length: 200_000 }, (_, n) => n);
  const text = "t".repeat(Limits.inlineBytes);
  const { json, blobs } = encode({ numbers, text });
  assertEquals(json, { $: "json", id: 2 });
  assertEquals(blobs.map(({ id }) => id), [1, 2]);
  assertEquals(JSON.parse(String(blobs[1]?.value)), { numbers, text: { $: "blob", id: 1 } });
});

Deno.test("values are encoded by name, all of them or none", () => {
  let ids = 0;
  const next = () => ++ids;
  assertEquals(encodeValues({ a: 1, "größe": [2n], _b1: null }, next), {
    json: { a: 1, "größe": [{ $: "int", v: "2" }], _b1: null },
    blobs: [],
  });
  const error = assertThrows(() => encodeValues({ a: 1, b: undefined }, next), TypeError);
  assertEquals(error.message, "Cannot send b: it is undefined; use null for None");
  const nested = assertThrows(() => encodeValues({ a: { b: [() => 1] } }, next), TypeError);
  assertEquals(nested.message, "Cannot send a.b[0]: a function has no form in Python");
});

Deno.test("many values that are small each go as one blob when together they would crowd a message", () => {
  const values = Object.fromEntries(
    Array.from({ length: 100 }, (_, n) => [`v${n}`, "x".repeat(Limits.inlineBytes / 4)]),
  );
  const { json, blobs } = encodeValues(values, () => 7);
  assertEquals(json, { $: "json", id: 7 });
  assertEquals(JSON.parse(String(blobs[0]?.value)), values);
});

Deno.test("a name that Python can't have is refused", () => {
  for (const name of ["", "1a", "a b", "a.b", "a-b", "$", "a\n", "a\0", "🐍"]) {
    const error = assertThrows(() => encodeValues({ [name]: 1 }, () => 0), TypeError);
    assertEquals(error.message, `Cannot bind ${JSON.stringify(name)}: it is not a name in Python`);
  }
});

Deno.test("a million numbers are encoded in well under a second", () => {
  const numbers = Array.from({ length: 1_000_000 }, (_, n) => n / 2);
  const startedAt = performance.now();
  encode({ numbers });
  assert(performance.now() - startedAt < 2_000);
});
