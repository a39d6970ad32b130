/** The coercion table, row by row: what is kept, what is converted, and what is refused because that would invent. */
import { assertEquals } from "@std/assert";
import { ErrorValue } from "../lib/host/sandbox.ts";
import { coerce } from "../lib/engine/coercion.ts";
import { parsePythonType } from "../lib/engine/python_type.ts";

/** What became of a value: it stays as it is, becomes another, or is refused with these words. */
type Fate = "kept" | { to: unknown } | { wanted: string; got: string; path?: string };

/** Checks one cell of the table. */
function assertFate(type: string, value: unknown, fate: Fate, json = false): void {
  const result = coerce(value, parsePythonType(type), "x", { json });
  if (fate === "kept") {
    assertEquals(result, { ok: true, value, converted: false }, type);
  } else if ("to" in fate) {
    assertEquals(result, { ok: true, value: fate.to, converted: true }, type);
  } else {
    const { path = "x", wanted, got } = fate;
    assertEquals(result, { ok: false, issues: [{ path, wanted, got }] }, type);
  }
}

/** Checks that a type refuses each value, in the words given for it. */
function assertRefuses(type: string, values: readonly (readonly [unknown, string])[]): void {
  for (const [value, got] of values) assertFate(type, value, { wanted: type, got });
}

Deno.test("C84: str takes numbers as digits and moments as ISO 8601, nothing else", () => {
  assertFate("str", "", "kept");
  assertFate("str", "42", "kept");
  assertFate("str", 42, { to: "42" });
  assertFate("str", 12345678901234567890n, { to: "12345678901234567890" });
  assertFate("str", 1.5, { to: "1.5" });
  assertFate("str", new Date("2024-05-01T10:00:00Z"), { to: "2024-05-01T10:00:00.000Z" });
  assertRefuses("str", [
    [true, "bool True"],
    [null, "None"],
    [NaN, "float nan"],
    [Infinity, "float inf"],
    [["a"], "list of 1 item"],
    [{ a: 1 }, 'dict with "a"'],
    [new Uint8Array(3), "bytes of length 3"],
    [new Date(NaN), "datetime nan"],
  ]);
});

Deno.test("C84: int takes 3.0 and digits, but nothing that would lose or guess", () => {
  assertFate("int", 3, "kept");
  assertFate("int", 3.0, "kept");
  assertFate("int", "42", { to: 42 });
  assertFate("int", " -7 ", { to: -7 });
  assertFate("int", "+7", { to: 7 });
  assertRefuses("int", [
    [3.5, "float 3.5"],
    ["3.0", 'str "3.0"'],
    ["1,000", 'str "1,000"'],
    ["1_000", 'str "1_000"'],
    ["", 'str ""'],
    ["0x10", 'str "0x10"'],
    [true, "bool True"],
    [null, "None"],
    [NaN, "float nan"],
    [1e20, "float 100000000000000000000"],
    [[1], "list of 1 item"],
  ]);
});

Deno.test("C88: integers above 2^53 stay exact", () => {
  assertFate("int", 9007199254740993n, "kept");
  assertFate("int", "9007199254740993", { to: 9007199254740993n });
  assertFate("list[int]", [2n ** 100n, -(2n ** 64n)], "kept");
  assertEquals(coerce(42n, { type: "integer" }, "x"), { ok: true, value: 42, converted: false });
});

Deno.test("C84: float takes finite numbers, their text, and integers that it holds exactly", () => {
  assertFate("float", 1.5, "kept");
  assertFate("float", 3, "kept");
  assertFate("float", "1.5e3", { to: 1500 });
  assertFate("float", " .5 ", { to: 0.5 });
  assertFate("float", 2n ** 60n, { to: 2 ** 60 });
  assertRefuses("float", [
    [NaN, "float nan"],
    [-Infinity, "float -inf"],
    ["nan", 'str "nan"'],
    ["1,5", 'str "1,5"'],
    ["1e999", 'str "1e999"'],
    ["12 %", 'str "12 %"'],
    [9007199254740993n, "int 9007199254740993"],
    [false, "bool False"],
    [null, "None"],
  ]);
});

