/** Checks the inputs of a run before anything is started or paid. */
import type { SubmissionIssue } from "../errors.ts";
import { coerce } from "./coercion.ts";
import type { Field } from "./fields.ts";
import { gotText } from "./got_text.ts";
import { listIssues } from "./issues.ts";
import type { Signature } from "./signature.ts";
import { describeIssue } from "./submission.ts";

/**
 * The values to bind for a run: what was given, and defaults for what was not. Values are checked, not converted; a
 * Standard Schema may transform its own. Throws `TypeError` that names every input which is missing, unknown or wrong.
 */
export async function checkInputs(
  signature: Signature,
  given: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const problems = nameProblems(signature, given);
  const values = new Map<string, unknown>();
  for (const field of signature.inputs) {
    const value = Object.hasOwn(given, field.name) ? given[field.name] : undefined;
    if (value !== undefined) {
      const checked = await checkInput(field, value);
      problems.push(...checked.problems);
      values.set(field.name, checked.value);
    } else if (!field.required && field.default !== undefined) {
      values.set(field.name, structuredClone(field.default));
    }
  }
  if (problems.length === 0 && signature.inputCheck !== null) {
    const whole = await signature.inputCheck(Object.fromEntries(values), "");
    problems.push(...listIssues(whole).map(describeIssue));
    if (whole.issues.length === 0) return { ...Object.fromEntries(values), ...Object(whole.value) };
  }
  if (problems.length > 0) throw new TypeError(`read inputs: ${problems.join("; ")}`);
  return Object.fromEntries(values);
}

/** Inputs that are missing or that the signature does not have. */
function nameProblems(
  signature: Signature,
  given: Readonly<Record<string, unknown>>,
): string[] {
  const known = signature.inputs.map((field) => field.name);
  const missing = signature.inputs.filter((field) =>
    field.required && given[field.name] === undefined
  );
  const unknown = Object.keys(given).filter((name) => !known.includes(name));
  const takes = known.length === 0 ? "takes none" : `takes ${known.join(", ")}`;
  return [
    ...missing.map((field) => `'${field.name}' is missing; give a value of type ${field.type}`),
    ...unknown.map((name) => `'${name}' is unknown; the signature ${takes}`),
  ];
}

/** One input as it is, or as its Standard Schema makes it. */
async function checkInput(
  field: Field,
  value: unknown,
): Promise<{ value: unknown; problems: string[] }> {
  const problems = field.standard ? [] : typeIssues(field, value).map(describeIssue);
  if (problems.length > 0 || field.check === null) return { value, problems };
  const checked = await field.check(value, field.name);
  return { value: checked.value, problems: listIssues(checked).map(describeIssue) };
}

/** What keeps a value from being of the field's type as it stands. */
function typeIssues(field: Field, value: unknown): readonly SubmissionIssue[] {
  const fitted = coerce(value, field.schema, field.name);
  if (!fitted.ok) return listIssues(fitted);
  return fitted.converted ? [{ path: field.name, wanted: field.type, got: gotText(value) }] : [];
}
