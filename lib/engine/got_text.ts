/** How a value reads in a message to the model: its Python type and a short form of it. */
import { ErrorValue } from "../host/sandbox.ts";
import { count } from "./shown_text.ts";

/** Characters of a value that a message shows. */
const MAX_CHARS = 60;

/** `int 42`, `str "abc…" (12,345 characters)`, `list of 3 items`, `nothing` for undefined. */
export function gotText(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "None";
  if (value instanceof ErrorValue) {
    return `an error value: ${cut(`${value.type}: ${value.message}`)}`;
  }
  switch (typeof value) {
    case "string":
      return textGot(value);
    case "boolean":
      return value ? "bool True" : "bool False";
    case "bigint":
      return `int ${cut(String(value))}`;
    case "number":
      return numberGot(value);
    default:
      return containerGot(value);
  }
}

/** A text in quotes, with its length when it is cut. */
function textGot(value: string): string {
  if (value.length <= MAX_CHARS) return `str ${JSON.stringify(value)}`;
  const head = JSON.stringify(cut(value));
  return `str ${head} (${count(value.length)} characters)`;
}

/** A container by its size, and an object by its keys. */
function containerGot(value: unknown): string {
  if (Array.isArray(value)) return `list of ${plural(value.length, "item")}`;
  if (value instanceof Set) return `set of ${plural(value.size, "item")}`;
  if (value instanceof Map) return `dict of ${plural(value.size, "key")}`;
  if (value instanceof Uint8Array) return `bytes of length ${count(value.length)}`;
  if (value instanceof Date) {
    return `datetime ${isNaN(value.getTime()) ? "nan" : value.toISOString()}`;
  }
  if (typeof value !== "object" || value === null) return typeof value;
  const keys = Object.keys(value);
  if (keys.length === 0) return "an empty dict";
  return `dict with ${cut(keys.map((key) => JSON.stringify(key)).join(", "))}`;
}

/** A number as Python writes it; an integer too large to be exact can only have been a float. */
function numberGot(value: number): string {
  if (Number.isNaN(value)) return "float nan";
  if (Object.is(value, -0)) return "float -0.0";
  const type = Number.isSafeInteger(value) ? "int" : "float";
  return `${type} ${String(value).replace("Infinity", "inf")}`;
}

/** `1 item`, `3 items`. */
function plural(size: number, noun: string): string {
  return `${count(size)} ${noun}${size === 1 ? "" : "s"}`;
}

/** The head of a text, without half of a surrogate pair. */
function cut(text: string): string {
  if (text.length <= MAX_CHARS) return text;
  return `${text.slice(0, MAX_CHARS).replace(/[\ud800-\udbff]$/, "")}…`;
}
