/**
 * Values on their way to the guest: what each JavaScript value is in Python, and the other way round.
 *
 * | JavaScript | Python | | Python | JavaScript |
 * |---|---|---|---|---|
 * | `null` | `None` | | `None` | `null` |
 * | `undefined` | left out of objects, refused elsewhere | | `bool` | `boolean` |
 * | `boolean` | `bool` | | `int` up to 2^53 − 1 | `number` |
 * | `number`, integral and safe | `int` | | larger `int` | `bigint` |
 * | any other `number` (NaN, −0, ∞, 0.5) | `float` | | `float` | `number` |
 * | `bigint` | `int` | | `str`, lone surrogates as U+FFFD | `string` |
 * | `string`, lone surrogates as U+FFFD | `str` | | `bytes` | `Uint8Array` |
 * | `Uint8Array`, `ArrayBuffer`, `DataView` | `bytes` | | `list`, `tuple` | array |
 * | array, other typed arrays | `list` | | `set` | `Set` |
 * | plain object, class instance | `dict` of its own properties | | `dict` with `str` keys | object |
 * | `Map` | `dict` | | any other `dict` | `Map` |
 * | `Set` | `set` | | `datetime`, `date`, `time` | ISO 8601 `string` |
 * | `Date`, of the years 1 to 9999 | `datetime` in UTC | | `LLMError` | {@linkcode ErrorValue} |
 * | `RegExp` | `str`, its source | | `Decimal`, `UUID`, `Path` | `string` |
 * | `URL` | `str` | | `dataclass`, named tuple | object |
 * | {@linkcode ErrorValue} | `LLMError` | | anything else | refused by the guest, by name |
 * | an object with `toJSON()` | what that returns | | | |
 * | function, symbol, promise | refused | | | |
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
/** What Python takes for a variable. */
const PYTHON_NAME = /^[\p{XIDS}_]\p{XIDC}*$/u;

/**
 * Encodes a value; `name` begins the path in errors, `nextBlob` numbers what is too large for a message.
 * Throws a `TypeError` for what has no form in Python, a `RangeError` for what is too deep or too large.
 */
export function encodeValue(value: unknown, name: string, nextBlob: () => number): Encoded {
  const encoder = new Encoder(nextBlob);
  return encoder.parcel(encoder.encodeRoot(value, name), name);
}

/** Encodes values by the names that they will have in Python: all of them, or none. Throws as {@linkcode encodeValue} does. */
export function encodeValues(
  values: Readonly<Record<string, unknown>>,
  nextBlob: () => number,
): Encoded {
  const encoder = new Encoder(nextBlob);
  const entries = Object.entries(values).map(([name, value]): [string, JsonValue] => {
    if (!PYTHON_NAME.test(name)) {
      throw new TypeError(`Cannot bind ${JSON.stringify(name)}: it is not a name in Python`);
    }
    return [name, encoder.encodeRoot(value, name)];
  });
  return encoder.parcel(Object.fromEntries(entries), "values");
}

class Encoder {
  readonly #nextBlob: () => number;
  readonly #blobs: Blob[] = [];
  /** Containers on the way down to here; meeting one again is a cycle. */
  readonly #open = new Set<object>();
  /** Names and indices on the way down to here. */
  readonly #path: (string | number)[] = [];
  /** Levels of JSON on the way down to here: a tagged value takes more than one. */
  #depth = 0;

  constructor(nextBlob: () => number) {
    this.#nextBlob = nextBlob;
  }

  encodeRoot(value: unknown, name: string): JsonValue {
    return this.#item(value, name);
  }

