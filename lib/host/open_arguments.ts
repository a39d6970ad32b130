/** What the arguments of open tool calls take of the host's memory: a guest sends the same few bytes again and again for nothing. */

/** Bytes that they may take together. */
const MOST = 512 * 1024 ** 2;
/** Bytes that each value takes, beside its text or bytes: as JSON an empty list is three, and here it is an object. */
const VALUE_BYTES = 100;

/** The guest has more open than the host holds; `name` is what Python knows it by. */
export class OpenArgumentsError extends Error {
  override name = "MemoryError";
}

/** A count over the open calls of one execution. */
export class OpenArguments {
  #held = 0;

  /**
   * Counts the arguments of a call until they are disposed of. A call that is open alone may have any that got this
   * far. Throws {@linkcode OpenArgumentsError} when it is too much beside those of the others.
   */
  hold(args: unknown): Disposable {
    const size = bytesOf(args);
    if (this.#held > 0 && this.#held + size > MOST) {
      throw new OpenArgumentsError(
        `the arguments of the open calls are too large together, at most ${MOST} bytes: ` +
          "make fewer calls at once",
      );
    }
    this.#held += size;
    return { [Symbol.dispose]: () => this.#held -= size };
  }
}

function bytesOf(value: unknown): number {
  if (typeof value === "string") return VALUE_BYTES + value.length;
  if (typeof value !== "object" || value === null) return VALUE_BYTES;
  if (value instanceof Uint8Array) return VALUE_BYTES + value.length;
  let size = VALUE_BYTES;
  for (const item of itemsOf(value)) size += bytesOf(item);
  return size;
}

function itemsOf(value: object): Iterable<unknown> {
  if (Array.isArray(value) || value instanceof Set) return value;
  return value instanceof Map ? [...value].flat() : Object.values(value);
}
