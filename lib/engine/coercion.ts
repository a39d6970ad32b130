/**
 * Makes a submitted value fit its schema where that loses and invents nothing, and says why not where it would.
 *
 * | wanted | taken as it is | converted | refused |
 * |---|---|---|---|
 * | `str` | text | `int`, finite `float` → digits; `datetime` → ISO 8601 | `bool`, `None`, `bytes`, containers |
 * | `int` | integers of any size (`bigint` beyond 2^53 − 1) | `3.0` → 3; `"42"` → 42 | `3.5`, `"3.0"`, `"1,000"`, `True`, floats beyond 2^53 |
 * | `float` | finite numbers | `"1.5e3"` → 1500; integers that a float holds exactly | `nan`, `inf`, other integers, `"1,5"`, `True` |
 * | `bool` | `True`, `False` | `1`, `0`; `"true"`, `"false"`, `"yes"`, `"no"` in any case | other numbers and texts |
 * | `None` | `None` | | everything else |
 * | `Literal[…]` | a member | text that is a member but for case and outer space; `"1"` for `1`; `1.0` for `1` | everything else |
 * | `datetime` | ISO 8601 text with date and time; no offset is added where there is none | `datetime` objects; a space for the `T` | a date alone, `"05/01/2024"` |
 * | `date` | `YYYY-MM-DD` | a `datetime` at midnight | a `datetime` at another time |
 * | `time` | `HH:MM[:SS]` | | everything else |
 * | `bytes` | `bytes` | base64 text, from JSON only | text |
 * | `list[T]`, `tuple[…]` | lists and tuples | `set`; text that is a JSON array | one item alone |
 * | `set[T]` | sets; lists without repeats | text that is a JSON array | lists with repeats |
 * | `dict`, objects | dicts with text keys | integer keys → digits; text that is a JSON object | other keys; keys that become the same |
 * | `Optional[T]`, `A \| B` | what a member takes as it is | what the first member converts | everything else |
 * | `Any` | everything | | |
 *
 * An error value, which a failed sub-call leaves, is never an answer. A key that may be left out may also be `None`.
 */
import { ErrorValue, type JsonSchema } from "../host/sandbox.ts";
import { coerceContainer } from "./coercion_containers.ts";
import { coerceScalar } from "./coercion_scalars.ts";
import { gotText } from "./got_text.ts";
import { type FoundIssues, Issues } from "./issues.ts";
import { isRecord, resolveRef } from "./schema.ts";
import { typeText } from "./type_text.ts";

/** What came of a value: the value that fits, or why none does. */
export type Coerced =
  | { readonly ok: true; readonly value: unknown; readonly converted: boolean }
  | { readonly ok: false } & FoundIssues;

/** Options of {@linkcode coerce}. */
export interface CoercionOptions {
  /** The value was read from JSON, where bytes are base64 text. @default {false} */
  readonly json?: boolean;
}

/** One try to make a value fit: what went wrong so far, and whether anything had to be converted. */
export interface Attempt {
  /** Where references lead. */
  readonly root: JsonSchema;
  readonly json: boolean;
  readonly issues: Issues;
  converted: boolean;
}

/** Makes `value` fit `schema`; `path` names it in issues. Limits such as `minimum` are not looked at. */
export function coerce(
  value: unknown,
  schema: JsonSchema,
  path: string,
  options: CoercionOptions = {},
): Coerced {
  const attempt = startAttempt(schema, options.json ?? false);
  const fitted = coerceAt(value, schema, path, attempt);
  return attempt.issues.count === 0
    ? { ok: true, value: fitted, converted: attempt.converted }
    : { ok: false, ...attempt.issues.found() };
}

/** Makes the part at `path` fit; what does not is added to the attempt's issues. */
export function coerceAt(value: unknown, schema: unknown, path: string, attempt: Attempt): unknown {
  if (!isRecord(schema)) {
    return schema === false ? refuse(value, schema, path, attempt) : value;
  }
  const resolved = resolveRef(schema, attempt.root);
  if (value instanceof ErrorValue) return refuse(value, resolved, path, attempt);
  let fitted = value;
  if ("const" in resolved) fitted = coerceMember(value, [resolved.const], resolved, path, attempt);
  if (Array.isArray(resolved.enum)) {
    fitted = coerceMember(value, resolved.enum, resolved, path, attempt);
  } else if (Array.isArray(resolved.anyOf ?? resolved.oneOf)) {
    const options: unknown[] = [resolved.anyOf ?? resolved.oneOf].flat();
    fitted = coerceUnion(value, options, resolved, path, attempt);
  } else if (Array.isArray(resolved.type)) {
    const options = resolved.type.map((type: unknown) => ({ ...resolved, type }));
    return coerceUnion(value, options, resolved, path, attempt);
  } else {
    fitted = coerceTyped(fitted, resolved, path, attempt);
  }
  for (const part of Array.isArray(resolved.allOf) ? resolved.allOf : []) {
    fitted = coerceAt(fitted, part, path, attempt);
  }
  return fitted;
}

