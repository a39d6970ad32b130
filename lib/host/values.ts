/**
 * Values ⇄ the wire: what each JavaScript value is in Python, and the other way round.
 *
 * | JavaScript | Python | | Python | JavaScript |
 * |---|---|---|---|---|
 * | `null` | `None` | | `None` | `null` |
 * | `undefined` | left out of objects, refused elsewhere | | `bool` | `boolean` |
 * | `boolean` | `bool` | | `int` up to 2^53 − 1 | `number` |
 * | `number`, integral and safe | `int` | | larger `int` | `bigint` |
 * | any other `number` (NaN, −0, ∞, 0.5) | `float` | | `float` | `number` |
 * | `bigint` | `int` | | `str` | `string` |
 * | `string` | `str`, lone surrogates as U+FFFD | | `bytes` | `Uint8Array` |
 * | `Uint8Array`, `ArrayBuffer` | `bytes` | | `list`, `tuple` | array |
 * | array, other typed arrays | `list` | | `set` | `Set` |
 * | plain object, class instance | `dict` of its own properties | | `dict` with `str` keys | object |
 * | `Map` | `dict` | | any other `dict` | `Map` |
 * | `Set` | `set` | | `datetime`, `date`, `time` | ISO 8601 `string` |
 * | `Date` | `datetime` in UTC | | `LLMError` | {@linkcode ErrorValue} |
 * | `RegExp` | `str`, its source | | `Decimal`, `UUID`, `Path` | `string` |
 * | `URL` | `str` | | `dataclass`, named tuple | object |
 * | {@linkcode ErrorValue} | `LLMError` | | anything else | refused by the guest, by name |
 * | an object with `toJSON()` | what that returns | | | |
 */
import { type JsonValue, Limits } from "../../sandbox/protocol.ts";
import { ErrorValue } from "./sandbox.ts";

/** A large value that travels ahead of the message that names it. */
export interface Blob {
  readonly id: number;
  readonly value: string | Uint8Array;
}

/** A value on its way to the guest. */
export interface Encoded {
  readonly json: JsonValue;
  readonly blobs: readonly Blob[];
}

/** Nesting beyond this is refused: the wire's own limit, less the envelope's. */
const MAX_DEPTH = Limits.depth - 20;

/** Encodes a value; `name` begins the path in errors, `nextBlob` numbers what is too large for JSON. */
export function encodeValue(value: unknown, name: string, nextBlob: () => number): Encoded {
  const blobs: Blob[] = [];
  const toBlob = (large: string | Uint8Array): JsonValue => {
    const blob = { id: nextBlob(), value: large };
    blobs.push(blob);
    return { $: "blob", id: blob.id };
  };
  const json = new Encoder(toBlob).encode(value, name);
  if (json === undefined) {
    throw new TypeError(`Cannot send ${name}: it is undefined; use null for None`);
  }
  return { json, blobs };
}

class Encoder {
  readonly #toBlob: (value: string | Uint8Array) => JsonValue;
  /** Containers on the way down to here; meeting one again is a cycle. */
  readonly #open = new Set<object>();

  constructor(toBlob: (value: string | Uint8Array) => JsonValue) {
    this.#toBlob = toBlob;
  }

  /** Undefined means: leave this property out. */
  encode(value: unknown, path: string): JsonValue | undefined {
    switch (typeof value) {
      case "undefined":
        return undefined;
      case "boolean":
        return value;
      case "number":
        return encodeNumber(value);
      case "bigint":
        return { $: "int", v: String(value) };
      case "string":
        // A character is at most three bytes of UTF-8, so a shorter string never passes the limit.
        return value.length * 3 > Limits.inlineBytes ? this.#toBlob(value) : value.toWellFormed();
      case "object":
        return value === null ? null : this.#encodeObject(value, path);
      default:
        throw new TypeError(`Cannot send ${path}: a ${typeof value} has no form in Python`);
    }
  }

  #encodeObject(value: object, path: string): JsonValue | undefined {
    if (value instanceof Uint8Array) return this.#encodeBytes(value);
    if (value instanceof ArrayBuffer) return this.#encodeBytes(new Uint8Array(value));
    if (value instanceof Date) return encodeDate(value, path);
    if (value instanceof RegExp) return value.source;
    if (value instanceof ErrorValue) {
      return { $: "error", type: value.type, message: value.message };
    }
    if (this.#open.has(value)) throw new TypeError(`Cannot send ${path}: it contains itself`);
    if (this.#open.size >= MAX_DEPTH) {
      throw new RangeError(`Cannot send ${path.slice(0, 80)}…: nested deeper than ${MAX_DEPTH}`);
    }
    this.#open.add(value);
    try {
      return this.#encodeContainer(value, path);
    } finally {
      this.#open.delete(value);
    }
  }

