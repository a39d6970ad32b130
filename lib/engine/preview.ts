/** Describes an input to a model that will not read it: type, size, a glimpse of both ends. Constant in size. */
import type { InputSummary } from "../trace/events.ts";
import { count, cutMiddle, headOf, markAsData, tailOf } from "./shown_text.ts";
import { estimateTokens } from "../tokens.ts";

/** What is told of one input. */
export interface Preview {
  readonly summary: Omit<InputSummary, "sha256">;
  /** The lines for the prompt. */
  readonly text: string;
}

/** Items of a container that are looked at for their types. */
const SAMPLED_ITEMS = 1_000;
/** Keys, or items at each end, that are shown. */
const SHOWN_KEYS = 20;
const SHOWN_ITEMS = 3;
/** Values looked at when the text in a container is measured. */
const MEASURED_VALUES = 100_000;

/** Describes an input in at most about `maxChars` characters beside some fixed words. */
export function describeInput(
  name: string,
  value: unknown,
  options: {
    readonly maxChars: number;
    readonly description?: string;
    /** Says where the whole text is told, in place of glimpses. */
    readonly toldIn?: string;
  },
): Preview {
  const described = describeValue(value, options.maxChars);
  const about = options.description ? ` — ${options.description}` : "";
  const told = options.toldIn === undefined ? "" : `, told in ${options.toldIn}`;
  const head = `\`${name}\`: ${described.headline}${told}${about}`;
  const glimpses = told === ""
    ? described.glimpses.map(([label, text]) => markAsData(`of="${name}" ${label}`, text))
    : [];
  return {
    summary: { name, type: described.type, length: described.length, unit: described.unit },
    text: [head, ...glimpses].join("\n"),
  };
}

interface Description {
  readonly type: string;
  readonly length: number | null;
  readonly unit: InputSummary["unit"];
  readonly headline: string;
  /** Label and text of each part shown. */
  readonly glimpses: readonly (readonly [string, string])[];
}

function describeValue(value: unknown, maxChars: number): Description {
  if (typeof value === "string") return describeText(value, maxChars);
  if (value instanceof Uint8Array) return describeBytes(value);
  if (Array.isArray(value)) return describeItems("list", value, value.length, maxChars);
  if (value instanceof Set) return describeItems("set", value, value.size, maxChars);
  const entries = entriesOf(value);
  if (entries !== null) return describeEntries(entries, maxChars);
  const type = pythonTypeOf(value);
  const shown = value === null ? "None" : cutMiddle(shortText(value), maxChars);
  return { type, length: null, unit: null, headline: type, glimpses: [["value", shown]] };
}

function describeText(text: string, maxChars: number): Description {
  const length = countCharacters(text);
  const base = { type: "str", length, unit: "characters" } as const;
  if (text === "") return { ...base, headline: "str, empty (0 characters)", glimpses: [] };
  const lines = countLines(text);
  const size = `${count(length)} characters, ${count(lines)} ${lines === 1 ? "line" : "lines"}, ` +
    `about ${count(estimateTokens(text))} tokens`;
  if (text.length <= SAMPLED_WHITESPACE && text.trim() === "") {
    return { ...base, headline: `str, only white space (${size})`, glimpses: [] };
  }
  const half = Math.floor(maxChars / 2);
  const glimpses = text.length <= maxChars ? [["whole", text] as const] : [
    [`first="${half}"`, headOf(text, half)] as const,
    [`last="${half}"`, tailOf(text, half)] as const,
  ];
  return { ...base, headline: `str, ${size}`, glimpses };
}

/** Longer texts are not searched for something other than white space. */
const SAMPLED_WHITESPACE = 1_000_000;

function describeBytes(bytes: Uint8Array): Description {
  const hex = [...bytes.subarray(0, 32)].map((byte) => byte.toString(16).padStart(2, "0")).join(
    " ",
  );
  const headline = `bytes, ${count(bytes.length)} bytes`;
  const glimpses = bytes.length === 0
    ? []
    : [[`first="${Math.min(32, bytes.length)}" in="hex"`, hex] as const];
  return { type: "bytes", length: bytes.length, unit: "bytes", headline, glimpses };
}

function describeItems(
  type: string,
  items: Iterable<unknown>,
  size: number,
  maxChars: number,
): Description {
  const base = { type, length: size, unit: "items" } as const;
  if (size === 0) return { ...base, headline: `${type}, empty (0 items)`, glimpses: [] };
  const sample = take(items, SAMPLED_ITEMS);
  const more = size > sample.length ? ` (of the first ${count(sample.length)})` : "";
  const headline = `${type} of ${count(size)} ${size === 1 ? "item" : "items"}, ` +
    `types ${typeCounts(sample)}${more}, ${textMeasure(items)}`;
  const ends = Array.isArray(items) && size > 2 * SHOWN_ITEMS
    ? [...items.slice(0, SHOWN_ITEMS).entries(), ...lastItems(items)]
    : [...sample.slice(0, 2 * SHOWN_ITEMS).entries()];
  const each = Math.floor(maxChars / Math.max(1, ends.length));
  const shown = ends.map(([at, item]) => `[${at}] ${glimpse(item, each)}`).join("\n");
  return { ...base, headline, glimpses: [["items", shown]] };
}

