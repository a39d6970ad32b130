/** The error of a failed assertion, and the text that all assertions build their messages from. */

/** Thrown when an assertion fails. */
export class AssertionError extends Error {
  override name = "AssertionError";
}

/** Throws an {@linkcode AssertionError}: what failed, then the caller's own words if there are any. */
export function reject(failure: string, msg?: string): never {
  throw new AssertionError(msg ? `${failure}: ${msg}` : `${failure}.`);
}

/** A value as a failed assertion shows it. */
export function show(value: unknown): string {
  return Deno.inspect(value, {
    depth: 12,
    sorted: true,
    strAbbreviateSize: 10_000,
    compact: false,
  });
}