Deno.test("C84: bool takes 1 and 0 and four words, no other truthy value", () => {
  assertFate("bool", true, "kept");
  assertFate("bool", 1, { to: true });
  assertFate("bool", 0, { to: false });
  assertFate("bool", "True", { to: true });
  assertFate("bool", " no ", { to: false });
  assertRefuses("bool", [
    [2, "int 2"],
    [0.5, "float 0.5"],
    ["", 'str ""'],
    ["on", 'str "on"'],
    ["yes, but", 'str "yes, but"'],
    [null, "None"],
    [[], "list of 0 items"],
  ]);
});

Deno.test("C84: dates are ISO 8601 or refused, and no offset is made up", () => {
  assertFate("datetime", "2024-05-01T10:00:00", "kept");
  assertFate("datetime", "2024-05-01T10:00:00.25+02:00", "kept");
  assertFate("datetime", "2024-05-01 10:00", { to: "2024-05-01T10:00:00" });
  assertFate("datetime", "2024-05-01t10:00:00z", { to: "2024-05-01T10:00:00Z" });
  assertFate("datetime", "2024-05-01T10:00:00+0200", { to: "2024-05-01T10:00:00+02:00" });
  assertFate("date", "2024-02-29", "kept");
  assertFate("date", "2024-05-01T00:00:00", { to: "2024-05-01" });
  assertFate("time", "23:59:59", "kept");
  assertFate("time", "7:30", { wanted: "time", got: 'str "7:30"' });
  assertRefuses("datetime", [
    ["2024-05-01", 'str "2024-05-01"'],
    ["2024-02-30T10:00:00", 'str "2024-02-30T10:00:00"'],
    ["2024-05-01T25:00:00", 'str "2024-05-01T25:00:00"'],
    [1714557600, "int 1714557600"],
  ]);
  assertRefuses("date", [
    ["2023-02-29", 'str "2023-02-29"'],
    ["05/01/2024", 'str "05/01/2024"'],
    ["2024-05-01T10:00:00", 'str "2024-05-01T10:00:00"'],
    ["May 1, 2024", 'str "May 1, 2024"'],
  ]);
});

Deno.test("bytes stay bytes; base64 text is bytes only in JSON", () => {
  assertFate("bytes", new Uint8Array([1, 2]), "kept");
  assertFate("bytes", "AQI=", { wanted: "bytes", got: 'str "AQI="' });
  assertFate("bytes", "AQI=", { to: new Uint8Array([1, 2]) }, true);
  assertFate("bytes", "not base64!", { wanted: "bytes", got: 'str "not base64!"' }, true);
});

Deno.test("C96: a Literal takes a member, also in another case, but never guesses between two", () => {
  const type = 'Literal["Yes", "no", 1, True, None]';
  assertFate(type, "Yes", "kept");
  assertFate(type, 1, "kept");
  assertFate(type, true, "kept");
  assertFate(type, null, "kept");
  assertFate(type, " YES ", { to: "Yes" });
  assertFate(type, "1", { to: 1 });
  assertEquals(coerce(1n, { enum: [1] }, "x"), { ok: true, value: 1, converted: false });
  assertRefuses(type, [["maybe", 'str "maybe"'], [2, "int 2"], [false, "bool False"]]);
  assertFate('Literal["a", "A"]', " a", { wanted: 'Literal["a", "A"]', got: 'str " a"' });
});

Deno.test("C83: lists are checked item by item; one item alone is no list", () => {
  assertFate("list[int]", [1, 2], "kept");
  assertFate("list[int]", [], "kept");
  assertFate("list[int]", [1, "2"], { to: [1, 2] });
  assertFate("list[str]", new Set(["a"]), { to: ["a"] });
  assertFate("list[int]", "[1, 2]", { to: [1, 2] });
  assertFate("list[int]", [1, "x", 3], { path: "x[1]", wanted: "int", got: 'str "x"' });
  assertFate("list[list[int]]", [[1], [2, null]], { path: "x[1][1]", wanted: "int", got: "None" });
  assertRefuses("list[int]", [
    [1, "int 1"],
    ["1, 2", 'str "1, 2"'],
    ["[1, 2", 'str "[1, 2"'],
    [{ 0: 1 }, 'dict with "0"'],
    [null, "None"],
  ]);
});

