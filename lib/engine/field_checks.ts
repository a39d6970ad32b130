/** What is asked of a value once it has the right type: the limits of its JSON Schema, or a Standard Schema. */
import type { JsonSchema } from "../../sandbox/protocol.ts";
import type { SubmissionIssue } from "../errors.ts";
import { gotText } from "./got_text.ts";
import { firstIssues, Issues } from "./issues.ts";
import { childPath } from "./paths.ts";
import { hasLimits, limitIssues } from "./schema_limits.ts";
import type { StandardIssue, StandardSchema } from "./standard_schema.ts";

/** The value, perhaps transformed, and what is wrong with it. */
export interface Checked {
  /** The value to go on with. */
  readonly value: unknown;
  /** The first issues; empty when the value passed. */
  readonly issues: readonly SubmissionIssue[];
  /** Number of issues beyond those; absent when there are none. */
  readonly more?: number;
}

/** Looks at a value of the right type; `path` names it in issues. */
export type FieldCheck = (value: unknown, path: string) => Checked | Promise<Checked>;

/** Checks the limits of a JSON Schema; null when it sets none. */
export function limitCheck(schema: JsonSchema): FieldCheck | null {
  if (!hasLimits(schema)) return null;
  return (value, path) => ({ value, ...firstIssues(limitIssues(value, schema, path)) });
}

/** Lets a Standard Schema check and transform the value. */
export function standardCheck(schema: StandardSchema): FieldCheck {
  return async (value, path) => {
    const result = await schema["~standard"].validate(value);
    if (result.issues === undefined) return { value: result.value, issues: [] };
    const found = new Issues();
    for (const issue of result.issues) found.add(() => ownIssue(issue, value, path));
    return { value, ...found.found() };
  };
}

/** A Standard Schema's issue in our form. */
function ownIssue(issue: StandardIssue, value: unknown, path: string): SubmissionIssue {
  let at = path;
  let found = value;
  for (const part of issue.path ?? []) {
    const key = typeof part === "object" ? part.key : part;
    at = childPath(at, typeof key === "number" ? key : String(key));
    found = typeof found === "object" && found !== null ? Reflect.get(found, key) : undefined;
  }
  return { path: at, wanted: issue.message, got: gotText(found) };
}
