/** Signatures from schemas: zod, arktype, JSON Schema and Python type texts give the same normalised form. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type } from "npm:arktype@2.2.9";
import { z } from "npm:zod@4.6.7";
import { SignatureError } from "../lib/errors.ts";
import type { Field } from "../lib/engine/fields.ts";
import { normalizeSignature } from "../lib/engine/signature.ts";
import { describeFields } from "../lib/engine/signature_text.ts";
import { checkSubmission } from "../lib/engine/submission.ts";

/** What a prompt shows of a field. */
function shown(fields: readonly Field[]): unknown[] {
  return fields.map(({ name, type, description, required }) => ({
    name,
    type,
    description,
    required,
  }));
}

Deno.test("Fields by name may each have their own form", () => {
  const signature = normalizeSignature({
    inputs: "context, query: str",
    outputs: {
      answer: { type: "str", description: "one\nsentence" },
      pages: z.array(z.int()).describe("where it was found"),
      kind: type("'a'|'b'"),
      score: { type: "number", minimum: 0, maximum: 1, description: "how sure" },
      note: { type: z.string(), default: "none" },
      tag: { type: "Optional[str]" },
      extra: z.string().optional(),
    },
    instructions: "Answer from the context alone",
  });
  assertEquals(signature.instructions, "Answer from the context alone");
  assertEquals(shown(signature.inputs), [
    { name: "context", type: "Any", description: "", required: true },
    { name: "query", type: "str", description: "", required: true },
  ]);
  assertEquals(shown(signature.outputs), [
    { name: "answer", type: "str", description: "one sentence", required: true },
    { name: "pages", type: "list[int]", description: "where it was found", required: true },
    { name: "kind", type: 'Literal["a", "b"]', description: "", required: true },
    { name: "score", type: "float", description: "how sure", required: true },
    { name: "note", type: "str", description: "", required: false },
    { name: "tag", type: "str | None", description: "", required: false },
    { name: "extra", type: "str", description: "", required: false },
  ]);
  assertEquals(signature.outputSchema.required, ["answer", "pages", "kind", "score"]);
});

Deno.test("A zod object, an arktype object and a JSON Schema give the same outputs", () => {
  const outputs = [
    z.object({ answer: z.string(), pages: z.array(z.int()).optional() }),
    type({ answer: "string", "pages?": "number.integer[]" }),
    {
      type: "object",
      properties: {
        answer: { type: "string" },
        pages: { type: "array", items: { type: "integer" } },
      },
      required: ["answer"],
    },
    { answer: "str", pages: z.array(z.int()).optional() },
  ];
  for (const form of outputs) {
    const signature = normalizeSignature({ inputs: "context", outputs: form });
    assertEquals(shown(signature.outputs), [
      { name: "answer", type: "str", description: "", required: true },
      { name: "pages", type: "list[int]", description: "", required: false },
    ]);
    assertEquals(signature.outputSchema.additionalProperties, false);
  }
});

Deno.test("A nested object reads as its keys, with ? after those that may be missing", () => {
  const item = z.object({ title: z.string(), page: z.int().optional(), tags: z.array(z.string()) });
  const { outputs } = normalizeSignature({ inputs: "context", outputs: { items: z.array(item) } });
  assertEquals(outputs[0]?.type, 'list[{"title": str, "page"?: int, "tags": list[str]}]');
});

Deno.test("A schema that refers to itself stays whole on the way in and out", async () => {
  const Node = z.object({
    name: z.string(),
    get kids() {
      return z.array(Node);
    },
  });
  const good = { name: "a", kids: [{ name: "b", kids: [] }] };
  const forms = [{ tree: Node, other: Node }, z.object({ tree: Node, other: Node })];
  for (const outputs of forms) {
    const read = normalizeSignature({ inputs: "x", outputs });
    const { inputSchema, outputSchema } = read;
    const json = JSON.stringify({ inputs: inputSchema, outputs: outputSchema });
    const saved = normalizeSignature(JSON.parse(json));
    for (const signature of [read, saved]) {
      assertEquals(await checkSubmission(signature, { tree: good, other: good }), {
        ok: true,
        outputs: { tree: good, other: good },
      });
      const bad = { name: "a", kids: [{ name: [], kids: [] }] };
      assertEquals(await checkSubmission(signature, { tree: good, other: bad }), {
        ok: false,
        issues: [{ path: "other.kids[0].name", wanted: "str", got: "list of 0 items" }],
      });
    }
  }
});

