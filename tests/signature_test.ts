/** The string form of a signature: what it means, and the error that each mistake earns. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { SignatureError } from "../lib/errors.ts";
import { parsePythonType } from "../lib/engine/python_type.ts";
import { normalizeSignature, parseSignature } from "../lib/engine/signature.ts";
import { typeText } from "../lib/engine/type_text.ts";
import type { RunRecord } from "../lib/rlm_options.ts";

/** Name, type and requirement of each field. */
function shape(fields: ReturnType<typeof parseSignature>["inputs"]): unknown[] {
  return fields.map(({ name, type, required, default: fallback }) =>
    required ? [name, type] : [name, type, fallback]
  );
}

/** Reads a wrong signature and checks every field of the error. */
function assertRefused(text: string, problem: string, position: number): void {
  const error = assertThrows(() => parseSignature(text), SignatureError);
  assertEquals(error.message.split("\n")[0], `read signature: ${problem}`);
  assertEquals(error.position, position);
  assertEquals(error.name, "SignatureError");
  assertEquals(error.trajectory, []);
  assertEquals(error.usage, null);
}

Deno.test("A signature without types takes anything and gives text", () => {
  const signature = parseSignature("context, query -> answer");
  assertEquals(shape(signature.inputs), [["context", "Any"], ["query", "Any"]]);
  assertEquals(shape(signature.outputs), [["answer", "str"]]);
  assertEquals(signature.instructions, "");
  assertEquals(signature.outputSchema, {
    type: "object",
    properties: { answer: { type: "string" } },
    required: ["answer"],
    additionalProperties: false,
  });
});

Deno.test("White space, newlines and a last comma do not matter", () => {
  const signature = parseSignature(`
    context : str ,
    query
      ->
    answer:str,
    pages : list [ int ] ,
  `);
  assertEquals(shape(signature.inputs), [["context", "str"], ["query", "Any"]]);
  assertEquals(shape(signature.outputs), [["answer", "str"], ["pages", "list[int]"]]);
});

Deno.test("A signature may have no inputs", () => {
  assertEquals(parseSignature("-> answer").inputs, []);
});

Deno.test("Every Python type has its JSON Schema, and reads back as itself", () => {
  const types: [string, unknown][] = [
    ["str", { type: "string" }],
    ["int", { type: "integer" }],
    ["float", { type: "number" }],
    ["bool", { type: "boolean" }],
    ["None", { type: "null" }],
    ["Any", {}],
    ["dict", { type: "object" }],
    ["list", { type: "array" }],
    ["list[int]", { type: "array", items: { type: "integer" } }],
    ["set[str]", { type: "array", items: { type: "string" }, uniqueItems: true }],
    ["dict[str, float]", { type: "object", additionalProperties: { type: "number" } }],
    ["dict[int, str]", {
      type: "object",
      additionalProperties: { type: "string" },
      propertyNames: { pattern: "^-?[0-9]+$" },
    }],
    ["tuple[int, str]", {
      type: "array",
      prefixItems: [{ type: "integer" }, { type: "string" }],
      items: false,
      minItems: 2,
      maxItems: 2,
    }],
    ['Literal["a", "b, c", 1, -2.5, True, None]', { enum: ["a", "b, c", 1, -2.5, true, null] }],
    ["str | None", { anyOf: [{ type: "string" }, { type: "null" }] }],
    ["int | str | None", {
      anyOf: [{ type: "integer" }, { type: "string" }, { type: "null" }],
    }],
    ["datetime", { type: "string", format: "date-time" }],
    ["date", { type: "string", format: "date" }],
    ["time", { type: "string", format: "time" }],
    ["list[dict[str, list[int | None]]]", {
      type: "array",
      items: {
        type: "object",
        additionalProperties: {
          type: "array",
          items: { anyOf: [{ type: "integer" }, { type: "null" }] },
        },
      },
    }],
    ["bytes", {
      type: "string",
      contentEncoding: "base64",
      contentMediaType: "application/octet-stream",
    }],
  ];
  for (const [text, schema] of types) {
    assertEquals(parsePythonType(text), schema);
    assertEquals(typeText(schema), text);
  }
});