function lastItems(items: readonly unknown[]): [number, unknown][] {
  return items.slice(-SHOWN_ITEMS).map((item, at) => [items.length - SHOWN_ITEMS + at, item]);
}

function describeEntries(
  entries: readonly (readonly [unknown, unknown])[],
  maxChars: number,
): Description {
  const size = entries.length;
  const base = { type: "dict", length: size, unit: "items" } as const;
  if (size === 0) return { ...base, headline: "dict, empty (0 keys)", glimpses: [] };
  const values = entries.slice(0, SAMPLED_ITEMS).map(([, value]) => value);
  const headline =
    `dict of ${count(size)} ${size === 1 ? "key" : "keys"}, values ${typeCounts(values)}, ` +
    textMeasure(entries.map(([, value]) => value));
  const shown = entries.slice(0, SHOWN_KEYS);
  const each = Math.floor(maxChars / shown.length);
  const lines = shown.map(([key, value]) =>
    `${cutMiddle(shortText(key), 80)}: ${glimpse(value, each)}`
  );
  if (size > shown.length) lines.push(`… ${count(size - shown.length)} more keys`);
  return { ...base, headline, glimpses: [["keys", lines.join("\n")]] };
}

/** A value in one short line: its type, its size, and its head. */
function glimpse(value: unknown, maxChars: number): string {
  const type = pythonTypeOf(value);
  if (typeof value === "string") {
    const size = `str, ${count(countCharacters(value))} characters`;
    return `${size}: ${JSON.stringify(headOf(value, Math.min(maxChars, 120)))}${
      value.length > 120 ? "…" : ""
    }`;
  }
  if (Array.isArray(value)) {
    return `list of ${count(value.length)}: ${typeCounts(value.slice(0, SAMPLED_ITEMS))}`;
  }
  if (value instanceof Set) return `set of ${count(value.size)}`;
  if (value instanceof Uint8Array) return `bytes, ${count(value.length)} bytes`;
  const entries = entriesOf(value);
  if (entries === null) return `${type}: ${headOf(shortText(value), Math.min(maxChars, 120))}`;
  const keys = entries.slice(0, SHOWN_KEYS).map(([key]) => shortText(key)).join(", ");
  return `dict of ${count(entries.length)} keys: ${headOf(keys, Math.min(maxChars, 200))}`;
}

/** Python's name for the type that a value has in the guest. */
function pythonTypeOf(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "string") return "str";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint") return "int";
  if (typeof value === "number") {
    return Number.isInteger(value) && !Object.is(value, -0) ? "int" : "float";
  }
  if (Array.isArray(value)) return "list";
  if (value instanceof Set) return "set";
  if (value instanceof Uint8Array) return "bytes";
  if (value instanceof Date) return "datetime";
  return "dict";
}

function entriesOf(value: unknown): readonly (readonly [unknown, unknown])[] | null {
  if (value instanceof Map) return [...value.entries()];
  if (typeof value !== "object" || value === null || value instanceof Date) return null;
  return Object.entries(value);
}

function shortText(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? "invalid date" : value.toISOString();
  }
  return String(value);
}

/** `str 998, None 2`, most frequent first. */
function typeCounts(values: readonly unknown[]): string {
  const counts = new Map<string, number>();
  for (const value of values) {
    const type = pythonTypeOf(value);
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a).map(([type, size]) => `${type} ${count(size)}`)
    .join(", ");
}

/** Says how many characters of text are inside, as far as a bounded walk sees. */
function textMeasure(values: Iterable<unknown>): string {
  let characters = 0;
  let seen = 0;
  const open: Iterator<unknown>[] = [values[Symbol.iterator]()];
  for (
    let inner = open.at(-1);
    inner !== undefined && seen < MEASURED_VALUES;
    inner = open.at(-1)
  ) {
    const next = inner.next();
    if (next.done) {
      open.pop();
      continue;
    }
    seen++;
    const value: unknown = next.value;
    if (typeof value === "string") characters += value.length;
    else if (open.length < 20) {
      const children = childrenOf(value);
      if (children !== null) open.push(children);
    }
  }
  const least = seen >= MEASURED_VALUES ? "at least " : "";
  return `${least}${count(characters)} characters of text in it`;
}

function childrenOf(value: unknown): Iterator<unknown> | null {
  if (Array.isArray(value) || value instanceof Set) return value.values();
  if (value instanceof Map) return value.values();
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return null;
  return Object.values(value).values();
}

function take(items: Iterable<unknown>, most: number): unknown[] {
  if (Array.isArray(items)) return items.slice(0, most);
  const taken: unknown[] = [];
  for (const item of items) {
    if (taken.length >= most) break;
    taken.push(item);
  }
  return taken;
}

/** Characters as Python counts them: a surrogate pair is one. */
export function countCharacters(text: string): number {
  if (!/[\ud800-\udbff]/.test(text)) return text.length;
  let pairs = 0;
  for (let at = 0; at < text.length; at++) {
    if (
      (text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00
    ) pairs++;
  }
  return text.length - pairs;
}

function countLines(text: string): number {
  let lines = 1;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++;
  return text.endsWith("\n") ? lines - 1 : lines;
}
