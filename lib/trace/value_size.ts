/** Sizes of values, as far as one needs to know them. */

/** Levels that are counted; no guest takes as many, and what contains itself has no last one. */
const MAX_DEPTH = 1_000;

/** Tells whether a value has more characters, bytes and items in it than this, without counting on; what is too deep has. */
export function isLargerThan(value: unknown, size: number): boolean {
  return sizeUpTo(value, size, 0) > size;
}

function sizeUpTo(value: unknown, limit: number, depth: number): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 1;
  if (value instanceof Uint8Array || value instanceof ArrayBuffer) return value.byteLength;
  if (depth > MAX_DEPTH) return Infinity;
  let size = 1;
  for (const item of itemsOf(value)) {
    size += sizeUpTo(item, limit - size, depth + 1);
    if (size > limit) break;
  }
  return size;
}

function itemsOf(value: object): Iterable<unknown> {
  if (Array.isArray(value) || value instanceof Set) return value;
  return value instanceof Map ? [...value].flat() : Object.values(value);
}