  /** Closes the value. JSON that would crowd a message becomes a blob too. */
  parcel(json: JsonValue, name: string): Encoded {
    const text = jsonText(json, name);
    if (text.length * 3 <= Limits.inlineBytes) return { json, blobs: this.#blobs };
    return { json: { $: "json", id: this.#toBlob(text) }, blobs: this.#blobs };
  }

  /** Undefined means: leave this property out. */
  #encode(value: unknown): JsonValue | undefined {
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
        return value.length * 3 > Limits.inlineBytes
          ? { $: "blob", id: this.#toBlob(value) }
          : value.toWellFormed();
      case "object":
        return value === null ? null : this.#encodeObject(value);
      default:
        throw this.#refusal(`a ${typeof value} has no form in Python`);
    }
  }

  #encodeObject(value: object): JsonValue | undefined {
    const bytes = bytesOf(value);
    if (bytes) return this.#encodeBytes(bytes);
    if (value instanceof Date) return this.#encodeDate(value);
    if (value instanceof RegExp) return value.source.toWellFormed();
    if (value instanceof ErrorValue) {
      const { type, message } = value;
      return { $: "error", type: type.toWellFormed(), message: message.toWellFormed() };
    }
    if (value instanceof Promise) throw this.#refusal("it is a promise; await it first");
    if (this.#open.has(value)) throw this.#refusal("it contains itself");
    this.#open.add(value);
    try {
      return this.#encodeContainer(value);
    } finally {
      this.#open.delete(value);
    }
  }

  #encodeContainer(value: object): JsonValue | undefined {
    if (Array.isArray(value)) return this.#nest(1, () => this.#encodeItems(value));
    if (ArrayBuffer.isView(value) && Symbol.iterator in value) {
      return this.#nest(1, () => this.#encodeItems(value as Iterable<unknown>));
    }
    if (value instanceof Set) {
      return this.#nest(2, () => ({ $: "set", v: this.#encodeItems(value) }));
    }
    if (value instanceof Map) return this.#nest(3, () => this.#encodeMap(value));
    if ("toJSON" in value && typeof value.toJSON === "function") {
      const stated: unknown = value.toJSON();
      return this.#nest(1, () => this.#encode(stated));
    }
    // `$` marks the wire's own tags, so an object that has that key goes as pairs.
    return "$" in value
      ? this.#nest(3, () => ({ $: "dict", v: this.#encodeEntries(value) }))
      : this.#nest(1, () => Object.fromEntries(this.#encodeEntries(value)));
  }

  #encodeItems(items: Iterable<unknown>): JsonValue[] {
    return Array.from(items, (item, i) => this.#item(item, i));
  }

  #encodeEntries(value: object): [string, JsonValue][] {
    const entries: [string, JsonValue][] = [];
    for (const [key, item] of Object.entries(value)) {
      this.#path.push(`.${key}`);
      const encoded = this.#encode(item);
      if (encoded !== undefined) entries.push([key.toWellFormed(), encoded]);
      this.#path.pop();
    }
    return entries;
  }

  #encodeMap(map: ReadonlyMap<unknown, unknown>): JsonValue {
    const pairs = [...map].map((
      [key, item],
      i,
    ) => [this.#item(key, ` key ${i}`), this.#item(item, `[${show(key)}]`)]);
    return { $: "dict", v: pairs };
  }

  /** A value in a place that can't be left out. */
  #item(value: unknown, place: string | number): JsonValue {
    this.#path.push(place);
    const encoded = this.#encode(value);
    if (encoded === undefined) throw this.#refusal("it is undefined; use null for None");
    this.#path.pop();
    return encoded;
  }

  /** Encodes what lies some levels further down. */
  #nest<T>(levels: number, encode: () => T): T {
    this.#depth += levels;
    if (this.#depth > MAX_DEPTH) {
      throw new RangeError(`Cannot send ${this.#where()}: nested deeper than ${MAX_DEPTH}`);
    }
    const encoded = encode();
    this.#depth -= levels;
    return encoded;
  }

  #encodeBytes(bytes: Uint8Array): JsonValue {
    return bytes.length > Limits.inlineBytes
      ? { $: "blob", id: this.#toBlob(bytes) }
      : { $: "bytes", v: bytes.toBase64() };
  }

  #encodeDate(value: Date): JsonValue {
    const year = value.getUTCFullYear();
    if (Number.isNaN(year)) throw this.#refusal("the date is invalid");
    if (year < 1 || year > 9999) throw this.#refusal(`Python has no year ${year}`);
    return { $: "datetime", v: value.toISOString() };
  }

  #toBlob(value: string | Uint8Array): number {
    const id = this.#nextBlob();
    this.#blobs.push({ id, value });
    return id;
  }

  #refusal(why: string): TypeError {
    return new TypeError(`Cannot send ${this.#where()}: ${why}`);
  }

  /** The present place as the user would write it, cut where it is deep. */
  #where(): string {
    const path = this.#path.map((place) => typeof place === "number" ? `[${place}]` : place);
    const text = path.join("");
    return text.length > 120 ? `${text.slice(0, 80)}…${text.slice(-40)}` : text;
  }
}

function jsonText(json: JsonValue, name: string): string {
  try {
    return JSON.stringify(json);
  } catch (error) {
    throw new RangeError(`Cannot send ${name}: it is too large as JSON; send it in parts`, {
      cause: error,
    });
  }
}

/** The bytes of a value that is bytes. */
function bytesOf(value: object): Uint8Array | null {
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    return new Uint8Array(value);
  }
  if (value instanceof DataView) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  return null;
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

function show(key: unknown): string {
  return typeof key === "string" ? JSON.stringify(key) : String(key);
}
