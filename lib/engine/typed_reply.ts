/** Replies that must have a type: how they are asked for, read and checked. */
import { SignatureError, type SubmissionIssue } from "../errors.ts";
import type { JsonSchema } from "../host/sandbox.ts";
import { type Field, normalizeFields } from "./fields.ts";
import { gotText } from "./got_text.ts";
import { pythonError } from "./guest_function.ts";
import { parseJsonReply } from "./json_text.ts";
import { jsonRequest } from "./prompt.ts";
import { isRecord } from "./schema.ts";
import { checkFields, describeIssue } from "./submission.ts";

/** The type of a reply. */
export interface ReplyType {
  readonly schema: JsonSchema;
  readonly field: Field;
  /** The end of the prompt that asks for it. */
  readonly request: string;
}

/** A reply that was read, or what to tell the model. */
export type TypedReply =
  | { readonly ok: true; readonly value: unknown }
  | {
    readonly ok: false;
    readonly problem: string;
    readonly issues: readonly SubmissionIssue[];
  };

/** Reads the `schema` argument of a sub-call: a JSON Schema, a Python type as text, or null for none. */
export function replyTypeOf(schema: unknown): ReplyType | null {
  if (schema === null) return null;
  if (typeof schema !== "string" && !isRecord(schema)) {
    throw pythonError(
      "TypeError",
      "ask a model: schema must be a dict with a JSON Schema, or a type such as 'list[str]'",
    );
  }
  const field = readField(schema);
  return { schema: field.schema, field, request: jsonRequest(field.schema) };
}

function readField(schema: string | JsonSchema): Field {
  try {
    const [field] = normalizeFields({ reply: schema }, "output").fields;
    if (field !== undefined) return field;
  } catch (error) {
    if (!(error instanceof SignatureError || error instanceof TypeError)) throw error;
    throw pythonError("ValueError", `ask a model: the schema cannot be used: ${error.message}`);
  }
  throw pythonError("ValueError", "ask a model: the schema is empty");
}

/** Reads and checks a reply. */
export async function readTypedReply(type: ReplyType, text: string): Promise<TypedReply> {
  const parsed = parseJsonReply(text);
  if (!parsed.ok) {
    const issue = { path: "reply", wanted: type.field.type, got: gotText(text) };
    return { ok: false, problem: parsed.reason, issues: [issue] };
  }
  const checked = await checkFields([type.field], { reply: parsed.value }, {
    json: true,
    check: null,
  });
  if (checked.ok) return { ok: true, value: checked.outputs.reply };
  const lines = checked.issues.map((issue) => `- ${describeIssue(issue)}`);
  return {
    ok: false,
    problem: `The reply does not fit the schema:\n${lines.join("\n")}`,
    issues: checked.issues,
  };
}
