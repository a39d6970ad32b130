/** Helpers for JSON Schemas as plain data: references, and how a schema reads as a Python type. */
import type { JsonSchema } from "../../sandbox/protocol.ts";

/** Whether a value is an object with string keys, not an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Follows `$ref` inside `root` until something else is found; throws `TypeError` where there is nothing. */
export function resolveRef(schema: JsonSchema, root: JsonSchema): JsonSchema {
  let current = schema;
  for (let hops = 0; typeof current.$ref === "string"; hops += 1) {
    const target = hops > 32 ? undefined : atPointer(root, current.$ref);
    if (!isRecord(target)) {
      throw new TypeError(
        `read a JSON Schema: $ref '${current.$ref}' leads nowhere; define it in $defs`,
      );
    }
    const { $ref: _, ...beside } = current;
    current = Object.keys(beside).length === 0 ? target : { ...target, ...beside };
  }
  return current;
}

/** What a JSON pointer such as `#/$defs/node` names, or undefined. */
export function atPointer(root: unknown, pointer: string): unknown {
  if (!pointer.startsWith("#")) return undefined;
  let current = root;
  for (const part of pointer.slice(1).split("/").slice(1)) {
    const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, key)) {
      return undefined;
    }
    current = Reflect.get(current, key);
  }
  return current;
}

/** Every `$ref` must lead somewhere inside the schema and every pattern must be one; throws `TypeError`. */
export function checkSchema(schema: JsonSchema): void {
  visitSchema(schema, (part) => {
    resolveRef(part, schema);
    if (typeof part.pattern !== "string") return;
    try {
      new RegExp(part.pattern, "u");
    } catch (error) {
      throw new TypeError(`read a JSON Schema: '${part.pattern}' is not a pattern`, {
        cause: error,
      });
    }
  });
}

/** Moves a schema with references of its own under `$defs` of a larger one, so that they still lead somewhere. */
export function embedSchema(
  schema: JsonSchema,
  name: string,
  defs: Record<string, unknown>,
): JsonSchema {
  const place = `#/$defs/${name}`;
  const moved = prefixRefs(schema, place);
  if (moved === schema) return schema;
  defs[name] = moved;
  return { $ref: place };
}

/** The schema with references that lead into `place` instead of its root; the same object when it has none. */
export function prefixRefs(schema: JsonSchema, place: string): JsonSchema {
  let found = false;
  const moved = mapSchema(schema, (keyword, value) => {
    if (keyword !== "$ref" || typeof value !== "string") return value;
    found = true;
    return `${place}${value.slice(1)}`;
  });
  return found && isRecord(moved) ? moved : schema;
}

/** Keywords whose values are data, not schemas. */
const DATA_KEYWORDS: ReadonlySet<string> = new Set(["const", "enum", "default", "examples"]);

/** Keywords whose values hold a schema under each name. */
const NAMED_SCHEMAS: ReadonlySet<string> = new Set(
  ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"],
);

/** Calls `each` for the schema and every schema inside it. */
export function visitSchema(schema: unknown, each: (part: JsonSchema) => void): void {
  if (Array.isArray(schema)) return schema.forEach((item) => visitSchema(item, each));
  if (!isRecord(schema)) return;
  each(schema);
  for (const [key, value] of Object.entries(schema)) {
    if (DATA_KEYWORDS.has(key)) continue;
    const inside = NAMED_SCHEMAS.has(key) && isRecord(value) ? Object.values(value) : value;
    visitSchema(inside, each);
  }
}

/** A copy of a schema with each keyword's value changed; undefined takes the keyword out. */
export function mapSchema(
  schema: unknown,
  change: (keyword: string, value: unknown) => unknown,
): unknown {
  if (Array.isArray(schema)) return schema.map((item) => mapSchema(item, change));
  if (!isRecord(schema)) return schema;
  const entries = Object.entries(schema).map(([key, value]) => {
    const changed = change(key, value);
    if (DATA_KEYWORDS.has(key)) return [key, changed];
    if (!NAMED_SCHEMAS.has(key) || !isRecord(changed)) return [key, mapSchema(changed, change)];
    const named = Object.entries(changed).map(([name, part]) => [name, mapSchema(part, change)]);
    return [key, Object.fromEntries(named)];
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