  #encodeContainer(value: object, path: string): JsonValue | undefined {
    if (Array.isArray(value)) return this.#encodeItems(value, path);
    if (ArrayBuffer.isView(value) && Symbol.iterator in value) {
      return this.#encodeItems([...value as Iterable<unknown>], path);
    }
    if (value instanceof Set) return { $: "set", v: this.#encodeItems([...value], path) };
    if (value instanceof Map) {
      const pairs = [...value].map((
        [k, v],
        i,
      ) => [this.#item(k, `${path} key ${i}`), this.#item(v, `${path}[${show(k)}]`)]);
      return { $: "dict", v: pairs };
    }
    if ("toJSON" in value && typeof value.toJSON === "function") {
      return this.encode(value.toJSON(), path);
    }
    const entries: [string, JsonValue][] = [];
    for (const [key, item] of Object.entries(value)) {
      const encoded = this.encode(item, `${path}.${key}`);
      if (encoded !== undefined) entries.push([key, encoded]);
    }
    // `$` marks the wire's own tags, so an object that has that key goes as pairs.
    return "$" in value ? { $: "dict", v: entries } : toObject(entries);
  }

  #encodeItems(items: readonly unknown[], path: string): JsonValue[] {
    return Array.from(items, (item, i) => this.#item(item, `${path}[${i}]`));
  }

  #item(value: unknown, path: string): JsonValue {
    const encoded = this.encode(value, path);
    if (encoded === undefined) {
      throw new TypeError(`Cannot send ${path}: it is undefined; use null for None`);
    }
    return encoded;
  }

  #encodeBytes(bytes: Uint8Array): JsonValue {
    return bytes.length > Limits.inlineBytes
      ? this.#toBlob(bytes)
      : { $: "bytes", v: bytes.toBase64() };
  }
}

function encodeNumber(value: number): JsonValue {
  if (Object.is(value, -0)) return { $: "float", v: "-0.0" };
  if (Number.isNaN(value)) return { $: "float", v: "nan" };
  if (!Number.isFinite(value)) return { $: "float", v: value > 0 ? "inf" : "-inf" };
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return { $: "float", v: String(value) };
  }
  return value;
}

function encodeDate(value: Date, path: string): JsonValue {
  if (Number.isNaN(value.getTime())) {
    throw new TypeError(`Cannot send ${path}: the date is invalid`);
  }
  return { $: "datetime", v: value.toISOString() };
}

/** Decodes what the guest sent; `takeBlob` gives up a large value that came ahead. */
export function decodeValue(
  json: JsonValue,
  takeBlob: (id: number) => Uint8Array,
): unknown {
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map((item) => decodeValue(item, takeBlob));
  if (typeof json["$"] === "string") return decodeTagged(json["$"], json, takeBlob);
  return toObject(Object.entries(json).map(([key, item]) => [key, decodeValue(item, takeBlob)]));
}

function decodeTagged(
  tag: string,
  json: { [key: string]: JsonValue },
  takeBlob: (id: number) => Uint8Array,
): unknown {
  const v = json["v"] ?? null;
  const items = (): unknown[] =>
    Array.isArray(v) ? v.map((item) => decodeValue(item, takeBlob)) : refuse(tag);
  switch (tag) {
    case "int":
      return typeof v === "string" && /^-?\d{1,100000}$/.test(v) ? BigInt(v) : refuse(tag);
    case "float":
      return typeof v === "string" ? decodeFloat(v) : refuse(tag);
    case "str":
    case "datetime":
    case "date":
    case "time":
      return typeof v === "string" ? v.toWellFormed() : refuse(tag);
    case "bytes":
      return typeof v === "string" ? decodeBase64(v) : refuse(tag);
    case "tuple":
      return items();
    case "set":
      return new Set(items());
    case "dict":
      return decodePairs(items());
    case "error":
      return new ErrorValue(String(json["type"]), String(json["message"]));
    case "blob":
      return typeof json["id"] === "number"
        ? decodeBlob(takeBlob(json["id"]), json["kind"])
        : refuse(tag);
    default:
      return refuse(tag);
  }
}

function decodeFloat(text: string): number {
  if (text === "inf") return Infinity;
  if (text === "-inf") return -Infinity;
  return Number(text);
}

function decodeBase64(text: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return refuse("bytes");
  }
}

/** A large value: text unless it says that it is bytes; a lone surrogate becomes U+FFFD. */
function decodeBlob(bytes: Uint8Array, kind: JsonValue | undefined): string | Uint8Array {
  return kind === "bytes" ? bytes : new TextDecoder().decode(bytes);
}

/** A `Map`, or an object when every key is a string. */
function decodePairs(pairs: readonly unknown[]): unknown {
  const entries = pairs.map((pair): [unknown, unknown] =>
    Array.isArray(pair) && pair.length === 2 ? [pair[0], pair[1]] : refuse("dict")
  );
  const named = entries.filter((entry): entry is [string, unknown] => typeof entry[0] === "string");
  return named.length === entries.length ? toObject(named) : new Map(entries);
}

/** An object of these entries; a key such as `__proto__` is a plain property of it like any other. */
function toObject<T>(entries: readonly (readonly [string, T])[]): { [key: string]: T } {
  const object: { [key: string]: T } = {};
  for (const [key, value] of entries) {
    Object.defineProperty(object, key, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return object;
}

function refuse(tag: string): never {
  throw new TypeError(`Cannot decode value: bad ${tag.slice(0, 20)}`);
}

function show(key: unknown): string {
  return typeof key === "string" ? JSON.stringify(key) : String(key);
}
