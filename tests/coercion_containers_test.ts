/** The rows of the coercion table about lists, dicts, objects and unions. */
import { assertEquals } from "@std/assert";
import { coerce } from "../lib/engine/coercion.ts";
import { parsePythonType } from "../lib/engine/python_type.ts";
import { assertFate, assertRefuses } from "./fixtures/coercion_fate.ts";

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

Deno.test("What was converted fits as it is: a second look changes nothing and never throws", () => {
  const leaves = [1, 1.5, NaN, 2n ** 70n, "x", "7", "[1]", '{"a": 1}', null, true, "2024-01-01"];
  const values = leaves.flatMap((leaf) =>
    [
      leaf,
      [leaf, "2"],
      { a: leaf, "\ud800": 1 },
      new Map<unknown, unknown>([[leaf, leaf], ["k", 1]]),
      new Set([leaf]),
    ] as unknown[]
  );
  const types = ["int", "list[int]", "dict[str, list[int | str]]", "tuple[str, int]", "bool | None"]
    .concat(["Literal['x', 7]", "date", "set[float]", "dict[int, Any]", "list[str] | dict"]);
  let fitting = 0;
  for (const type of types) {
    for (const value of values) {
      const first = coerce(value, parsePythonType(type), "x");
      if (!first.ok) continue;
      const second = coerce(first.value, parsePythonType(type), "x");
      assertEquals(second, { ok: true, value: first.value, converted: false });
      fitting += 1;
    }
  }
  assertEquals(fitting, 88, "the table takes other values than it did");
});
