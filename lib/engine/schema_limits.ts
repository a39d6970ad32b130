/** The part of JSON Schema that coercion leaves open (minimum, pattern, if, contains …), checked by a library. */
import { type OutputUnit, Validator } from "@cfworker/json-schema";
import type { JsonSchema } from "../../sandbox/protocol.ts";
import type { SubmissionIssue } from "../errors.ts";
import { gotText } from "./got_text.ts";
import { childPath } from "./paths.ts";
import { atPointer, isRecord, mapSchema, resolveRef, visitSchema } from "./schema.ts";
import { limitOf, typeText } from "./type_text.ts";

/** Keywords that coercion has settled; a schema of these alone needs no second look. */
const SETTLED: ReadonlySet<string> = new Set(
  ("type properties required additionalProperties items prefixItems anyOf enum const allOf $ref $defs " +
    "definitions description title default examples $schema $id $comment contentEncoding contentMediaType")
    .split(" "),
);

/** Formats that coercion has settled, more tolerantly than the library would. */
const SETTLED_FORMATS: ReadonlySet<unknown> = new Set(["date-time", "date", "time"]);

/** Keywords whose errors only repeat that something inside them is wrong. */
const WRAPPING: ReadonlySet<string> = new Set(
  ("properties patternProperties additionalProperties unevaluatedProperties items prefixItems unevaluatedItems " +
    "additionalItems allOf $ref $recursiveRef if then else dependentSchemas propertyNames false")
    .split(" "),
);

const validators = new WeakMap<JsonSchema, Validator | null>();

/** What in a coerced value breaks a limit of its schema; `path` names the value. */
export function limitIssues(value: unknown, schema: JsonSchema, path: string): SubmissionIssue[] {
  const validator = validatorOf(schema);
  if (validator === null) return [];
  const { valid, errors } = validator.validate(jsonOf(value));
  if (valid) return [];
  const issues = relevant(errors).map((error) => issueOf(error, value, schema, path));
  const seen = new Set<string>();
  return issues.filter((issue) => {
    const key = JSON.stringify(issue);
    return seen.has(key) ? false : seen.add(key);
  });
}

/** The validator of a schema, made once; null when there is nothing for it to do. */
function validatorOf(schema: JsonSchema): Validator | null {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  const validator = hasLimits(schema)
    ? new Validator(withoutSettled(schema), draftOf(schema), false)
    : null;
  validators.set(schema, validator);
  return validator;
}

/** Whether a schema, or one inside it, has a keyword that coercion leaves open. */
export function hasLimits(schema: JsonSchema): boolean {
  let found = false;
  visitSchema(schema, (part) => {
    found ||= Object.keys(part).some((key) =>
      !SETTLED.has(key) && !isSettledFormat(key, part[key])
    );
  });
  return found;
}

/** Whether a keyword is a format that coercion has settled. */
function isSettledFormat(keyword: string, value: unknown): boolean {
  return keyword === "format" && SETTLED_FORMATS.has(value);
}

/** A copy for the library to keep its notes in, without the formats that coercion has settled. */
function withoutSettled(schema: JsonSchema): Record<string, unknown> {
  const copy = mapSchema(schema, (key, value) => isSettledFormat(key, value) ? undefined : value);
  return isRecord(copy) ? copy : {};
}

/** The draft that a schema says it is written in. */
function draftOf(schema: JsonSchema): "7" | "2019-09" | "2020-12" {
  const named = String(schema.$schema ?? "");
  if (/draft-0[4-7]/.test(named)) return "7";
  return named.includes("2019-09") ? "2019-09" : "2020-12";
}

/** The errors that say something: of wrappers and of unions only what is inside the alternative that was meant. */
function relevant(errors: readonly OutputUnit[]): OutputUnit[] {
  let left = errors.filter((error) => !WRAPPING.has(error.keyword));
  for (const union of errors.filter(({ keyword }) => keyword === "anyOf" || keyword === "oneOf")) {
    const inside = left.filter((error) => isInside(error, union));
    const branches = Map.groupBy(inside, (error) => branchOf(error, union));
    const meant = [...branches.values()].filter((branch) => !branch.some(isOfOtherKind));
    const [only] = meant;
    const kept = meant.length === 1 && only !== undefined ? only : [union];
    left = left.filter((error) => error !== union && !inside.includes(error)).concat(kept);
  }
  const whole = left.filter(({ keyword }) => keyword === "contains" || keyword === "not");
  left = left.filter((error) => !whole.some((outer) => isInside(error, outer)));
  return left.length > 0 ? left : errors.slice(0, 1);
}

/** Whether an error is about the same part of the value as another, by a deeper part of the schema. */
function isInside(error: OutputUnit, outer: OutputUnit): boolean {
  return error.keywordLocation.startsWith(`${outer.keywordLocation}/`) &&
    `${error.instanceLocation}/`.startsWith(`${outer.instanceLocation}/`);
}

/** Which alternative of a union an error belongs to. */
function branchOf(error: OutputUnit, union: OutputUnit): string {
  return error.keywordLocation.slice(union.keywordLocation.length + 1).split("/")[0] ?? "";
}

/** Whether an error means that the value was never meant for this alternative. */
function isOfOtherKind({ keyword }: OutputUnit): boolean {
  return ["type", "const", "enum", "required"].includes(keyword);
}

/** One error in our words. */
function issueOf(
  error: OutputUnit,
  value: unknown,
  schema: JsonSchema,
  path: string,
): SubmissionIssue {
  const place = error.instanceLocation.split("/").slice(1).map((part) =>
    decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~")
  );
  const badKey = error.keywordLocation.includes("/propertyNames/") ? place.pop() : undefined;
  let at = path;
  let found = value;
  for (const part of place) {
    at = childPath(at, Array.isArray(found) ? Number(part) : part);
    found = Array.isArray(found) || isRecord(found) ? Reflect.get(found, part) : undefined;
  }
  return {
    path: at,
    wanted: wantedBy(error, schema),
    got: badKey === undefined ? gotText(found) : `the key ${JSON.stringify(badKey)}`,
  };
}

/** What the keyword that failed asks for. */
function wantedBy(error: OutputUnit, schema: JsonSchema): string {
  const limit = keywordValue(schema, error.keywordLocation);
  if (error.keyword === "anyOf" || error.keyword === "oneOf") {
    return `${error.keyword === "oneOf" ? "exactly one of " : ""}${
      typeText({ anyOf: limit }, schema)
    }`;
  }
  if (error.keyword === "format") return `text in the format ${String(limit)}`;
  const words = limitOf(error.keyword, limit);
  if (words === null) return error.error.replace(/\.$/, "");
  return error.keywordLocation.includes("/propertyNames/") ? `keys: ${words}` : words;
}

/** The value of the keyword at a location, which goes through references. */
function keywordValue(schema: JsonSchema, location: string): unknown {
  let current: unknown = schema;
  for (const part of location.split("/").slice(1)) {
    if (part === "$ref" && isRecord(current)) current = resolveRef(current, schema);
    else current = atPointer(current, `#/${part}`);
  }
  return current;
}

/** A value as JSON has it, for the library alone, which cannot name keys with half a surrogate pair. */
function jsonOf(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return value.toBase64();
  if (value instanceof Date) return isNaN(value.getTime()) ? null : value.toISOString();
  if (Array.isArray(value) || value instanceof Set) return [...value].map(jsonOf);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(
    entries.map(([key, item]) => [String(key).toWellFormed(), jsonOf(item)]),
  );
}
