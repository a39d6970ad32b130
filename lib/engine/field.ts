/** Field: one input, output or parameter, with everything that was said about it. */
import type { JsonSchema } from "../../sandbox/protocol.ts";
import { coerce } from "./coercion.ts";
import { type FieldCheck, limitCheck, standardCheck } from "./field_checks.ts";
import { checkSchema } from "./schema.ts";
import { standardJsonSchema, type StandardSchema } from "./standard_schema.ts";
import { typeText } from "./type_text.ts";

/** One input, output or parameter. */
export interface Field {
  /** A Python identifier. */
  readonly name: string;
  /** Python-like type for the prompt, such as `list[int]`. */
  readonly type: string;
  /** One line for the prompt; empty when there is none. */
  readonly description: string;
  /** Whether a value must be given. */
  readonly required: boolean;
  /** What takes the place of a missing value; undefined leaves the field out. */
  readonly default: unknown;
  /** What the value must be; references lead to places inside this schema. */
  readonly schema: JsonSchema;
  /** Whether a Standard Schema decides; `schema` then only describes what it takes. */
  readonly standard: boolean;
  /** Looks at a value of the right type, and may transform it; null when nothing is left to ask. */
  readonly check: FieldCheck | null;
}

/** What may be said about a field beside its type. */
export interface FieldWords {
  /** One line for the model. */
  readonly description?: string;
  /** Makes the field optional. */
  readonly default?: unknown;
  /** JSON Schema of a Standard Schema that cannot tell its own. */
  readonly jsonSchema?: JsonSchema;
}

/** A field that plain JSON Schema describes. One that may be None may also be left out, and is None then. */
export function plainField(
  name: string,
  schema: JsonSchema,
  description: string,
  fallback: unknown,
): Field {
  checkSchema(schema);
  checkDefault(schema, fallback);
  const nullable = fallback === undefined && admitsNull(schema);
  return {
    name,
    type: typeText(schema),
    description: oneLine(description),
    required: fallback === undefined && !nullable,
    default: nullable ? null : fallback,
    schema,
    standard: false,
    check: limitCheck(schema),
  };
}

/** A default must be of the field's type as it stands. */
function checkDefault(schema: JsonSchema, fallback: unknown): void {
  if (fallback === undefined) return;
  const fitted = coerce(fallback, schema, "default");
  const [issue] = fitted.ok ? [] : fitted.issues;
  if (issue !== undefined) {
    throw new TypeError(`the ${issue.path} is ${issue.got}, expected ${issue.wanted}`);
  }
}

/** A field that a Standard Schema checks; it is optional when the schema passes `undefined`. */
export function standardField(
  name: string,
  standard: StandardSchema,
  words: FieldWords,
): Field {
  const schema = words.jsonSchema ?? standardJsonSchema(standard);
  checkSchema(schema);
  const absent = standard["~standard"].validate(undefined);
  const optional = !(absent instanceof Promise) && absent.issues === undefined;
  return {
    name,
    type: typeText(schema),
    description: oneLine(words.description ?? textOf(schema.description)),
    required: words.default === undefined && !optional,
    default: words.default ?? (optional ? absent.value : undefined),
    schema,
    standard: true,
    check: standardCheck(standard),
  };
}

/** Whether None is one of the values that a schema names; a schema that takes anything names none. */
function admitsNull(schema: JsonSchema): boolean {
  return typeText(schema) !== "Any" && coerce(null, schema, "").ok;
}

/** A text on one line that cannot end the line or the block that it stands in. */
export function oneLine(text: string): string {
  return text
    .replace(/[\s\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    .replace(/\p{Bidi_Control}/gu, "")
    .replace(/`{3,}/g, "'''")
    .trim();
}

/** The text, or nothing when it is not one. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
