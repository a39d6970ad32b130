/** The rows of the coercion table that are about lists and dicts, item by item and key by key. */
import type { JsonSchema } from "../../sandbox/protocol.ts";
import { type Attempt, coerceAt, fits, refuse } from "./coercion.ts";
import { gotText } from "./got_text.ts";
import { parseJson } from "./json_text.ts";
import { childPath } from "./paths.ts";
import { isRecord } from "./schema.ts";

/** Makes a value fit a schema of type `array` or `object`. */
export function coerceContainer(
  value: unknown,
  schema: JsonSchema,
  path: string,
  attempt: Attempt,
): unknown {
  const wantsArray = schema.type === "array";
  const opened = typeof value === "string" ? fromJsonText(value, wantsArray) : value;
  if (opened !== value) attempt.converted = true;
  return wantsArray
    ? coerceArray(opened, schema, path, attempt)
    : coerceObject(opened, schema, path, attempt);
}

/** What a text holds when all of it is a JSON array (or object), otherwise the text. */
function fromJsonText(text: string, wantsArray: boolean): unknown {
  if (!text.trimStart().startsWith(wantsArray ? "[" : "{")) return text;
  try {
    return parseJson(text);
  } catch {
    return text; // not JSON: refused as the text that it is
  }
}

/** Lists, tuples and sets. */
function coerceArray(value: unknown, schema: JsonSchema, path: string, attempt: Attempt): unknown {
  if (value instanceof Set) attempt.converted ||= schema.uniqueItems !== true;
  else if (!Array.isArray(value)) return refuse(value, schema, path, attempt);
  const values: readonly unknown[] = [...value];
  const { shape, rest } = itemSchemas(schema);
  const closed = rest === false;
  if (closed && (values.length > shape.length || values.length < Number(schema.minItems ?? 0))) {
    return refuse(value, schema, path, attempt);
  }
  return values.map((item, index) =>
    coerceAt(item, shape[index] ?? rest, childPath(path, index), attempt)
  );
}

/** Schemas of the first items and of all later ones, in the words of either draft. */
function itemSchemas(schema: JsonSchema): { shape: readonly unknown[]; rest: unknown } {
  if (Array.isArray(schema.prefixItems)) {
    return { shape: schema.prefixItems, rest: schema.items ?? {} };
  }
  if (Array.isArray(schema.items)) {
    return { shape: schema.items, rest: schema.additionalItems ?? {} };
  }
  return { shape: [], rest: schema.items ?? {} };
}

/** Dicts and objects. */
function coerceObject(value: unknown, schema: JsonSchema, path: string, attempt: Attempt): unknown {
  const entries = entriesOf(value, path, attempt);
  if (entries === null) return refuse(value, schema, path, attempt);
  const properties = isRecord(schema.properties) ? schema.properties : {};
  const required: readonly unknown[] = Array.isArray(schema.required) ? schema.required : [];
  const fitted = new Map<string, unknown>();
  for (const [name, property] of Object.entries(properties)) {
    const given = entries.get(name);
    entries.delete(name);
    const absent = given === undefined ||
      (given === null && !required.includes(name) && !fits(null, property, attempt));
    if (!absent) {
      fitted.set(name, coerceAt(given, property, childPath(path, name), attempt));
    } else if (isRecord(property) && property.default !== undefined) {
      fitted.set(name, structuredClone(property.default));
    } else if (required.includes(name)) {
      refuse(given, property, childPath(path, name), attempt);
    }
  }
  for (const [name, extra] of entries) {
    fitted.set(name, coerceExtra(name, extra, schema, path, attempt));
  }
  for (const name of required) {
    if (typeof name === "string" && !fitted.has(name) && !Object.hasOwn(properties, name)) {
      refuse(undefined, {}, childPath(path, name), attempt);
    }
  }
  return Object.fromEntries(fitted);
}

/** A key that `properties` does not name. */
function coerceExtra(
  name: string,
  value: unknown,
  schema: JsonSchema,
  path: string,
  attempt: Attempt,
): unknown {
  const at = childPath(path, name);
  const patterns = isRecord(schema.patternProperties) ? schema.patternProperties : {};
  const pattern = Object.keys(patterns).find((source) => new RegExp(source, "u").test(name));
  if (pattern !== undefined) return coerceAt(value, patterns[pattern], at, attempt);
  if (schema.additionalProperties !== false) {
    return coerceAt(value, schema.additionalProperties ?? {}, at, attempt);
  }
  const known = Object.keys(isRecord(schema.properties) ? schema.properties : {});
  attempt.issues.add(() => ({
    path: at,
    wanted: known.length === 0 ? "no key" : `only the keys ${known.join(", ")}`,
    got: gotText(value),
  }));
  return value;
}

/** A dict's entries under text keys; null when the value is no dict, or its keys cannot all be text. */
function entriesOf(value: unknown, path: string, attempt: Attempt): Map<string, unknown> | null {
  if (!(value instanceof Map)) {
    return isPlainObject(value) ? new Map(Object.entries(value)) : null;
  }
  const entries = new Map<string, unknown>();
  for (const [key, item] of value) {
    const isInteger = typeof key === "bigint" || Number.isSafeInteger(key);
    if (typeof key !== "string" && !isInteger) {
      attempt.issues.add(() => ({ path, wanted: "keys of type str", got: `key ${gotText(key)}` }));
      continue;
    }
    const name = String(key);
    if (entries.has(name)) {
      attempt.issues.add(() => ({
        path,
        wanted: "different keys",
        got: `key ${gotText(key)} twice as text`,
      }));
    }
    attempt.converted ||= typeof key !== "string";
    entries.set(name, item);
  }
  return entries;
}

/** Whether a value is an object made of keys alone, not a date, bytes or another class. */
function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (!isRecord(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
