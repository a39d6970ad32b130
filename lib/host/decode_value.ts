/** Values that came from the guest. The table of both directions is in `values.ts`. */
import { ErrorCode, type JsonValue } from "../../sandbox/protocol.ts";
import { ProtocolError } from "../errors.ts";
import { ErrorValue } from "./sandbox.ts";

/** Digits of the longest integer; the guest refuses to send a longer one. */
const MAX_DIGITS = 1_100_000;

/** Gives up a large value that came ahead of the message. */
type TakeBlob = (id: number) => Uint8Array;

/** Decodes what the guest sent; throws `ProtocolError` for what no honest guest sends. */
export function decodeValue(json: JsonValue, takeBlob: TakeBlob): unknown {
  if (typeof json === "string") return json.toWellFormed();
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map((item) => decodeValue(item, takeBlob));
  const tag = json["$"];
  if (tag !== undefined) {
    return typeof tag === "string" ? decodeTagged(tag, json, takeBlob) : refuse("tag");
  }
  const entries = Object.entries(json);
  return Object.fromEntries(
    entries.map(([key, item]) => [key.toWellFormed(), decodeValue(item, takeBlob)]),
  );
}

function decodeTagged(
  tag: string,
  json: { [key: string]: JsonValue },
  takeBlob: TakeBlob,
): unknown {
  const { v = null, id, kind, type, message } = json;
  const items = (): unknown[] =>
    Array.isArray(v) ? v.map((item) => decodeValue(item, takeBlob)) : refuse(tag);
  const text = (value: JsonValue | undefined): string =>
    typeof value === "string" ? value.toWellFormed() : refuse(tag);
  switch (tag) {
    case "int":
      return decodeInteger(text(v));
    case "float":
      return decodeFloat(text(v));
    case "str":
    case "datetime":
    case "date":
    case "time":
      return text(v);
    case "bytes":
      return decodeBase64(text(v));
    case "tuple":
      return items();
    case "set":
      return new Set(items());
    case "dict":
      return decodePairs(items());
    case "error":
      return new ErrorValue(text(type), text(message));
    case "blob":
      return typeof id === "number" ? decodeBlob(takeBlob(id), text(kind)) : refuse(tag);
    default:
      return refuse(tag);
  }
}

function decodeInteger(text: string): bigint {
  return text.length <= MAX_DIGITS && /^-?\d+$/.test(text) ? BigInt(text) : refuse("int");
}

/** A float as Python writes it. */
function decodeFloat(text: string): number {
  if (text === "nan") return NaN;
  if (text === "inf") return Infinity;
  if (text === "-inf") return -Infinity;
  return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(text) ? Number(text) : refuse("float");
}

function decodeBase64(text: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return refuse("bytes");
  }
}

/** A large value: text, in which a lone surrogate becomes U+FFFD, or bytes. */
function decodeBlob(bytes: Uint8Array, kind: string): string | Uint8Array {
  if (kind === "bytes") return bytes;
  return kind === "str"
    ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)
    : refuse("blob");
}

/** A `Map`, or an object when every key is a string. */
function decodePairs(pairs: readonly unknown[]): unknown {
  const entries = pairs.map((pair): [unknown, unknown] =>
    Array.isArray(pair) && pair.length === 2 ? [pair[0], pair[1]] : refuse("dict")
  );
  const named = entries.filter((entry): entry is [string, unknown] => typeof entry[0] === "string");
  return named.length === entries.length ? Object.fromEntries(named) : new Map(entries);
}

function refuse(tag: string): never {
  throw new ProtocolError(
    `Cannot read value of the guest: bad ${tag.slice(0, 20)}`,
    ErrorCode.invalidParams,
  );
}
