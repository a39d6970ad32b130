/** Fields: the inputs, outputs or parameters of something, in whatever form they were given, made one. */
import type { JsonSchema } from "../../sandbox/protocol.ts";
import { SignatureError } from "../errors.ts";
import { type Field, type FieldWords, plainField, standardField, textOf } from "./field.ts";
import { type FieldCheck, limitCheck, standardCheck } from "./field_checks.ts";
import { nameProblem } from "./names.ts";
import { parsePythonType } from "./python_type.ts";
import { embedSchema, isRecord, prefixRefs } from "./schema.ts";
import { hasLimits } from "./schema_limits.ts";
import { type ParsedField, parseFieldsText } from "./signature_parser.ts";
import { isStandardSchema, standardJsonSchema, type StandardSchema } from "./standard_schema.ts";

export { type Field, oneLine } from "./field.ts";

/** One field with words and a default: `{ type: "list[int]", description: "…", default: [] }`. */
export interface FieldOptions extends FieldWords {
  /** Python type text, Standard Schema or JSON Schema. */
  readonly type: string | StandardSchema | JsonSchema;
}

/** A field as it may be given: Python type text, Standard Schema, JSON Schema, or one of these with options. */
export type FieldSpec = string | StandardSchema | JsonSchema | FieldOptions;

/**
 * Fields as they may be given: `"answer: str, pages: list[int]"`, one Standard Schema or JSON Schema of an object,
 * or an object with a {@linkcode FieldSpec} for each name.
 */
export type FieldsSpec = string | StandardSchema | JsonSchema | {
  readonly [name: string]: FieldSpec;
};

/** All fields of one side, with the schema of them all together. */
export interface FieldSet {
  readonly fields: readonly Field[];
  readonly schema: JsonSchema;
  /** Looks at all fields together once each is right; null when nothing is left to ask. */
  readonly check: FieldCheck | null;
}

/** What the fields are for; it decides the names that are allowed and the type of a field without one. */
export type FieldKind = "input" | "output" | "parameter";

/** Makes fields of any form; throws {@linkcode SignatureError}. */
export function normalizeFields(spec: FieldsSpec, kind: FieldKind): FieldSet {
  if (typeof spec === "string") return fieldSet(fieldsOfText(parseFieldsText(spec, kind), kind));
  if (isStandardSchema(spec)) return fieldsOfStandard(spec, kind);
  if (!isRecord(spec)) {
    fail(kind, `expected text, a schema or an object of fields, got ${typeof spec}`);
  }
  if (isObjectSchema(spec)) {
    return fieldsOfSchema(spec, kind, limitsItself(spec) ? limitCheck(spec) : null);
  }
  return fieldSet(
    Object.entries(spec).map(([name, field]) => {
      checkName(name, kind);
      return inContext(name, kind, () => fieldOf(name, field));
    }),
  );
}

/** Makes fields of what the parser read; an input without type takes anything, an output is text. */
export function fieldsOfText(parsed: readonly ParsedField[], kind: FieldKind): Field[] {
  return parsed.map((written) => {
    const schema = written.schema ?? (kind === "input" ? {} : { type: "string" });
    try {
      return plainField(written.name, schema, "", written.default);
    } catch (error) {
      return written.failAtDefault(error instanceof Error ? error.message : String(error));
    }
  });
}

/** Fields with the object schema that holds them. */
export function fieldSet(fields: readonly Field[]): FieldSet {
  const defs: Record<string, unknown> = {};
  const properties = Object.fromEntries(
    fields.map((field) => [field.name, embedSchema(described(field), field.name, defs)]),
  );
  const schema = {
    type: "object",
    properties,
    required: fields.filter((field) => field.required).map((field) => field.name),
    additionalProperties: false,
    ...(Object.keys(defs).length > 0 ? { $defs: defs } : {}),
  };
  return { fields, schema, check: null };
}

/** The field's schema with its description and default in it. */
function described(field: Field): JsonSchema {
  return {
    ...field.schema,
    ...(field.description === "" ? {} : { description: field.description }),
    ...(field.default === undefined ? {} : { default: field.default }),
  };
}

