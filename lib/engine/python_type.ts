/**
 * Python's type words, and the JSON Schema that each stands for.
 *
 * | word | JSON Schema | TypeScript |
 * |---|---|---|
 * | `str` | string | `string` |
 * | `int` | integer | `number` (`bigint` beyond 2^53 − 1, so that no digit is lost) |
 * | `float` | number | `number` |
 * | `bool` | boolean | `boolean` |
 * | `None` | null | `null` |
 * | `Any` | anything | `unknown` |
 * | `dict`, `object` | object | `Record<string, unknown>` |
 * | `dict[str, T]`, `dict[int, T]` | object of T | `Record<string, T>` |
 * | `list`, `list[T]` | array | `T[]` |
 * | `set[T]` | array without repeats | `T[]` |
 * | `tuple[A, B]`, `tuple[T, ...]` | array of that shape | `[A, B]`, `T[]` |
 * | `Literal["a", 1, True, None]` | enum | the union |
 * | `Optional[T]`, `T \| None`, `Union[A, B]`, `A \| B` | anyOf | the union |
 * | `datetime`, `date`, `time` | string in ISO 8601 | `string` |
 * | `bytes` | base64 string | `Uint8Array` |
 */
import type { JsonSchema } from "../../sandbox/protocol.ts";
import { INTEGER_KEYS } from "./type_text.ts";
import { isRecord } from "./schema.ts";
import { Scanner } from "./signature_scanner.ts";

/** Bytes as JSON Schema has them: base64 of data without a text form. */
const BYTES_SCHEMA: JsonSchema = {
  type: "string",
  contentEncoding: "base64",
  contentMediaType: "application/octet-stream",
};

/** Words that stand for a whole type. */
const PLAIN: ReadonlyMap<string, JsonSchema> = new Map([
  ["str", { type: "string" }],
  ["int", { type: "integer" }],
  ["float", { type: "number" }],
  ["bool", { type: "boolean" }],
  ["None", { type: "null" }],
  ["Any", {}],
  ["any", {}],
  ["dict", { type: "object" }],
  ["object", { type: "object" }],
  ["list", { type: "array" }],
  ["tuple", { type: "array" }],
  ["set", { type: "array", uniqueItems: true }],
  ["datetime", { type: "string", format: "date-time" }],
  ["date", { type: "string", format: "date" }],
  ["time", { type: "string", format: "time" }],
  ["bytes", BYTES_SCHEMA],
]);

/** Old spellings from Python's `typing`. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ["List", "list"],
  ["Dict", "dict"],
  ["Set", "set"],
  ["Tuple", "tuple"],
]);

/** What people who think in another language write, and what it is here. */
const SUGGESTIONS: ReadonlyMap<string, string> = new Map([
  ["string", "str"],
  ["text", "str"],
  ["integer", "int"],
  ["number", "float"],
  ["double", "float"],
  ["boolean", "bool"],
  ["array", "list"],
  ["map", "dict"],
  ["record", "dict"],
  ["json", "dict"],
  ["null", "None"],
  ["none", "None"],
  ["unknown", "Any"],
  ["enum", "Literal"],
]);

/** Reads a whole text as one Python type. */
export function parsePythonType(text: string): JsonSchema {
  const scanner = new Scanner(text);
  const schema = readType(scanner);
  if (!scanner.done) scanner.fail(`expected the end of the type, found ${scanner.next()}`);
  return schema;
}

/** Reads a type at the cursor, up to the first character that is not part of it. */
export function readType(scanner: Scanner): JsonSchema {
  const options = [readSingleType(scanner)];
  while (scanner.take("|")) options.push(readSingleType(scanner));
  return unionOf(options);
}

/** Reads a type without `|`. */
function readSingleType(scanner: Scanner): JsonSchema {
  const start = scanner.position;
  const word = scanner.match(/[A-Za-z_][A-Za-z0-9_.]*/y);
  if (word === null) scanner.fail(`expected a type, found ${scanner.next()}`);
  const name = ALIASES.get(word) ?? word;
  if (name === "Literal" || name === "Optional" || name === "Union") {
    scanner.expect("[", `after ${name}`);
    const schema = readGeneric(scanner, name);
    scanner.expect("]", `to close ${name}[`);
    return schema;
  }
  const plain = PLAIN.get(name);
  if (plain === undefined) scanner.fail(unknownType(word), start);
  if (!scanner.sees("[")) return plain;
  if (!["list", "set", "tuple", "dict"].includes(name)) scanner.fail(`${name} takes no [...]`);
  scanner.expect("[", `after ${name}`);
  const schema = readGeneric(scanner, name);
  scanner.expect("]", `to close ${name}[`);
  return schema;
}

