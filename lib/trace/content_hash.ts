/** Hashes inputs of any type and size, to see on resume that they are the same. */
import { createHash, type Hash } from "node:crypto";
import { encode } from "./codec.ts";

/** Levels that are hashed: more than any guest takes, and what contains itself has no last one. */
const MAX_DEPTH = 1_000;

/**
 * SHA-256 of a value's content, in hexadecimal. That of a text is the hash of its UTF-8 and that of bytes is
 * theirs, so that `sha256sum` of the file they came from says the same. Lists and objects are hashed item by item,
 * in their order, without a copy of the whole. Throws a `RangeError` for what is nested too deep.
 */
export function contentHash(value: unknown): string {
  const hash = createHash("sha256");
  if (typeof value === "string" && value.isWellFormed()) hash.update(value);
  else if (value instanceof Uint8Array) hash.update(value);
  else updateFrom(hash, value, 0);
  return hash.digest("hex");
}

/** Feeds a value to the hash, its type and length first, so that no two values feed the same. */
function updateFrom(hash: Hash, value: unknown, depth: number): void {
  if (depth > MAX_DEPTH) {
    throw new RangeError(
      `Cannot record value: it is nested deeper than ${MAX_DEPTH}, or contains itself; give it in parts`,
    );
  }
  if (typeof value === "string") {
    hash.update(`text ${value.length} `).update(
      value.isWellFormed() ? value : JSON.stringify(value),
    );
  } else if (value instanceof Uint8Array) hash.update(`bytes ${value.length} `).update(value);
  else if (Array.isArray(value)) {
    hash.update(`list ${value.length} `);
    for (const item of value) updateFrom(hash, item, depth + 1);
  } else if (value instanceof Map) updateFromEntries(hash, "map", [...value], depth);
  else if (isPlain(value)) updateFromEntries(hash, "object", Object.entries(value), depth);
  else hash.update(`value ${JSON.stringify(encode(value))} `);
}

function updateFromEntries(
  hash: Hash,
  type: string,
  entries: [unknown, unknown][],
  depth: number,
): void {
  hash.update(`${type} ${entries.length} `);
  for (const entry of entries) entry.forEach((part) => updateFrom(hash, part, depth + 1));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