/** Makes one field of any form. */
function fieldOf(name: string, spec: unknown): Field {
  if (typeof spec === "string") return plainField(name, parsePythonType(spec), "", undefined);
  if (isStandardSchema(spec)) return standardField(name, spec, {});
  if (!isRecord(spec)) throw new TypeError(`expected a type text or a schema, got ${typeof spec}`);
  if (!isFieldOptions(spec)) return plainField(name, spec, textOf(spec.description), spec.default);
  const { type, description, default: fallback, jsonSchema: _, ...unknown } = spec;
  const [typo] = Object.keys(unknown);
  if (typo !== undefined) {
    throw new TypeError(`unknown option '${typo}'; use type, description, default or jsonSchema`);
  }
  if (isStandardSchema(type)) return standardField(name, type, spec);
  const schema = typeof type === "string" ? parsePythonType(type) : type;
  return plainField(
    name,
    schema,
    textOf(description ?? schema.description),
    fallback === undefined ? schema.default : fallback,
  );
}

/** Fields of a Standard Schema for an object; it is asked once for all of them together. */
function fieldsOfStandard(standard: StandardSchema, kind: FieldKind): FieldSet {
  const schema = inContext("", kind, () => standardJsonSchema(standard));
  if (!isObjectSchema(schema)) fail(kind, "the schema must be that of an object with properties");
  return fieldsOfSchema(schema, kind, standardCheck(standard));
}

/** Fields of a JSON Schema for an object. */
function fieldsOfSchema(
  schema: ObjectSchema,
  kind: FieldKind,
  check: FieldCheck | null,
): FieldSet {
  const required = new Set(Array.isArray(schema.required) ? schema.required.map(String) : []);
  const names = new Set([...Object.keys(schema.properties), ...required]);
  const fields = [...names].map((name) => {
    checkName(name, kind);
    return inContext(name, kind, () => {
      const property = schema.properties[name];
      const part = standingAlone(isRecord(property) ? property : {}, schema);
      const field = plainField(name, part, textOf(part.description), part.default);
      return required.has(name)
        ? { ...field, required: true, default: undefined }
        : { ...field, required: false, default: part.default };
    });
  });
  return { fields, schema: { additionalProperties: false, ...schema }, check };
}

/** Whether an object's schema says more than what its properties are. */
function limitsItself(schema: JsonSchema): boolean {
  const { properties: _, $defs: __, definitions: ___, ...own } = schema;
  return hasLimits(own);
}

/** A property's schema that can stand alone: it takes along the schema that its references lead into. */
function standingAlone(property: JsonSchema, root: JsonSchema): JsonSchema {
  const prefix = "#/$defs/whole";
  const moved = prefixRefs(property, prefix);
  return moved === property ? property : { ...moved, $defs: { whole: prefixRefs(root, prefix) } };
}

/** A JSON Schema of an object that names its properties. */
type ObjectSchema = JsonSchema & { readonly properties: Record<string, unknown> };

/** Whether an object is a JSON Schema of an object, not fields by name. */
function isObjectSchema(spec: object): spec is ObjectSchema {
  return "type" in spec && spec.type === "object" && "properties" in spec &&
    isRecord(spec.properties);
}

const JSON_TYPES: ReadonlySet<unknown> = new Set(
  ["string", "integer", "number", "boolean", "null", "array", "object"],
);

/** Whether `type` holds a type of ours; in a JSON Schema it holds one of JSON's seven names. */
function isFieldOptions(
  spec: Record<string, unknown>,
): spec is Record<string, unknown> & FieldOptions {
  if (typeof spec.type === "string") return !JSON_TYPES.has(spec.type);
  return isStandardSchema(spec.type) || isRecord(spec.type);
}

/** Refuses a name that Python, the sandbox or the result needs. */
function checkName(name: string, kind: FieldKind): void {
  const problem = nameProblem(name, kind);
  if (problem !== null) throw new SignatureError(problem);
}

/** Names the field in what `make` throws. */
function inContext<T>(name: string, kind: FieldKind, make: () => T): T {
  try {
    return make();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const field = name === "" ? `${kind}s` : `${kind} '${name}'`;
    const position = error instanceof SignatureError ? error.position : null;
    throw new SignatureError(
      `read the ${field}: ${reason.replace(/^read signature: /, "")}`,
      position,
    );
  }
}

/** Refuses a form of fields. */
function fail(kind: FieldKind, reason: string): never {
  throw new SignatureError(`read the ${kind}s: ${reason}`);
}
