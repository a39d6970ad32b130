/** How a JSON Schema reads to a model that writes Python: `list[int]`, `{"title": str, "page"?: int}`. */
import type { JsonSchema } from "../../sandbox/protocol.ts";
import { isRecord, resolveRef } from "./schema.ts";

/** Objects and references inside each other are written out to this depth, then by name. */
const MAX_DEPTH = 4;

/** The Python-like text of a schema; `root` is where its references lead. */
export function typeText(
  schema: unknown,
  root: JsonSchema = isRecord(schema) ? schema : {},
): string {
  return write(schema, root, 0);
}

/** Limits of a schema in words: `at least 1`, `text matching /^a/`; empty when there are none. */
export function limitText(schema: JsonSchema): string {
  const limits = Object.entries(LIMITS)
    .filter(([keyword]) => schema[keyword] !== undefined && !isSafeIntegerBound(schema, keyword))
    .map(([keyword, words]) => words(schema[keyword]));
  return limits.join(", ");
}

/** The limit of one keyword in words, or null when the keyword sets none. */
export function limitOf(keyword: string, value: unknown): string | null {
  return LIMITS[keyword]?.(value) ?? null;
}

/** Words for each limiting keyword of JSON Schema. */
const LIMITS: Readonly<Record<string, (limit: unknown) => string>> = {
  minimum: (limit) => `at least ${limit}`,
  exclusiveMinimum: (limit) => `more than ${limit}`,
  maximum: (limit) => `at most ${limit}`,
  exclusiveMaximum: (limit) => `less than ${limit}`,
  multipleOf: (limit) => `a multiple of ${limit}`,
  minLength: (limit) => `at least ${limit} characters`,
  maxLength: (limit) => `at most ${limit} characters`,
  pattern: (limit) => `text matching /${limit}/`,
  minItems: (limit) => `at least ${limit} items`,
  maxItems: (limit) => `at most ${limit} items`,
  uniqueItems: (limit) => limit === true ? "no item twice" : "items",
  minProperties: (limit) => `at least ${limit} keys`,
  maxProperties: (limit) => `at most ${limit} keys`,
};

/** Bounds that libraries write on every integer say nothing to a model. */
function isSafeIntegerBound(schema: JsonSchema, keyword: string): boolean {
  return (keyword === "minimum" && schema.minimum === Number.MIN_SAFE_INTEGER) ||
    (keyword === "maximum" && schema.maximum === Number.MAX_SAFE_INTEGER);
}

/** Writes one schema. */
function write(schema: unknown, root: JsonSchema, depth: number): string {
  if (!isRecord(schema)) return schema === false ? "nothing" : "Any";
  if (typeof schema.$ref === "string") {
    if (depth >= MAX_DEPTH) return schema.$ref.split("/").at(-1)?.replace("#", "dict") || "dict";
    return write(resolveRef(schema, root), root, depth + 1);
  }
  if ("const" in schema) return `Literal[${constant(schema.const)}]`;
  if (Array.isArray(schema.enum)) return `Literal[${schema.enum.map(constant).join(", ")}]`;
  const options = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(options)) return union(options.map((option) => write(option, root, depth)));
  if (Array.isArray(schema.type)) {
    return union(schema.type.map((type) => write({ ...schema, type }, root, depth)));
  }
  if (Array.isArray(schema.allOf) && schema.type === undefined) {
    const parts = schema.allOf.map((part) => write(part, root, depth));
    return parts.filter((part) => part !== "Any").join(" & ") || "Any";
  }
  return writeNamed(schema, root, depth);
}

/** Writes a schema by the name in its `type`. */
function writeNamed(schema: Record<string, unknown>, root: JsonSchema, depth: number): string {
  switch (schema.type ?? (isRecord(schema.properties) ? "object" : undefined)) {
    case "string":
      return textType(schema);
    case "integer":
      return "int";
    case "number":
      return "float";
    case "boolean":
      return "bool";
    case "null":
      return "None";
    case "array":
      return arrayType(schema, root, depth);
    case "object":
      return objectType(schema, root, depth);
    default:
      return "Any";
  }
}

/** `str`, or what the text stands for. */
function textType(schema: Record<string, unknown>): string {
  if (isBytesSchema(schema)) return "bytes";
  if (schema.format === "date-time") return "datetime";
  if (schema.format === "date" || schema.format === "time") return schema.format;
  return "str";
}

/** Whether a schema stands for bytes: base64 of data without a text form. */
export function isBytesSchema(schema: JsonSchema): boolean {
  return schema.contentEncoding === "base64" &&
    schema.contentMediaType === "application/octet-stream";
}

/** `list[T]`, `set[T]` or `tuple[A, B]`. */
function arrayType(schema: Record<string, unknown>, root: JsonSchema, depth: number): string {
  if (Array.isArray(schema.prefixItems)) {
    return `tuple[${schema.prefixItems.map((item) => write(item, root, depth)).join(", ")}]`;
  }
  const name = schema.uniqueItems === true ? "set" : "list";
  return schema.items === undefined ? name : `${name}[${write(schema.items, root, depth)}]`;
}

/** `dict`, `dict[str, T]`, or the keys one by one with `?` after those that may be left out. */
function objectType(schema: Record<string, unknown>, root: JsonSchema, depth: number): string {
  if (isRecord(schema.properties) && Object.keys(schema.properties).length > 0) {
    if (depth >= MAX_DEPTH) return "dict";
    const required = new Set(Array.isArray(schema.required) ? schema.required : []);
    const keys = Object.entries(schema.properties).map(([key, value]) =>
      `${JSON.stringify(key)}${required.has(key) ? "" : "?"}: ${write(value, root, depth + 1)}`
    );
    return `{${keys.join(", ")}}`;
  }
  if (!isRecord(schema.additionalProperties)) return "dict";
  const key = isRecord(schema.propertyNames) && schema.propertyNames.pattern === INTEGER_KEYS
    ? "int"
    : "str";
  return `dict[${key}, ${write(schema.additionalProperties, root, depth)}]`;
}

/** Pattern of the keys of `dict[int, T]`. */
export const INTEGER_KEYS = "^-?[0-9]+$";

/** Alternatives without repeats. */
function union(options: readonly string[]): string {
  return [...new Set(options)].join(" | ");
}

/** A constant as Python writes it. */
function constant(value: unknown): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return JSON.stringify(value);
}
