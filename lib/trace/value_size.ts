/** Sizes of values, as far as one needs to know them. */

/** Tells whether a value has more characters, bytes and items in it than this, without counting on. */
export function isLargerThan(value: unknown, size: number): boolean {
  return sizeUpTo(value, size) > size;
}

function sizeUpTo(value: unknown, limit: number): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 1;
  if (value instanceof Uint8Array || value instanceof ArrayBuffer) return value.byteLength;
  let size = 1;
  for (const item of itemsOf(value)) {
    size += sizeUpTo(item, limit - size);
    if (size > limit) break;
  }
  return size;
}

function itemsOf(value: object): Iterable<unknown> {
  if (Array.isArray(value) || value instanceof Set) return value;
  return value instanceof Map ? [...value].flat() : Object.values(value);
}
