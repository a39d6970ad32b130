/** Reads JSON of a shape that nobody promised: what a server sent. */

/** Whether a value is an object with string keys. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A field of an object; undefined when there is no such object or field. */
export function fieldOf(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce((inner, name) => isRecord(inner) ? inner[name] : undefined, value);
}

/** A value as text: strings and numbers as they are, nothing as the empty text, the rest as JSON. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  return typeof value === "number" ? String(value) : JSON.stringify(value) ?? "";
}

/** A count: a number that is not negative, or null. */
export function countOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
}

/** The items of a list; none when it is not one. */
export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