/** Reads what is between the brackets of a generic type. */
function readGeneric(scanner: Scanner, name: string): JsonSchema {
  switch (name) {
    case "Literal":
      return { enum: readSeveral(scanner, readLiteralValue) };
    case "Optional":
      return unionOf([readType(scanner), { type: "null" }]);
    case "Union":
      return unionOf(readSeveral(scanner, readType));
    case "list":
      return { type: "array", items: readType(scanner) };
    case "set":
      return { type: "array", items: readType(scanner), uniqueItems: true };
    case "tuple":
      return readTuple(scanner);
    default:
      return readDict(scanner);
  }
}

/** Reads `A, B` as a fixed shape and `T, ...` as a list. */
function readTuple(scanner: Scanner): JsonSchema {
  const items = [readType(scanner)];
  while (scanner.take(",")) {
    if (scanner.take("...")) return { type: "array", items: items[0] };
    items.push(readType(scanner));
  }
  return {
    type: "array",
    prefixItems: items,
    items: false,
    minItems: items.length,
    maxItems: items.length,
  };
}

/** Reads `str, T` or `int, T`: JSON has text keys only, so that integers are the only other choice. */
function readDict(scanner: Scanner): JsonSchema {
  const start = scanner.position;
  const key = scanner.match(/[A-Za-z_]+/y);
  if (key !== "str" && key !== "int") {
    scanner.fail("expected str or int as the keys of a dict", start);
  }
  scanner.expect(",", "after the key type of dict");
  const additionalProperties = readType(scanner);
  if (key === "str") return { type: "object", additionalProperties };
  return { type: "object", additionalProperties, propertyNames: { pattern: INTEGER_KEYS } };
}

/** Reads one or more things separated by commas. */
function readSeveral<T>(scanner: Scanner, read: (scanner: Scanner) => T): T[] {
  const found = [read(scanner)];
  while (scanner.take(",") && !scanner.sees("]")) found.push(read(scanner));
  return found;
}

/** A constant: text, number, `True`, `False` or `None`. */
export type LiteralValue = string | number | boolean | null;

/** Reads a constant at the cursor; JSON's `true`, `false` and `null` are understood too. */
export function readLiteralValue(scanner: Scanner): LiteralValue {
  const text = scanner.quoted();
  if (text !== null) return text;
  const start = scanner.position;
  const number = scanner.match(/[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?/y);
  if (number !== null) {
    const value = Number(number);
    if (/^[-+]?[0-9]+$/.test(number) && !Number.isSafeInteger(value)) {
      scanner.fail("an integer in a signature must be within ±(2^53 − 1)", start);
    }
    return value;
  }
  const word = scanner.match(/True|true|False|false|None|null/y);
  if (word !== null) return CONSTANTS[word] ?? null;
  scanner.fail(`expected a text in quotes, a number, True, False or None, found ${scanner.next()}`);
}

/** Values of the words that are constants. */
const CONSTANTS: Readonly<Record<string, boolean>> = {
  True: true,
  true: true,
  False: false,
  false: false,
};

/** One schema for several alternatives; unions inside unions are made flat. */
function unionOf(options: readonly JsonSchema[]): JsonSchema {
  const flat = options.flatMap((option) =>
    Array.isArray(option.anyOf) ? option.anyOf.filter(isRecord) : [option]
  );
  const [first] = flat;
  return flat.length === 1 && first !== undefined ? first : { anyOf: flat };
}

/** Says which word was probably meant. */
function unknownType(word: string): string {
  const lower = word.toLowerCase();
  const plainWord = lower.replace(/^typing\./, "");
  const meant = SUGGESTIONS.get(plainWord) ??
    [...PLAIN.keys(), "Literal", "Optional", "Union"].find((name) =>
      name.toLowerCase() === plainWord
    );
  if (meant !== undefined) return `unknown type '${word}'; use ${meant}`;
  return `unknown type '${word}'; use str, int, float, bool, list[...], dict[str, ...], Optional[...], ` +
    "Literal[...], tuple[...], set[...], datetime, date, time, bytes or Any";
}
