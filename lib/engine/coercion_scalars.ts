/** The rows of the coercion table that are about one value: text, numbers, truth, None, dates and bytes. */
import type { JsonSchema } from "../../sandbox/protocol.ts";
import { isBytesSchema } from "./type_text.ts";

/** A value that fits, and whether it had to be converted. */
export interface Fitted {
  readonly value: unknown;
  readonly converted: boolean;
}

/** Makes a value fit a schema whose `type` is one of JSON's scalars; null when it does not, for which the caller has words. */
export function coerceScalar(value: unknown, schema: JsonSchema, json: boolean): Fitted | null {
  switch (schema.type) {
    case "string":
      return coerceText(value, schema, json);
    case "integer":
      return coerceInteger(value);
    case "number":
      return coerceNumber(value);
    case "boolean":
      return coerceBoolean(value);
    case "null":
      return value === null ? kept(null) : null;
    default:
      return kept(value);
  }
}

/** Text, or what a text of that format stands for. */
function coerceText(value: unknown, schema: JsonSchema, json: boolean): Fitted | null {
  if (isBytesSchema(schema)) return coerceBytes(value, json);
  if (value instanceof Date && isNaN(value.getTime())) return null;
  const text = value instanceof Date ? value.toISOString() : value;
  switch (schema.format) {
    case "date-time":
      return moment(text, readDateTime);
    case "date":
      return moment(text, readDate);
    case "time":
      return moment(text, readTime);
  }
  if (typeof value === "string") return kept(value);
  if (value instanceof Date) return converted(text);
  if (typeof value === "bigint") return converted(String(value));
  return Number.isFinite(value) ? converted(String(value)) : null;
}

/** Bytes; in JSON they are base64. */
function coerceBytes(value: unknown, json: boolean): Fitted | null {
  if (value instanceof Uint8Array) return kept(value);
  if (!json || typeof value !== "string") return null;
  try {
    return converted(Uint8Array.fromBase64(value));
  } catch {
    return null; // not base64
  }
}

/** Characters of a text that are read as an integer: the time that takes grows faster than the text. */
const MAX_DIGITS = 1000;

/** An integer; a float that large has already lost digits, so that it is none. */
function coerceInteger(value: unknown): Fitted | null {
  if (Number.isSafeInteger(value)) return kept(Object.is(value, -0) ? 0 : value);
  if (typeof value === "bigint") return kept(exactInteger(value));
  if (typeof value !== "string" || value.length > MAX_DIGITS) return null;
  const text = value.trim();
  if (!/^[+-]?[0-9]+$/.test(text)) return null;
  return converted(exactInteger(BigInt(text.replace(/^\+/, ""))));
}

/** A number where that is exact, otherwise a bigint. */
function exactInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** A finite number. */
function coerceNumber(value: unknown): Fitted | null {
  if (typeof value === "number") return Number.isFinite(value) ? kept(value) : null;
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isFinite(number) && BigInt(number) === value ? converted(number) : null;
  }
  if (typeof value !== "string") return null;
  const text = value.trim();
  if (!/^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/.test(text)) return null;
  const number = Number(text);
  return Number.isFinite(number) ? converted(number) : null;
}

/** Truth, and the few things that can mean nothing else. */
function coerceBoolean(value: unknown): Fitted | null {
  if (typeof value === "boolean") return kept(value);
  if (value === 1 || value === 0) return converted(value === 1);
  if (typeof value !== "string") return null;
  const text = value.trim().toLowerCase();
  if (text === "true" || text === "yes") return converted(true);
  return text === "false" || text === "no" ? converted(false) : null;
}

/** A text that `read` understands, in ISO 8601. */
function moment(text: unknown, read: (text: string) => string | null): Fitted | null {
  if (typeof text !== "string") return null;
  const iso = read(text.trim());
  if (iso === null) return null;
  return iso === text ? kept(iso) : converted(iso);
}

const DAY = "([0-9]{4})-([0-9]{2})-([0-9]{2})";
const CLOCK = "([0-9]{2}):([0-9]{2})(?::([0-9]{2})(\\.[0-9]{1,9})?)?";
const OFFSET = "(?:([Zz])|([+-][0-9]{2}):?([0-9]{2}))?";
const DATE = new RegExp(`^${DAY}$`);
const TIME = new RegExp(`^${CLOCK}${OFFSET}$`);
const DATE_TIME = /^([0-9-]{10})[Tt ](.+)$/;

/** `YYYY-MM-DDTHH:MM:SS` with fraction and offset where they were given. */
function readDateTime(text: string): string | null {
  const [, day, clock] = DATE_TIME.exec(text) ?? [];
  if (day === undefined || clock === undefined || !isDay(day)) return null;
  const time = readTime(clock);
  return time === null ? null : `${day}T${time}`;
}

/** `YYYY-MM-DD`; midnight may follow, since that is how Python turns a day into a `datetime`. */
function readDate(text: string): string | null {
  if (isDay(text)) return text;
  const full = readDateTime(text);
  if (full === null || !/T00:00:00(?:\.0+)?(?:Z|\+00:00)?$/.test(full)) return null;
  return full.slice(0, 10);
}

/** `HH:MM:SS` with fraction and offset where they were given. */
function readTime(text: string): string | null {
  const match = TIME.exec(text);
  if (match === null) return null;
  const [
    ,
    hours = "",
    minutes = "",
    seconds = "00",
    fraction = "",
    utc,
    offsetHours,
    offsetMinutes,
  ] = match;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return null;
  if (Number(offsetHours ?? 0) > 23 || Number(offsetMinutes ?? 0) > 59) return null;
  const offset = utc !== undefined
    ? "Z"
    : offsetHours === undefined
    ? ""
    : `${offsetHours}:${offsetMinutes}`;
  return `${hours}:${minutes}:${seconds}${fraction}${offset}`;
}

/** Whether the calendar has that day. */
function isDay(text: string): boolean {
  const match = DATE.exec(text);
  if (match === null) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

/** It fits as it is. */
function kept(value: unknown): Fitted {
  return { value, converted: false };
}

/** It fits in another form. */
function converted(value: unknown): Fitted {
  return { value, converted: true };
}
