/** Reads the string form of a signature: `"context, query -> answer: str, pages: list[int] = []"`. */
import type { JsonSchema } from "../../sandbox/protocol.ts";
import { nameProblem } from "./names.ts";
import { type LiteralValue, readLiteralValue, readType } from "./python_type.ts";
import { Scanner } from "./signature_scanner.ts";

/** A field as it was written. */
export interface ParsedField {
  readonly name: string;
  /** Null when no type was written. */
  readonly schema: JsonSchema | null;
  /** Undefined when no default was written. */
  readonly default: unknown;
  /** Makes an error that points at this field's default. */
  readonly failAtDefault: (problem: string) => never;
}

/** Both sides of a signature as they were written. */
export interface ParsedSignature {
  readonly inputs: readonly ParsedField[];
  readonly outputs: readonly ParsedField[];
}

/** Reads `inputs -> outputs`; throws `SignatureError` with the place. */
export function parseSignatureText(text: string): ParsedSignature {
  const scanner = new Scanner(text);
  const inputs = readFields(scanner, "input");
  scanner.expect("->", inputs.length === 0 ? "or an input's name" : "between inputs and outputs");
  const outputs = readFields(scanner, "output");
  if (outputs.length === 0) scanner.fail("expected an output's name after '->', found the end");
  expectEnd(scanner, outputs);
  return { inputs, outputs };
}

/** Reads one side alone, as in `tool({ parameters: "id: str, limit: int = 10" })`. */
export function parseFieldsText(
  text: string,
  kind: "input" | "output" | "parameter",
): ParsedField[] {
  const scanner = new Scanner(text);
  const fields = readFields(scanner, kind);
  expectEnd(scanner, fields);
  return fields;
}

/** Refuses what follows the last field; after a name alone, a type was most likely meant. */
function expectEnd(scanner: Scanner, fields: readonly ParsedField[]): void {
  if (scanner.done) return;
  const last = fields.at(-1);
  const type = last?.schema === null && !scanner.sees("->") ? "':' and a type, " : "";
  scanner.fail(`expected ${type}',' or the end, found ${scanner.next()}`);
}

/** Reads fields up to `->` or the end; a comma may follow the last. */
function readFields(scanner: Scanner, kind: "input" | "output" | "parameter"): ParsedField[] {
  const fields: ParsedField[] = [];
  const seen = new Set<string>();
  while (!scanner.done && !scanner.sees("->")) {
    const start = scanner.position;
    const field = readField(scanner, kind);
    if (seen.has(field.name)) scanner.fail(`the ${kind} '${field.name}' occurs twice`, start);
    seen.add(field.name);
    fields.push(field);
    if (!scanner.take(",")) break;
  }
  return fields;
}

/** Reads `name`, `name: type` or `name: type = default`. */
function readField(scanner: Scanner, kind: "input" | "output" | "parameter"): ParsedField {
  const start = scanner.position;
  const name = readName(scanner, kind);
  const problem = nameProblem(name, kind);
  if (problem !== null) scanner.fail(problem, start);
  const schema = scanner.take(":") ? readType(scanner) : null;
  if (!scanner.take("=")) {
    return { name, schema, default: undefined, failAtDefault: (why) => scanner.fail(why) };
  }
  const at = scanner.position;
  return {
    name,
    schema,
    default: readDefault(scanner),
    failAtDefault: (why) => scanner.fail(why, at),
  };
}

/** Takes a name with whatever odd characters it has, so that the error can suggest a better one. */
function readName(scanner: Scanner, kind: string): string {
  const name = scanner.match(/(?:(?!->)[^\s,:=[\]{}"'|])+/y);
  if (name === null) scanner.fail(`expected the name of an ${kind}, found ${scanner.next()}`);
  return name;
}

/** Reads a default: a constant, or a flat list or dict of constants. */
function readDefault(scanner: Scanner): unknown {
  if (scanner.take("[")) {
    const items: LiteralValue[] = [];
    while (!scanner.sees("]")) {
      items.push(readLiteralValue(scanner));
      if (!scanner.take(",")) break;
    }
    scanner.expect("]", "to close the list");
    return items;
  }
  if (!scanner.take("{")) return readLiteralValue(scanner);
  const entries: [string, LiteralValue][] = [];
  while (!scanner.sees("}")) {
    const key = scanner.quoted();
    if (key === null) scanner.fail(`expected a key in quotes, found ${scanner.next()}`);
    scanner.expect(":", "after the key");
    entries.push([key, readLiteralValue(scanner)]);
    if (!scanner.take(",")) break;
  }
  scanner.expect("}", "to close the dict");
  return Object.fromEntries(entries);
}