Deno.test("Other spellings of a type are the same type", () => {
  const spellings = [
    ["Optional[int]", "int | None"],
    ["Union[int, str]", "int | str"],
    ["Optional[Union[int, str]]", "int | str | None"],
    ["List[Dict[str, Any]]", "list[dict[str, Any]]"],
    ["tuple[int, ...]", "list[int]"],
    ["Tuple[int]", "tuple[int]"],
    ["object", "dict"],
    ["any", "Any"],
    ["Literal['it is', \"isn't\"]", 'Literal["it is", "isn\'t"]'],
  ] as const;
  for (const [text, same] of spellings) {
    assertEquals(typeText(parsePythonType(text)), same);
  }
});

Deno.test("C86: a field with a default or that may be None is optional", () => {
  const signature = parseSignature(
    'limit: int = 10, tag: Optional[str] -> answer: str = "none", score: float | None, ' +
      'pages: list[int] = [1, 2], seen: dict[str, bool] = {"a": True}, ok: bool = False, n: int = -3',
  );
  assertEquals(shape(signature.inputs), [["limit", "int", 10], ["tag", "str | None", null]]);
  assertEquals(shape(signature.outputs), [
    ["answer", "str", "none"],
    ["score", "float | None", null],
    ["pages", "list[int]", [1, 2]],
    ["seen", "dict[str, bool]", { a: true }],
    ["ok", "bool", false],
    ["n", "int", -3],
  ]);
  assertEquals(signature.outputSchema.required, []);
});

Deno.test("A mistake is pointed at, with what was expected", () => {
  assertRefused("", "expected '->' or an input's name, found the end", 0);
  assertRefused(
    "context query -> answer",
    "expected '->' between inputs and outputs, found 'query'",
    8,
  );
  assertRefused("context, query", "expected '->' between inputs and outputs, found the end", 14);
  assertRefused("context ->", "expected an output's name after '->', found the end", 10);
  assertRefused("a -> b c", "expected ':' and a type, ',' or the end, found 'c'", 7);
  assertRefused("a -> b: int c", "expected ',' or the end, found 'c'", 12);
  assertRefused("a -> b -> c", "expected ',' or the end, found '->'", 7);
  assertRefused("a,, b -> c", "expected the name of an input, found ','", 2);
  assertRefused("a: -> b", "expected a type, found '->'", 3);
  assertRefused("a -> b: list[int", "expected ']' to close list[, found the end", 16);
  assertRefused("a -> b: int[str]", "int takes no [...]", 11);
  assertRefused("a -> b: dict[float, str]", "expected str or int as the keys of a dict", 13);
  assertRefused("a -> b: dict[str]", "expected ',' after the key type of dict, found ']'", 16);
  assertRefused("a -> b: Literal", "expected '[' after Literal, found the end", 15);
  assertRefused(
    "a -> b: Literal[x]",
    "expected a text in quotes, a number, True, False or None, found 'x'",
    16,
  );
  assertRefused("a -> b: Literal['x]", "the text that starts here has no closing '", 16);
  assertRefused("a -> b, b", "the output 'b' occurs twice", 8);
  assertRefused("a, a -> b", "the input 'a' occurs twice", 3);
  assertRefused("a -> b: int = 'x'", 'the default is str "x", expected int', 14);
  assertRefused(
    "a -> b: int = 9007199254740993",
    "an integer in a signature must be within ±(2^53 − 1)",
    14,
  );
  assertRefused(
    String.raw`a -> b: str = "x\"y"`,
    "a text in a signature has no escapes; use the other kind of quotes, or schemas",
    14,
  );
});

Deno.test("An unknown type is answered with the word that was probably meant", () => {
  assertRefused("a -> b: string", "unknown type 'string'; use str", 8);
  assertRefused("a -> b: number", "unknown type 'number'; use float", 8);
  assertRefused("a -> b: boolean", "unknown type 'boolean'; use bool", 8);
  assertRefused("a -> b: typing.List[int]", "unknown type 'typing.List'; use list", 8);
  assertRefused("a -> b: optional[int]", "unknown type 'optional'; use Optional", 8);
  const error = assertThrows(() => parseSignature("a -> b: strr"), SignatureError);
  assert(
    error.message.startsWith(
      "read signature: unknown type 'strr'; use str, int, float, bool, list[",
    ),
  );
});

