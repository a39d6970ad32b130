/** Guards: whether a value that was read from a file is of a type, put together from parts. */

/** Tells whether a value is of a type. */
export type Guard<T> = (value: unknown) => value is T;

/** A guard for each property of a type. */
export type Properties<T> = { readonly [K in keyof T]-?: Guard<T[K]> };

/** Any value, also none. */
export function anything(_value: unknown): _value is unknown {
  return true;
}

/** A text. */
export function text(value: unknown): value is string {
  return typeof value === "string";
}

/** A number of any kind. */
export function number(value: unknown): value is number {
  return typeof value === "number";
}

/** A boolean. */
export function flag(value: unknown): value is boolean {
  return typeof value === "boolean";
}

/** An object with any properties; none that stands for another type, such as a `Map`. */
export function record(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
}

/** A list of items that pass. */
export function list<T>(item: Guard<T>): Guard<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every(item);
}

/** What passes, or null. */
export function nullable<T>(guard: Guard<T>): Guard<T | null> {
  return (value): value is T | null => value === null || guard(value);
}

/** What passes, or nothing at all. */
export function optional<T>(guard: Guard<T>): Guard<T | undefined> {
  return (value): value is T | undefined => value === undefined || guard(value);
}

/** One of some words, all of which are named. */
export function word<T extends string>(words: Readonly<Record<T, true>>): Guard<T> {
  return (value): value is T => typeof value === "string" && Object.hasOwn(words, value);
}

/** An object with these properties, and any others. */
export function object<T>(properties: Properties<T>): Guard<T> {
  return (value): value is T => record(value) && badProperty(properties, value) === null;
}

/** The name of the first property that is not as it must be, or null. */
export function badProperty<T>(
  properties: Properties<T>,
  value: Readonly<Record<string, unknown>>,
): string | null {
  for (const name in properties) {
    if (!properties[name](value[name])) return name;
  }
  return null;
}
