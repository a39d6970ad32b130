/** The coercion table, row by row: what is kept, what is converted, and what is refused because that would invent. */
import { assertEquals } from "@std/assert";
import { coerce } from "../lib/engine/coercion.ts";
import { ErrorValue } from "../lib/host/sandbox.ts";
import { assertFate, assertRefuses } from "./fixtures/coercion_fate.ts";

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
