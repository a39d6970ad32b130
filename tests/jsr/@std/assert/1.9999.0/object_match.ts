/** The assertion that an object has at least the given properties. */
import { AssertionError } from "./assertion_error.ts";
import { assertEquals } from "./values.ts";

/** Fails unless each property of `expected` is in `actual`, with an equal value; nested objects may have more too. */
export function assertObjectMatch(
  actual: object,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  if (typeof actual !== "object" || actual === null) {
    throw new AssertionError(`Cannot match ${actual === null ? "null" : `type ${typeof actual}`}`);
  }
  assertEquals<unknown>(select(actual, expected), plain(expected), msg);
}

/** The part of `actual` that `expected` speaks of. */
function select(actual: unknown, expected: unknown): unknown {
  if (Array.isArray(actual) && Array.isArray(expected)) {
    return actual.slice(0, expected.length).map((item, index) => select(item, expected[index]));
  }
  if (!isRecord(actual) || !isRecord(expected)) return actual;
  const keys = Reflect.ownKeys(expected).filter((key) => Reflect.ownKeys(actual).includes(key));
  return Object.fromEntries(
    keys.map((key) => [key, select(Reflect.get(actual, key), Reflect.get(expected, key))]),
  );
}

/** A copy of `expected` without its classes, to compare with what {@linkcode select} returns. */
function plain(expected: unknown): unknown {
  return select(expected, expected);
}

function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    ![Date, RegExp, Map, Set].some((kind) => value instanceof kind) && !ArrayBuffer.isView(value);
}