Deno.test("Every wrong item is named", () => {
  assertEquals(coerce(["a", 1, "b"], { type: "array", items: { type: "integer" } }, "x"), {
    ok: false,
    issues: [
      { path: "x[0]", wanted: "int", got: 'str "a"' },
      { path: "x[2]", wanted: "int", got: 'str "b"' },
    ],
  });
});

Deno.test("tuple has one shape, set becomes a list", () => {
  assertFate("tuple[int, str]", [1, "a"], "kept");
  assertFate("tuple[int, str]", [1], { wanted: "tuple[int, str]", got: "list of 1 item" });
  assertFate("tuple[int, str]", [1, "a", 2], { wanted: "tuple[int, str]", got: "list of 3 items" });
  assertFate("tuple[int, str]", [1, null], { path: "x[1]", wanted: "str", got: "None" });
  assertEquals(coerce(new Set([1, 2]), parsePythonType("set[int]"), "x"), {
    ok: true,
    value: [1, 2],
    converted: false,
  });
});

Deno.test("C83: dicts are checked key by key; integer keys become text", () => {
  assertFate("dict[str, int]", { a: 1 }, "kept");
  assertFate("dict[str, int]", '{"a": 1}', { to: { a: 1 } });
  assertFate("dict[str, int]", new Map<unknown, unknown>([[2020, 1], [10n ** 20n, 2]]), {
    to: { "2020": 1, "100000000000000000000": 2 },
  });
  assertEquals(coerce(new Map([["a", 1]]), parsePythonType("dict[str, int]"), "x"), {
    ok: true,
    value: { a: 1 },
    converted: false,
  });
  assertFate("dict[str, int]", { "a b": "?" }, { path: 'x["a b"]', wanted: "int", got: 'str "?"' });
  assertFate("dict[str, int]", new Map([[true, 1]]), {
    wanted: "keys of type str",
    got: "key bool True",
  });
  assertFate("dict[str, int]", new Map<unknown, number>([[1, 1], ["1", 2]]), {
    wanted: "different keys",
    got: 'key str "1" twice as text',
  });
  assertRefuses("dict[str, int]", [[[["a", 1]], "list of 1 item"], [null, "None"], [
    "{a",
    'str "{a"',
  ]]);
});

Deno.test("A key named __proto__ is a key like any other", () => {
  const value: unknown = JSON.parse('{"__proto__": 1}');
  const result = coerce(value, parsePythonType("dict[str, int]"), "x");
  assertEquals(JSON.stringify(result), '{"ok":true,"value":{"__proto__":1},"converted":false}');
});

const ITEM = {
  type: "object",
  properties: {
    title: { type: "string" },
    page: { type: "integer" },
    lang: { type: "string", default: "en" },
  },
  required: ["title"],
  additionalProperties: false,
};

Deno.test("C96: objects have their required keys, their defaults and no others", () => {
  assertEquals(coerce({ title: "a" }, ITEM, "x"), {
    ok: true,
    value: { title: "a", lang: "en" },
    converted: false,
  });
  assertEquals(coerce({ page: "x", more: [1] }, ITEM, "x"), {
    ok: false,
    issues: [
      { path: "x.title", wanted: "str", got: "nothing" },
      { path: "x.page", wanted: "int", got: 'str "x"' },
      { path: "x.more", wanted: "only the keys title, page, lang", got: "list of 1 item" },
    ],
  });
});

Deno.test("C86: None stands for a key that may be left out, never for a required one", () => {
  assertEquals(coerce({ title: "a", page: null, lang: null }, ITEM, "x"), {
    ok: true,
    value: { title: "a", lang: "en" },
    converted: false,
  });
  assertEquals(coerce({ title: null }, ITEM, "x"), {
    ok: false,
    issues: [{ path: "x.title", wanted: "str", got: "None" }],
  });
  assertFate("Optional[int]", null, "kept");
});

