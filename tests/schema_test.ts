/** JSON Schema: limits with paths, types as text, and the JSON in a model's reply. */
import { assertEquals, assertThrows } from "@std/assert";
import { parseJson, parseJsonReply } from "../lib/engine/json_text.ts";
import { limitIssues } from "../lib/engine/schema_limits.ts";
import { resolveRef } from "../lib/engine/schema.ts";
import { limitText, typeText } from "../lib/engine/type_text.ts";

Deno.test("C96: each limit of a schema is checked and named with its path", () => {
  const cases: [Record<string, unknown>, unknown, string, string][] = [
    [{ minimum: 1 }, 0, "at least 1", "int 0"],
    [{ exclusiveMinimum: 1 }, 1, "more than 1", "int 1"],
    [{ maximum: 1 }, 1.5, "at most 1", "float 1.5"],
    [{ exclusiveMaximum: 1 }, 1, "less than 1", "int 1"],
    [{ multipleOf: 5 }, 7, "a multiple of 5", "int 7"],
    [{ minLength: 2 }, "a", "at least 2 characters", 'str "a"'],
    [{ maxLength: 2 }, "abc", "at most 2 characters", 'str "abc"'],
    [{ pattern: "^[A-Z]+$" }, "a", "text matching /^[A-Z]+$/", 'str "a"'],
    [{ format: "email" }, "a", "text in the format email", 'str "a"'],
    [{ minItems: 1 }, [], "at least 1 items", "list of 0 items"],
    [{ maxItems: 1 }, [1, 2], "at most 1 items", "list of 2 items"],
    [{ uniqueItems: true }, [1, 1], "no item twice", "list of 2 items"],
    [{ minProperties: 1 }, {}, "at least 1 keys", "an empty dict"],
    [{ maximum: 100 }, 10n ** 20n, "at most 100", "int 100000000000000000000"],
  ];
  for (const [schema, value, wanted, got] of cases) {
    assertEquals(limitIssues(value, schema, "x"), [{ path: "x", wanted, got }]);
  }
});

Deno.test("C96: a limit deep inside is named by where it is, through references and odd keys", () => {
  const schema = {
    type: "object",
    properties: { "a/b c": { type: "array", items: { $ref: "#/$defs/page" } } },
    additionalProperties: false,
    $defs: { page: { type: "integer", minimum: 1 } },
  };
  assertEquals(limitIssues({ "a/b c": [1, 0, -1] }, schema, "x"), [
    { path: 'x["a/b c"][1]', wanted: "at least 1", got: "int 0" },
    { path: 'x["a/b c"][2]', wanted: "at least 1", got: "int -1" },
  ]);
});

Deno.test("A limit inside a union is that of the alternative which was meant", () => {
  const optional = { anyOf: [{ type: "integer", minimum: 1 }, { type: "null" }] };
  assertEquals(limitIssues(0, optional, "x"), [{ path: "x", wanted: "at least 1", got: "int 0" }]);
  assertEquals(limitIssues(null, optional, "x"), []);
  const either = { anyOf: [{ type: "integer", minimum: 10 }, { type: "number", maximum: 0 }] };
  assertEquals(limitIssues(5, either, "x"), [{ path: "x", wanted: "int | float", got: "int 5" }]);
  const exactly = { oneOf: [{ type: "integer", minimum: 1 }, { type: "number", maximum: 9 }] };
  assertEquals(limitIssues(5, exactly, "x"), [
    { path: "x", wanted: "exactly one of int | float", got: "int 5" },
  ]);
});

Deno.test("Keys, contains, not and conditions are checked too", () => {
  assertEquals(
    limitIssues({ a: 1 }, { type: "object", propertyNames: { pattern: "^-?[0-9]+$" } }, "x"),
    [{ path: "x", wanted: "keys: text matching /^-?[0-9]+$/", got: 'the key "a"' }],
  );
  const contains = { type: "array", contains: { const: 1 } };
  assertEquals(limitIssues([2], contains, "x").map(({ path }) => path), ["x"]);
  assertEquals(limitIssues([1], contains, "x"), []);
  assertEquals(limitIssues(3, { not: { const: 3 } }, "x").length, 1);
  const conditional = {
    if: { properties: { kind: { const: "a" } } },
    then: { properties: { size: { maximum: 1 } } },
  };
  assertEquals(limitIssues({ kind: "a", size: 2 }, conditional, "x"), [
    { path: "x.size", wanted: "at most 1", got: "int 2" },
  ]);
});

Deno.test("Bytes, sets, maps and dates can stand in a value whose limits are checked", () => {
  const value = { a: new Uint8Array(1), b: new Set([1]), c: new Map([[1, 2]]), d: new Date(0) };
  assertEquals(limitIssues(value, { maxProperties: 4 }, "x"), []);
  assertEquals(limitIssues(value, { maxProperties: 3 }, "x").map(({ wanted }) => wanted), [
    "at most 3 keys",
  ]);
});

Deno.test("A moment without offset passes where the schema wants a date-time", () => {
  const schema = { type: "string", format: "date-time", maxLength: 30 };
  assertEquals(limitIssues("2024-05-01T10:00:00", schema, "x"), []);
});

