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
    current = (current as Record<string, unknown>)[key];
  }
  return current;
}

/** Every `$ref` must lead somewhere inside the schema; throws `TypeError` otherwise. */
export function checkRefs(schema: JsonSchema): void {
  visit(schema, (part) => void resolveRef(part, schema));
}

/** Moves a schema with references of its own under `$defs` of a larger one, so that they still lead somewhere. */
export function embedSchema(
  schema: JsonSchema,
  name: string,
  defs: Record<string, unknown>,
): JsonSchema {
  let used = false;
  const moved = rewriteRefs(schema, (ref) => {
    used = true;
    return `#/$defs/${name.replaceAll("~", "~0").replaceAll("/", "~1")}${ref.slice(1)}`;
  });
  if (!used) return schema;
  defs[name] = moved;
  return { $ref: `#/$defs/${name}` };
}

/** A copy of the schema in which each `$ref` is what `rename` makes of it. */
function rewriteRefs(schema: unknown, rename: (ref: string) => string): unknown {
  if (Array.isArray(schema)) return schema.map((item) => rewriteRefs(item, rename));
  if (!isRecord(schema)) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      key === "$ref" && typeof value === "string"
        ? rename(value)
        : DATA_KEYWORDS.has(key)
        ? value
        : rewriteRefs(value, rename),
    ]),
  );
}

/** Keywords whose values are data, not schemas. */
const DATA_KEYWORDS: ReadonlySet<string> = new Set(["const", "enum", "default", "examples"]);

/** Calls `each` for every object in a schema. */
function visit(schema: unknown, each: (part: Record<string, unknown>) => void): void {
  if (Array.isArray(schema)) return schema.forEach((item) => visit(item, each));
  if (!isRecord(schema)) return;
  each(schema);
  for (const [key, value] of Object.entries(schema)) {
    if (!DATA_KEYWORDS.has(key)) visit(value, each);
  }
}
