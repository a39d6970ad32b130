/**
 * The journal's codec: values of a run as JSON and back.
 *
 * What JSON has stays as it is. Everything else is an object with one tag, `$`:
 *
 * | value | written as |
 * |---|---|
 * | text over {@linkcode LARGE} characters | `{"$":"text","sha256":…,"chars":…}`, the text in a file of that name |
 * | `Uint8Array`, `ArrayBuffer` | `{"$":"bytes","base64":…}`, or `{"$":"bytes","sha256":…}` when large |
 * | `bigint` | `{"$":"bigint","value":"123"}` |
 * | `NaN`, `±Infinity`, `-0` | `{"$":"number","value":"NaN"}` |
 * | `undefined` in a list | `{"$":"undefined"}` (a property that is `undefined` is left out) |
 * | `Date` | `{"$":"date","time":…}`, milliseconds since the epoch, null when invalid |
 * | `Map`, `Set` | `{"$":"map","entries":[[k,v],…]}`, `{"$":"set","items":[…]}` |
 * | `ErrorValue`, `Error` | `{"$":"error","type":…,"message":…}`, read back as `ErrorValue` |
 * | an object that has a property `$` itself | `{"$":"object","entries":[[k,v],…]}` |
 * | function, symbol, cycle, over 500 levels | `{"$":"opaque","text":…}`, read back as that text |
 *
 * Objects of other classes are written as their own properties.
 */
import { ErrorValue } from "../host/sandbox.ts";
import type { JsonValue } from "../../sandbox/protocol.ts";

/** Texts of more characters, and bytes of more bytes, are kept in files of their own. */
export const LARGE = 16_384;

const MAX_DEPTH = 500;
const TAG = "$";

/** Keeps a large text or bytes and names it by its SHA-256. */
export type PutLarge = (content: string | Uint8Array) => string;

/** Gives back what {@linkcode PutLarge} kept. */
export type GetLarge = (sha256: string) => Uint8Array;

/** Writes a value as JSON. Without `put`, large texts stay where they are. */
export function encode(value: unknown, put?: PutLarge): JsonValue {
  return new Encoder(put).encode(value);
}

/** Reads what {@linkcode encode} wrote. */
export function decode(json: JsonValue, get: GetLarge): unknown {
  if (json === null || typeof json !== "object") return json;
  if (Array.isArray(json)) return json.map((item) => decode(item, get));
  if (TAG in json) return decodeTagged(json, get);
  return objectOf(Object.entries(json), get);
}

/** The hashes of all large texts that an encoded value refers to. */
export function* largeIn(json: JsonValue): Generator<string> {
  if (json === null || typeof json !== "object") return;
  if (!Array.isArray(json) && TAG in json && typeof json.sha256 === "string") yield json.sha256;
  for (const item of Object.values(json)) yield* largeIn(item);
}

class Encoder {
  readonly #put: PutLarge | undefined;
  /** The objects that are being written, outermost first: one that occurs in itself is a cycle. */
  readonly #open: object[] = [];

  constructor(put: PutLarge | undefined) {
    this.#put = put;
  }

  encode(value: unknown): JsonValue {
    switch (typeof value) {
      case "string":
        return this.#text(value);
      case "number":
        return encodeNumber(value);
      case "boolean":
        return value;
      case "undefined":
        return { [TAG]: "undefined" };
      case "bigint":
        return { [TAG]: "bigint", value: String(value) };
      case "object":
        return value === null ? null : this.#guarded(value);
      default:
        return opaque(`[${typeof value}]`);
    }
  }

