/** What each value of the guest becomes in JavaScript, and what no honest guest sends. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { ProtocolError } from "../lib/errors.ts";
import { decodeValue } from "../lib/host/decode_value.ts";
import { ErrorValue } from "../lib/host/sandbox.ts";
import { ErrorCode, type JsonValue } from "../sandbox/protocol.ts";

const noBlobs = (): never => {
  throw new Error("no large value was sent");
};

function decode(json: JsonValue): unknown {
  return decodeValue(json, noBlobs);
}

const FORMS: [name: string, wire: JsonValue, value: unknown][] = [
  ["None", null, null],
  ["bool", [true, false], [true, false]],
  ["int", [1, -5], [1, -5]],
  ["a large int", { $: "int", v: "-1180591620717411303424" }, -(2n ** 70n)],
  ["float", [0.5, -1e-7], [0.5, -1e-7]],
  ["a float without fraction", { $: "float", v: "3.0" }, 3],
  ["minus zero", { $: "float", v: "-0.0" }, -0],
  ["nan", { $: "float", v: "nan" }, NaN],
  ["inf", { $: "float", v: "inf" }, Infinity],
  ["-inf", { $: "float", v: "-inf" }, -Infinity],
  ["floats as Python writes them", [{ $: "float", v: "1e+16" }, { $: "float", v: "1.5e-300" }], [
    1e16,
    1.5e-300,
  ]],
  ["str", "naïve 🐍 \0", "naïve 🐍 \0"],
  ["str with lone surrogates", "a\ud800", "a\ufffd"],
  ["tagged str", { $: "str", v: "a\udc00" }, "a\ufffd"],
  ["bytes", { $: "bytes", v: "AP8=" }, Uint8Array.of(0, 255)],
  ["list", [[], [1]], [[], [1]]],
  ["tuple", { $: "tuple", v: [1, { $: "tuple", v: [] }] }, [1, []]],
  ["set", { $: "set", v: [1, "a"] }, new Set([1, "a"])],
  ["dict", { a: { b: 1 } }, { a: { b: 1 } }],
  ["dict keys with lone surrogates", { "\ud800": 1 }, { "\ufffd": 1 }],
  ["dict with the tag for a key", { $: "dict", v: [["$", "x"], ["a", 1]] }, { $: "x", a: 1 }],
  [
    "dict with other keys",
    { $: "dict", v: [[1, "a"], ["b", 2]] },
    new Map<unknown, unknown>([[1, "a"], ["b", 2]]),
  ],
  [
    "dict with tuples for keys",
    { $: "dict", v: [[{ $: "tuple", v: [1] }, 2]] },
    new Map([[[1], 2]]),
  ],
  ["an empty dict of pairs", { $: "dict", v: [] }, {}],
  ["datetime", { $: "datetime", v: "2024-02-29T12:00:00+01:00" }, "2024-02-29T12:00:00+01:00"],
  ["date", { $: "date", v: "2024-02-29" }, "2024-02-29"],
  ["time", { $: "time", v: "12:00:00" }, "12:00:00"],
  [
    "LLMError",
    { $: "error", type: "ModelError", message: "no" },
    new ErrorValue("ModelError", "no"),
  ],
];

for (const [name, form, value] of FORMS) {
  Deno.test(`on the way from Python (C67–C69): ${name}`, () => assertEquals(decode(form), value));
}

Deno.test("a failed slot arrives as an ErrorValue", () => {
  const value = decode({ $: "error", type: "T", message: "m\ud800" });
  assertInstanceOf(value, ErrorValue);
  assertEquals([value.type, value.message], ["T", "m\ufffd"]);
});

Deno.test("keys of prototypes become plain keys and change no object (R41)", () => {
  const forms = [
    JSON.parse(`{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"x":1}}}`),
    { $: "dict", v: [["__proto__", { isAdmin: true }], ["constructor", { prototype: { x: 1 } }]] },
  ];
  for (const form of forms) {
    const value = decode(form);
    assertInstanceOf(value, Object);
    assertEquals(Object.keys(value), ["__proto__", "constructor"]);
    assertStrictEquals(Object.getPrototypeOf(value), Object.prototype);
    assertEquals([Reflect.get({}, "isAdmin"), Reflect.get({}, "x")], [undefined, undefined]);
  }
});

Deno.test("an integer of a million digits arrives, in bounded time", () => {
  const digits = "7".repeat(1_000_000);
  const startedAt = performance.now();
  const value = decode({ $: "int", v: digits });
  assert(typeof value === "bigint" && value % 10n === 7n);
  assert(performance.now() - startedAt < 3_000);
});

Deno.test("a large value is taken by its number: text, byte order mark and all, or bytes", () => {
  const sent = new Map([[1, new TextEncoder().encode("\ufeffnaïve 🐍")], [2, Uint8Array.of(1, 2)]]);
  const take = (id: number) => sent.get(id) ?? noBlobs();
  const json = [{ $: "blob", id: 1, kind: "str" }, { a: { $: "blob", id: 2, kind: "bytes" } }];
  assertEquals(decodeValue(json, take), ["\ufeffnaïve 🐍", { a: Uint8Array.of(1, 2) }]);
});

Deno.test("large text that is not UTF-8 is repaired with U+FFFD (C73)", () => {
  const take = () => Uint8Array.of(97, 0xed, 0xa0, 0x80, 0xff, 98);
  const text = decodeValue({ $: "blob", id: 1, kind: "str" }, take);
  assert(typeof text === "string" && text.isWellFormed());
  assertEquals([text.startsWith("a\ufffd"), text.endsWith("\ufffdb")], [true, true]);
});

const FORGED: [json: JsonValue, bad: string][] = [
  [{ $: "nothing", v: 1 }, "nothing"],
  [{ $: "" }, ""],
  [{ $: "json", id: 1 }, "json"],
  [{ $: "constructor" }, "constructor"],
  [{ $: "t".repeat(1_000) }, "t".repeat(20)],
  [{ $: 1 }, "tag"],
  [{ $: null }, "tag"],
  [{ $: { toString: 1 } }, "tag"],
  [{ $: "int" }, "int"],
  [{ $: "int", v: 5 }, "int"],
  [{ $: "int", v: "" }, "int"],
  [{ $: "int", v: "1.5" }, "int"],
  [{ $: "int", v: "0x10" }, "int"],
  [{ $: "int", v: " 1" }, "int"],
  [{ $: "int", v: "9".repeat(1_200_000) }, "int"],
  [{ $: "float", v: 1 }, "float"],
  [{ $: "float", v: "" }, "float"],
  [{ $: "float", v: "NaN" }, "float"],
  [{ $: "float", v: "0x10" }, "float"],
  [{ $: "float", v: "1_0" }, "float"],
  [{ $: "str", v: null }, "str"],
  [{ $: "date", v: [] }, "date"],
  [{ $: "bytes", v: "not base64!" }, "bytes"],
  [{ $: "bytes", v: 0 }, "bytes"],
  [{ $: "tuple", v: "ab" }, "tuple"],
  [{ $: "set", v: { length: 1 } }, "set"],
  [{ $: "dict", v: {} }, "dict"],
  [{ $: "dict", v: [1] }, "dict"],
  [{ $: "dict", v: [["a"]] }, "dict"],
  [{ $: "dict", v: [["a", 1, 2]] }, "dict"],
  [{ $: "error", type: "T" }, "error"],
  [{ $: "error", type: { toString: 1 }, message: "m" }, "error"],
  [{ $: "blob", id: "1", kind: "str" }, "blob"],
  [{ $: "blob", kind: "str" }, "blob"],
];

Deno.test("what no honest guest sends is a ProtocolError, wherever it stands", () => {
  for (const [json, bad] of FORGED) {
    for (const place of [json, [json], { a: json }, { $: "tuple", v: [json] }]) {
      const error = assertThrows(() => decode(place), ProtocolError);
      assertEquals([error.name, error.message, error.code, error.usage, error.trajectory], [
        "ProtocolError",
        `Cannot read value of the guest: bad ${bad}`,
        ErrorCode.invalidParams,
        null,
        [],
      ]);
    }
  }
});

Deno.test("a large value of an unknown kind is a ProtocolError", () => {
  const json = { $: "blob", id: 1, kind: "code" };
  assertThrows(() => decodeValue(json, () => new Uint8Array(1)), ProtocolError, "bad blob");
});
