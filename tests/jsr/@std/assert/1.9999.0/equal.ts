/** Structural equality as `@std/assert` defines it. */

/**
 * Whether two values have the same structure: same prototype, same keys, equal values; 0 equals -0, NaN equals NaN.
 * A missing key is not an undefined one. Objects whose state can't be read as properties are equal only to themselves.
 */
export function equal(a: unknown, b: unknown): boolean {
  return compare(a, b, new Map());
}

type Seen = Map<object, object>;

function compare(a: unknown, b: unknown, seen: Seen): boolean {
  if (a === b || Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b) || prototype(a) !== prototype(b)) return false;
  if (a instanceof WeakMap || a instanceof WeakSet) {
    throw new TypeError("Cannot compare weak collections");
  }
  if (a instanceof Date) return Object.is(a.getTime(), Number(b));
  if (a instanceof RegExp || a instanceof URL || a instanceof URLSearchParams) {
    return String(a) === String(b);
  }
  const bytesA = bytesOf(a);
  const bytesB = bytesOf(b);
  if (bytesA && bytesB) return sameBytes(bytesA, bytesB);
  // A cycle: this pair is already being compared further up.
  if (seen.get(a) === b) return true;
  seen.set(a, b);
  if (a instanceof Set && b instanceof Set) return sameMembers([...a], [...b], seen);
  if (a instanceof Map && b instanceof Map) return sameMembers([...a], [...b], seen);
  return sameProperties(a, b, seen);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Objects without a prototype count as plain ones. */
function prototype(value: object): object {
  return Object.getPrototypeOf(value) ?? Object.prototype;
}

function bytesOf(value: object): Uint8Array | undefined {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : undefined;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** Each member, or entry, of one has an equal in the other; order does not count. */
function sameMembers(a: unknown[], b: unknown[], seen: Seen): boolean {
  const left = [...b];
  return a.length === b.length && a.every((member) => {
    const match = left.findIndex((other) => compare(member, other, new Map(seen)));
    if (match >= 0) left.splice(match, 1);
    return match >= 0;
  });
}

function sameProperties(a: object, b: object, seen: Seen): boolean {
  const keysA = keysOf(a);
  const keysB = new Set(keysOf(b));
  return keysA.length === keysB.size &&
    keysA.every((key) => keysB.has(key) && compare(Reflect.get(a, key), Reflect.get(b, key), seen));
}

/** Hidden properties count for class instances, so that two errors differ by message and place. */
function keysOf(value: object): PropertyKey[] {
  const plain = prototype(value) === Object.prototype || Array.isArray(value);
  const keys = Reflect.ownKeys(value);
  return plain
    ? keys.filter((key) => Object.prototype.propertyIsEnumerable.call(value, key))
    : keys;
}