  #text(text: string): JsonValue {
    // A lone surrogate has no UTF-8: such a text stays in the line, where JSON can escape it.
    if (this.#put === undefined || text.length <= LARGE || !text.isWellFormed()) return text;
    return { [TAG]: "text", sha256: this.#put(text), chars: text.length };
  }

  #bytes(bytes: Uint8Array): JsonValue {
    if (this.#put === undefined || bytes.length <= LARGE) {
      return { [TAG]: "bytes", base64: bytes.toBase64() };
    }
    return { [TAG]: "bytes", sha256: this.#put(bytes) };
  }

  #guarded(value: object): JsonValue {
    if (this.#open.includes(value)) return opaque("[circular]");
    if (this.#open.length >= MAX_DEPTH) return opaque("[too deep]");
    this.#open.push(value);
    const json = this.#object(value);
    this.#open.pop();
    return json;
  }

  #object(value: object): JsonValue {
    if (Array.isArray(value)) return value.map((item) => this.encode(item));
    // Nearly all objects are plain, and there are many in each event.
    if (Object.getPrototypeOf(value) === Object.prototype) return this.#record(value);
    if (value instanceof Uint8Array) return this.#bytes(value);
    if (value instanceof ArrayBuffer) return this.#bytes(new Uint8Array(value));
    if (value instanceof Map) return { [TAG]: "map", entries: this.#entries(value) };
    if (value instanceof Set) return { [TAG]: "set", items: [...value].map((i) => this.encode(i)) };
    if (value instanceof Date) return { [TAG]: "date", time: encodeDate(value) };
    if (value instanceof ErrorValue) return encodeError(value.type, value.message);
    if (value instanceof Error) return encodeError(value.name, value.message);
    return this.#record(value);
  }

  #record(value: object): JsonValue {
    if (TAG in value) {
      const entries = Object.entries(value).filter(([, item]) => item !== undefined);
      return { [TAG]: "object", entries: this.#entries(entries) };
    }
    const json: { [key: string]: JsonValue } = {};
    for (const [key, item] of Object.entries(value)) {
      if (item !== undefined) setOwn(json, key, this.encode(item));
    }
    return json;
  }

  #entries(entries: Iterable<[unknown, unknown]>): JsonValue[] {
    return Array.from(entries, ([key, item]) => [this.encode(key), this.encode(item)]);
  }
}

/** Sets a property; `__proto__` is one like any other. */
function setOwn(json: { [key: string]: JsonValue }, key: string, value: JsonValue): void {
  if (key !== "__proto__") json[key] = value;
  else Object.defineProperty(json, key, { value, enumerable: true });
}

function encodeNumber(value: number): JsonValue {
  if (Number.isFinite(value) && !Object.is(value, -0)) return value;
  return { [TAG]: "number", value: Object.is(value, -0) ? "-0" : String(value) };
}

function encodeDate(date: Date): number | null {
  const time = date.getTime();
  return Number.isNaN(time) ? null : time;
}

function encodeError(type: string, message: string): JsonValue {
  return { [TAG]: "error", type, message };
}

function opaque(text: string): JsonValue {
  return { [TAG]: "opaque", text };
}

function decodeTagged(json: { [key: string]: JsonValue }, get: GetLarge): unknown {
  switch (json[TAG]) {
    case "text":
      return new TextDecoder("utf-8", { ignoreBOM: true }).decode(get(String(json.sha256)));
    case "bytes":
      return typeof json.base64 === "string"
        ? Uint8Array.fromBase64(json.base64)
        : get(String(json.sha256));
    case "bigint":
      return BigInt(String(json.value));
    case "number":
      return Number(json.value);
    case "undefined":
      return undefined;
    case "date":
      return new Date(typeof json.time === "number" ? json.time : NaN);
    case "map":
      return new Map(entriesOf(json.entries, get));
    case "set":
      return new Set(Array.isArray(json.items) ? json.items.map((item) => decode(item, get)) : []);
    case "error":
      return new ErrorValue(String(json.type), String(json.message));
    case "object":
      return Object.fromEntries(entriesOf(json.entries, get));
    case "opaque":
      return String(json.text);
    default:
      throw new TypeError(`Cannot read value: unknown tag ${JSON.stringify(json[TAG])}`);
  }
}

function entriesOf(entries: JsonValue | undefined, get: GetLarge): [unknown, unknown][] {
  if (!Array.isArray(entries)) throw new TypeError("Cannot read value: its entries are missing");
  return entries.map((entry) => {
    if (!Array.isArray(entry)) throw new TypeError("Cannot read value: an entry is not a pair");
    return [decode(entry[0] ?? null, get), decode(entry[1] ?? null, get)];
  });
}

/** Builds an object by definition, not assignment, so that a key such as `__proto__` is only a key. */
function objectOf(entries: [string, JsonValue][], get: GetLarge): Record<string, unknown> {
  return Object.fromEntries(entries.map(([key, item]) => [key, decode(item, get)]));
}