/** Whether a value would fit, in the same circumstances. */
export function fits(value: unknown, schema: unknown, attempt: Attempt): boolean {
  const own = startAttempt(attempt.root, attempt.json);
  coerceAt(value, schema, "", own);
  return own.issues.count === 0;
}

/** Notes that the value does not fit. */
export function refuse(value: unknown, schema: unknown, path: string, attempt: Attempt): unknown {
  attempt.issues.add(() => ({ path, wanted: typeText(schema, attempt.root), got: gotText(value) }));
  return value;
}

/** By the schema's `type`: containers part by part, the rest by the table above. */
function coerceTyped(value: unknown, schema: JsonSchema, path: string, attempt: Attempt): unknown {
  if (schema.type === undefined && !isRecord(schema.properties)) return value;
  if (schema.type === "array" || schema.type === "object" || schema.type === undefined) {
    return coerceContainer(value, schema, path, attempt);
  }
  const fitted = coerceScalar(value, schema, attempt.json);
  if (fitted === null) return refuse(value, schema, path, attempt);
  attempt.converted ||= fitted.converted;
  return fitted.value;
}

/** Finds the member of an enumeration that the value is, or clearly means. */
function coerceMember(
  value: unknown,
  members: readonly unknown[],
  schema: JsonSchema,
  path: string,
  attempt: Attempt,
): unknown {
  const plain = typeof value === "bigint" && isSafe(value) ? Number(value) : value;
  const same = members.findIndex((member) => isSame(member, plain));
  if (same >= 0) return members[same];
  if (typeof plain !== "string") return refuse(value, schema, path, attempt);
  const text = plain.trim().toLowerCase();
  const meant = members.filter((member) =>
    typeof member === "string"
      ? member.trim().toLowerCase() === text
      : typeof member === "number" && String(member) === text
  );
  if (meant.length !== 1) return refuse(value, schema, path, attempt);
  attempt.converted = true;
  return meant[0];
}

/** Takes the first alternative that fits as it is, else the first that fits when converted. */
function coerceUnion(
  value: unknown,
  options: readonly unknown[],
  schema: JsonSchema,
  path: string,
  attempt: Attempt,
): unknown {
  const tries = options.map((option) => {
    const own = startAttempt(attempt.root, attempt.json);
    return { fitted: coerceAt(value, option, path, own), own };
  });
  const fitting = tries.filter(({ own }) => own.issues.count === 0);
  const best = fitting.find(({ own }) => !own.converted) ?? fitting[0];
  if (best !== undefined) {
    attempt.converted ||= best.own.converted;
    return best.fitted;
  }
  const closest = closestIssues(tries.map(({ own }) => own.issues), path);
  if (closest === null) return refuse(value, schema, path, attempt);
  attempt.issues.addAll(closest.found());
  return value;
}

/** Issues of the one alternative that was probably meant: the value is of its kind and little is wrong inside. */
function closestIssues(
  failures: readonly Issues[],
  path: string,
): Issues | null {
  const inside = failures.filter(({ kept }) => kept.every((issue) => issue.path !== path))
    .sort((a, b) => a.count - b.count);
  const [first, second] = inside;
  if (first === undefined || first.count === second?.count) return null;
  return first;
}

/** A fresh attempt. */
function startAttempt(root: JsonSchema, json: boolean): Attempt {
  return { root, json, issues: new Issues(), converted: false };
}

/** Whether two constants are the same; containers are compared as JSON. */
function isSame(member: unknown, value: unknown): boolean {
  if (member === value) return true;
  if (typeof member !== "object" || typeof value !== "object" || member === null) return false;
  try {
    return JSON.stringify(member) === JSON.stringify(value);
  } catch {
    return false; // a bigint inside: no JSON constant is one
  }
}

/** Whether a JavaScript number holds the integer exactly. */
function isSafe(value: bigint): boolean {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
}