Deno.test("C96: a union takes what fits as it is before it converts anything", () => {
  assertFate("int | str", "42", "kept");
  assertFate("str | int", 42, "kept");
  assertFate("int | bool", "7", { to: 7 });
  assertFate("int | None", "7", { to: 7 });
  assertFate("list[int] | str", "[1]", "kept");
  assertRefuses("int | bool", [["x", 'str "x"'], [null, "None"]]);
  assertEquals(coerce("7", { type: ["integer", "null"] }, "x"), {
    ok: true,
    value: 7,
    converted: true,
  });
});

Deno.test("C96: what is wrong inside the alternative that was meant is named", () => {
  assertFate("list[int] | None", [1, "x"], { path: "x[1]", wanted: "int", got: 'str "x"' });
  const shapes = {
    oneOf: [
      {
        type: "object",
        properties: { kind: { const: "box" }, side: { type: "number" } },
        required: ["kind", "side"],
      },
      {
        type: "object",
        properties: { kind: { const: "ball" }, radius: { type: "number" } },
        required: ["kind", "radius"],
      },
    ],
  };
  assertEquals(coerce({ kind: "ball", radius: "big" }, shapes, "x"), {
    ok: false,
    issues: [{ path: "x.radius", wanted: "float", got: 'str "big"' }],
  });
  assertEquals(coerce({ kind: "cone" }, shapes, "x"), {
    ok: false,
    issues: [{
      path: "x",
      wanted:
        '{"kind": Literal["box"], "side": float} | {"kind": Literal["ball"], "radius": float}',
      got: 'dict with "kind"',
    }],
  });
});

Deno.test("An error value of a failed sub-call is never an answer", () => {
  const failed = new ErrorValue("ModelError", "rate limit");
  const got = "an error value: ModelError: rate limit";
  assertFate("Any", failed, { wanted: "Any", got });
  assertFate("str", failed, { wanted: "str", got });
  assertFate("list[str]", ["a", failed], { path: "x[1]", wanted: "str", got });
  assertFate("dict[str, Any]", { a: failed }, { path: "x.a", wanted: "Any", got });
});

Deno.test("Any takes every other value as it is", () => {
  for (const value of [null, 1n, new Map(), new Set([1]), new Uint8Array(1), { a: [1] }, "x"]) {
    assertFate("Any", value, "kept");
  }
});

Deno.test("A long value is shown by its head and its length", () => {
  const text = "é".repeat(12_345);
  assertFate("int", text, { wanted: "int", got: `str "${"é".repeat(60)}…" (12,345 characters)` });
  assertFate("int", "\u0000\n", { wanted: "int", got: String.raw`str "\u0000\n"` });
  const keys = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`key${index}`, 1]));
  assertFate("int", keys, {
    wanted: "int",
    got: `dict with ${Object.keys(keys).map((key) => `"${key}"`).join(", ").slice(0, 60)}…`,
  });
});

Deno.test("References, allOf and the older words of JSON Schema are understood", () => {
  const schema = {
    definitions: { page: { type: "integer" } },
    type: "array",
    items: [{ $ref: "#/definitions/page" }, { type: "string" }],
    additionalItems: false,
  };
  assertEquals(coerce(["1", "a"], schema, "x"), { ok: true, value: [1, "a"], converted: true });
  const both = {
    allOf: [
      { type: "object", properties: { a: { type: "integer" } }, required: ["a"] },
      { type: "object", properties: { b: { type: "integer" } }, required: ["b"] },
    ],
  };
  assertEquals(coerce({ a: "1", b: 2 }, both, "x"), {
    ok: true,
    value: { a: 1, b: 2 },
    converted: true,
  });
  assertEquals(coerce({ a: 1 }, both, "x"), {
    ok: false,
    issues: [{ path: "x.b", wanted: "int", got: "nothing" }],
  });
});
