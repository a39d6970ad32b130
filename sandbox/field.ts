/** Looks into values that came over the wire. */
import type { JsonValue } from "./protocol.ts";

/** A member of an object; null where there is no object, or no such member. */
export function field(value: JsonValue, name: string): JsonValue {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  return value[name] ?? null;
}

/** A member that should be text; empty where it is not, as what came over the wire may not even have a `toString`. */
export function textField(value: JsonValue, name: string): string {
  const text = field(value, name);
  return typeof text === "string" ? text : "";
}