Deno.test("The error shows the line with a caret under the place", () => {
  const error = assertThrows(
    () => parseSignature("context,\n  query -> answer: strng"),
    SignatureError,
  );
  assertEquals(error.message.split("\n").slice(1), [
    "    query -> answer: strng",
    "                     ^",
  ]);
  const long = `${"a".repeat(60)} -> b: int = x${" ".repeat(60)}, c`;
  const [, line = "", caret = ""] = assertThrows(() => parseSignature(long), SignatureError)
    .message.split("\n");
  assert(line.length < 90 && line.startsWith("  …") && line.endsWith("…"));
  assertEquals(line[caret.length - 1], "x");
});

Deno.test("C62: an input that is no Python name is refused with one that is", () => {
  assertRefused(
    "my-file.txt -> b",
    "name an input: 'my-file.txt' is not a Python identifier; use 'my_file_txt'",
    0,
  );
  assertRefused("class -> b", "name an input: 'class' is a Python keyword; use 'class_'", 0);
  assertRefused("1st -> b", "name an input: '1st' is not a Python identifier; use '_1st'", 0);
  assertRefused(
    "a, naïve -> b",
    "name an input: 'naïve' is not a Python identifier; use 'naive'",
    3,
  );
  assertRefused("__dict__ -> b", "name an input: '__dict__' is reserved by Python; use 'dict_'", 0);
  assertRefused("a -> lambda", "name an output: 'lambda' is a Python keyword; use 'lambda_'", 5);
});

Deno.test("C60: an input with the name of a guest function is refused", () => {
  for (const name of ["llm_query", "SUBMIT", "FINAL_VAR", "budget"]) {
    assertRefused(
      `${name} -> b`,
      `name an input: '${name}' is a name that the sandbox gives to every cell; use '${name}_'`,
      0,
    );
  }
  assertRefused(
    "a, print -> b",
    "name an input: 'print' is a Python built-in that cells need; use 'print_'",
    3,
  );
});

Deno.test("C61: an output with the name of a result's own property is refused", () => {
  for (const name of ["trajectory", "usage", "stopReason", "then"]) {
    assertRefused(
      `a -> ${name}`,
      `name an output: '${name}' is a property of every result; use '${name}_'`,
      5,
    );
  }
});

Deno.test("C61: every property of a result is refused as an output", () => {
  const properties: Record<keyof RunRecord, true> = {
    outputs: true,
    trajectory: true,
    stopReason: true,
    stoppedBy: true,
    usage: true,
    runId: true,
  };
  for (const name of Object.keys(properties)) {
    assertThrows(
      () => parseSignature(`a -> ${name}`),
      SignatureError,
      "is a property of every result",
    );
  }
});

Deno.test("C65: names that only look special are allowed", () => {
  const signature = parseSignature(
    "context, history, type, id, match, trajectory -> answer, print, input",
  );
  assertEquals(signature.inputs.map(({ name }) => name), [
    "context",
    "history",
    "type",
    "id",
    "match",
    "trajectory",
  ]);
  assertEquals(signature.outputs.map(({ name }) => name), ["answer", "print", "input"]);
});

Deno.test("The schemas of a signature are JSON in a file and the same signature again", () => {
  const signature = parseSignature(
    'context, query: str -> answer: str = "none", pages: list[int], when: date | None = None',
  );
  const { inputSchema, outputSchema } = signature;
  const json = JSON.stringify({ inputs: inputSchema, outputs: outputSchema });
  const again = normalizeSignature(JSON.parse(json));
  assertEquals(shape(again.inputs), shape(signature.inputs));
  assertEquals(shape(again.outputs), shape(signature.outputs));
  assertEquals(again.outputSchema, signature.outputSchema);
});