Deno.test("A reference to the whole schema keeps its meaning inside a property", async () => {
  const signature = normalizeSignature({
    inputs: "x",
    outputs: {
      type: "object",
      properties: { value: { type: "integer" }, next: { $ref: "#" } },
      required: ["value"],
    },
  });
  assertEquals(
    await checkSubmission(signature, { value: 1, next: { value: 2, next: { value: "x" } } }),
    {
      ok: false,
      issues: [{ path: "next.next.value", wanted: "int", got: 'str "x"' }],
    },
  );
});

Deno.test("The prompt's lines tell type, limits, defaults and description", () => {
  const { outputs } = normalizeSignature({
    inputs: "context",
    outputs: {
      answer: "str",
      score: { type: "number", minimum: 0, maximum: 1, description: "how sure" },
      pages: { type: "list[int]", default: [], description: "where ```it``` was\n\nfound" },
      code: z.string().regex(/^[A-Z]+$/),
      count: z.int(),
      tag: "Optional[str]",
    },
  });
  assertEquals(describeFields(outputs).split("\n"), [
    "- answer: str",
    "- score: float (at least 0, at most 1): how sure",
    "- pages: list[int] (optional, default []): where '''it''' was found",
    "- code: str (text matching /^[A-Z]+$/)",
    "- count: int",
    "- tag: str | None (optional)",
  ]);
});

Deno.test("What cannot be read is refused with the field's name and what to do", () => {
  const cases: [unknown, string][] = [
    [
      { answer: z.date() },
      "read the output 'answer': convert a zod schema: Date cannot be represented in JSON Schema; give a JSON Schema as 'jsonSchema'",
    ],
    [{ answer: 3 }, "read the output 'answer': expected a type text or a schema, got number"],
    [
      { answer: { type: "str", descripton: "x" } },
      "read the output 'answer': unknown option 'descripton'; use type, description, default or jsonSchema",
    ],
    [
      { answer: { $ref: "#/$defs/none" } },
      "read the output 'answer': read a JSON Schema: $ref '#/$defs/none' leads nowhere; define it in $defs",
    ],
    [
      { answer: { type: "string", pattern: "(" } },
      "read the output 'answer': read a JSON Schema: '(' is not a pattern",
    ],
    [
      { answer: { type: "int", default: "x" } },
      "read the output 'answer': the default is str \"x\", expected int",
    ],
    [
      { "my answer": "str" },
      "name an output: 'my answer' is not a Python identifier; use 'my_answer'",
    ],
    [z.string(), "read the outputs: the schema must be that of an object with properties"],
    [7, "read the outputs: expected text, a schema or an object of fields, got number"],
    [{}, "read signature: it has no outputs; name at least one"],
  ];
  for (const [outputs, message] of cases) {
    const error = assertThrows(
      // The form is wrong on purpose.
      () => normalizeSignature({ inputs: "x", outputs: outputs as string }),
      SignatureError,
    );
    assertEquals(error.message, message);
    assertEquals(error.position, null);
  }
});

Deno.test("A type text that is wrong inside the object form is pointed at", () => {
  const error = assertThrows(
    () => normalizeSignature({ inputs: "x", outputs: { answer: "list[strng]" } }),
    SignatureError,
  );
  assert(error.message.startsWith("read the output 'answer': unknown type 'strng'"));
  assertEquals(error.position, 5);
});

Deno.test("A Standard Schema without JSON Schema is usable with one beside it", async () => {
  const signature = normalizeSignature({
    inputs: "x",
    outputs: {
      when: { type: z.coerce.date(), jsonSchema: { type: "string", format: "date-time" } },
    },
  });
  assertEquals(signature.outputs[0]?.type, "datetime");
  assertEquals(await checkSubmission(signature, { when: "2024-05-01 10:00:00Z" }), {
    ok: true,
    outputs: { when: new Date("2024-05-01T10:00:00Z") },
  });
});

Deno.test("A signature that was read is not read again", () => {
  const signature = normalizeSignature("a -> b");
  assert(normalizeSignature(signature) === signature);
});
