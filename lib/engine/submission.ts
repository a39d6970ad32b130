/** Checks what `SUBMIT` was given against the outputs of the signature, and words the refusal for the model. */
import type { SubmissionIssue } from "../errors.ts";
import { coerce } from "./coercion.ts";
import type { Checked, FieldCheck } from "./field_checks.ts";
import type { Field } from "./fields.ts";
import { gotText } from "./got_text.ts";
import { Issues, listIssues } from "./issues.ts";
import { isRecord } from "./schema.ts";
import type { Signature } from "./signature.ts";
import { signatureText } from "./signature_text.ts";

/** What came of a submission: outputs that fit the signature, or what is wrong; where that is much, the last issue says how much more. */
export type CheckedSubmission =
  | { readonly ok: true; readonly outputs: Record<string, unknown> }
  | { readonly ok: false; readonly issues: readonly SubmissionIssue[] };

/** A caller's own check: null or undefined when the outputs are good, otherwise what is wrong, for the model. */
export type OutputCheck = (
  outputs: Record<string, unknown>,
) => string | null | undefined | Promise<string | null | undefined>;

/** Options of {@linkcode checkSubmission}. */
export interface SubmissionOptions {
  /** The fields were read from a JSON reply, not sent by the guest: bytes are base64 text there. @default {false} */
  readonly json?: boolean;
  /** Asked last, about outputs that fit. What it throws is thrown. */
  readonly check?: OutputCheck;
}

/** Makes submitted fields fit the outputs by the table in coercion.ts, or says for each why it does not. */
export async function checkSubmission(
  signature: Signature,
  submitted: Readonly<Record<string, unknown>>,
  options: SubmissionOptions = {},
): Promise<CheckedSubmission> {
  const checked = await checkFields(signature.outputs, submitted, {
    json: options.json ?? false,
    check: signature.outputCheck,
  });
  if (!checked.ok || options.check === undefined) return checked;
  const objection = await options.check(checked.outputs);
  if (objection === null || objection === undefined) return checked;
  return { ok: false, issues: [{ path: "", wanted: objection, got: "" }] };
}

/** The issues as the model reads them, with what `SUBMIT` takes. */
export function describeIssues(issues: readonly SubmissionIssue[], signature: Signature): string {
  return [
    "SUBMIT was refused; nothing was submitted:",
    ...issues.map((issue) => `- ${describeIssue(issue)}`),
    `Correct the values and submit again: ${signatureText(signature)}`,
  ].join("\n");
}

/** One issue on one line. */
export function describeIssue({ path, wanted, got }: SubmissionIssue): string {
  if (path === "") return got === "" ? wanted : `wanted ${wanted}, got ${got}`;
  return `${path}: wanted ${wanted}, got ${got}`;
}

/** Checks any set of named values against fields: outputs, and a tool's parameters. */
export async function checkFields(
  fields: readonly Field[],
  given: Readonly<Record<string, unknown>>,
  options: { readonly json?: boolean; readonly check?: FieldCheck | null } = {},
): Promise<CheckedSubmission> {
  const found = unknownNames(fields, given);
  const fitted = new Map<string, unknown>();
  for (const field of fields) {
    const value = Object.hasOwn(given, field.name) ? given[field.name] : undefined;
    const outcome = await checkField(field, value, options.json ?? false);
    if (outcome.issues.length > 0) found.addAll(outcome);
    else if (outcome.value !== undefined) fitted.set(field.name, outcome.value);
  }
  const outputs = Object.fromEntries(fitted);
  if (found.count > 0) return { ok: false, issues: listIssues(found.found()) };
  const whole = await options.check?.(outputs, "");
  if (whole === undefined) return { ok: true, outputs };
  if (whole.issues.length > 0) return { ok: false, issues: listIssues(whole) };
  return { ok: true, outputs: isRecord(whole.value) ? whole.value : outputs };
}

/** Checks one field: there at all, of the type, within the limits, and to its Standard Schema's liking. */
async function checkField(field: Field, value: unknown, json: boolean): Promise<Checked> {
  const missing = value === undefined ||
    (value === null && !field.required && !coerce(null, field.schema, "").ok);
  if (missing) {
    if (!field.required) return { value: structuredClone(field.default), issues: [] };
    return refused({ path: field.name, wanted: field.type, got: "nothing" });
  }
  const fitted = coerce(value, field.schema, field.name, { json });
  if (!fitted.ok) return { value, ...fitted };
  if (field.check === null) return { value: fitted.value, issues: [] };
  return await field.check(fitted.value, field.name);
}

/** Names that no field has. */
function unknownNames(
  fields: readonly Field[],
  given: Readonly<Record<string, unknown>>,
): Issues {
  const known = fields.map((field) => field.name);
  const found = new Issues();
  for (const name of Object.keys(given).filter((name) => !known.includes(name))) {
    found.add(() => ({
      path: name,
      wanted: known.length === 0 ? "no fields" : `only the fields ${known.join(", ")}`,
      got: gotText(given[name]),
    }));
  }
  return found;
}

/** One issue as an outcome of a check. */
function refused(issue: SubmissionIssue): Checked {
  return { value: undefined, issues: [issue] };
}