Deno.test("A schema reads as a Python type", () => {
  const cases: [unknown, string][] = [
    [{}, "Any"],
    [true, "Any"],
    [{ const: "a" }, 'Literal["a"]'],
    [{ type: ["string", "null"] }, "str | None"],
    [{ type: "object", properties: {} }, "dict"],
    [{ properties: { a: { type: "string" } } }, '{"a"?: str}'],
    [{ type: "string", format: "email" }, "str"],
    [{ allOf: [{ type: "integer" }, { minimum: 1 }] }, "int"],
    [{ oneOf: [{ type: "integer" }, { type: "integer", minimum: 3 }] }, "int"],
    [{ $ref: "#/$defs/a", $defs: { a: { type: "boolean" } } }, "bool"],
  ];
  for (const [schema, text] of cases) assertEquals(typeText(schema), text);
});

Deno.test("A schema that holds itself reads as text of bounded length", () => {
  const node = {
    $ref: "#/$defs/node",
    $defs: {
      node: {
        type: "object",
        properties: { kids: { type: "array", items: { $ref: "#/$defs/node" } } },
        required: ["kids"],
      },
    },
  };
  assertEquals(typeText(node), '{"kids": list[{"kids": list[node]}]}');
});

Deno.test("A reference that leads nowhere or in a circle is refused", () => {
  for (
    const root of [{ $ref: "#/a" }, { $ref: "#/a", a: { $ref: "#/a" } }, { $ref: "http://x/y" }]
  ) {
    const error = assertThrows(() => resolveRef(root, root), TypeError);
    assertEquals(
      error.message,
      `read a JSON Schema: $ref '${root.$ref}' leads nowhere; define it in $defs`,
    );
  }
});

Deno.test("Limits read as words, and the bounds of every safe integer are not worth any", () => {
  assertEquals(limitText({ type: "integer", minimum: 1, maximum: 9 }), "at least 1, at most 9");
  assertEquals(
    limitText({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }),
    "",
  );
});

Deno.test("C88: JSON keeps every digit of a large integer", () => {
  assertEquals(parseJson('{"a": 9007199254740993, "b": 1, "c": -0.5, "d": 1e3}'), {
    a: 9007199254740993n,
    b: 1,
    c: -0.5,
    d: 1000,
  });
});

Deno.test("C110: the JSON in a reply is found bare, fenced, or in prose", () => {
  const replies = [
    '{"a": [1, "}"]}',
    '  \n{"a": [1, "}"]}\n',
    '```json\n{"a": [1, "}"]}\n```',
    'Here it is:\r\n```\r\n{"a": [1, "}"]}\r\n```\r\nDone.',
    'I first thought\n```json\n{"a": 0}\n```\nbut it is\n```json\n{"a": [1, "}"]}\n```',
    '```json\n{"a": [1, "}"]}',
    '<think>{"a": 0}</think>\n{"a": [1, "}"]}',
    'The answer {as asked} is {"a": [1, "}"]}, I believe.',
    'Sure! {"a": [1, "}"]}',
  ];
  for (const reply of replies) {
    assertEquals(parseJsonReply(reply), { ok: true, value: { a: [1, "}"] } }, reply);
  }
  assertEquals(parseJsonReply("42"), { ok: true, value: 42 });
  assertEquals(parseJsonReply('"text"'), { ok: true, value: "text" });
});

Deno.test("C110: a reply without JSON is refused with the reason, and nothing is repaired", () => {
  assertEquals(parseJsonReply(" \n"), { ok: false, reason: "the reply is empty" });
  for (const reply of ["I do not know", '{"a": 1', "{'a': 1}", '{"a": 1,}']) {
    const parsed = parseJsonReply(reply);
    assertEquals(parsed.ok, false, reply);
    assertEquals(!parsed.ok && parsed.reason.startsWith("the reply is not JSON: "), true, reply);
  }
});

Deno.test("A hostile reply of a million brackets is refused in reasonable time", () => {
  const start = performance.now();
  assertEquals(parseJsonReply("[".repeat(1_000_000)).ok, false);
  assertEquals(performance.now() - start < 5_000, true);
});

Deno.test("A hostile reply of texts without an end is refused in time that grows with its length alone", () => {
  const start = performance.now();
  // Where each start of a text is tried to the end of the reply, this takes minutes.
  for (const head of ["", '"', '{"a": [1'.repeat(60)]) {
    assertEquals(parseJsonReply(head + '\\"'.repeat(200_000)).ok, false);
  }
  assertEquals(performance.now() - start < 5_000, true);
});

Deno.test("Limits of several items in a union are told apart", () => {
  const schema = {
    type: "array",
    items: { anyOf: [{ type: "integer", minimum: 1 }, { type: "null" }] },
  };
  const value = [0, null, ...Array(9).fill(1), -1];
  assertEquals(limitIssues(value, schema, "x"), [
    { path: "x[0]", wanted: "at least 1", got: "int 0" },
    { path: "x[11]", wanted: "at least 1", got: "int -1" },
  ]);
});

Deno.test("C52: a key with half a surrogate pair is checked like any other", () => {
  const schema = { type: "object", additionalProperties: { maximum: 1 } };
  assertEquals(limitIssues({ "\ud800": 1 }, schema, "x"), []);
  assertEquals(limitIssues({ "\ud800": 2 }, schema, "x").map(({ wanted }) => wanted), [
    "at most 1",
  ]);
});

Deno.test("JSON that is nested too deeply is refused, brackets in texts do not count", () => {
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  assertEquals(parseJsonReply(deep), {
    ok: false,
    reason: "the reply is not JSON: nested more than 200 deep",
  });
  assertEquals(parseJson(JSON.stringify(deep)), deep);
});
