/** Signature: the inputs and outputs of a task, read from any form into one. */
import type { JsonSchema } from "../../sandbox/protocol.ts";
import { SignatureError } from "../errors.ts";
import type { FieldCheck } from "./field_checks.ts";
import {
  type Field,
  type FieldSet,
  fieldSet,
  fieldsOfText,
  type FieldsSpec,
  normalizeFields,
} from "./fields.ts";
import { isRecord } from "./schema.ts";
import { parseSignatureText } from "./signature_parser.ts";

export type { Field, FieldWords } from "./field.ts";
export type { Checked, FieldCheck } from "./field_checks.ts";
export type { FieldOptions, FieldSpec, FieldsSpec } from "./fields.ts";
export type {
  CheckedSignature,
  InferInputs,
  InferOutputs,
  InferParameters,
  SignatureMistake,
} from "./signature_inference.ts";
export type {
  StandardIssue,
  StandardProps,
  StandardResult,
  StandardSchema,
} from "./standard_schema.ts";

/** A task's inputs and outputs as schemas. */
export interface SignatureObject {
  /** What a run is given. */
  readonly inputs: FieldsSpec;
  /** What a run must find; `SUBMIT` takes them in this order. */
  readonly outputs: FieldsSpec;
  /** What the task is, for the model. */
  readonly instructions?: string;
}

/** A signature in any of its forms: `"context, query -> answer: str"`, schemas, or one that was read before. */
export type SignatureSpec = string | SignatureObject | Signature;

/** A signature that has been read. */
export interface Signature {
  /** Tells this form from the one that users write. */
  readonly kind: "signature";
  /** What a run is given, in order. */
  readonly inputs: readonly Field[];
  /** What a run must find, in the order that `SUBMIT` takes. */
  readonly outputs: readonly Field[];
  /** What the task is, for the model; empty when nothing was said. */
  readonly instructions: string;
  /** JSON Schema of all inputs together, as an object. */
  readonly inputSchema: JsonSchema;
  /** JSON Schema of all outputs together, as an object. */
  readonly outputSchema: JsonSchema;
  /** Looks at all inputs together; null when nothing is left to ask. */
  readonly inputCheck: FieldCheck | null;
  /** Looks at all outputs together; null when nothing is left to ask. */
  readonly outputCheck: FieldCheck | null;
}

/** Reads the string form; throws {@linkcode SignatureError} that points at the place. */
export function parseSignature(text: string): Signature {
  const parsed = parseSignatureText(text);
  return signatureOf(
    fieldSet(fieldsOfText(parsed.inputs, "input")),
    fieldSet(fieldsOfText(parsed.outputs, "output")),
    "",
  );
}

/** Reads any form; throws {@linkcode SignatureError}. */
export function normalizeSignature(spec: SignatureSpec): Signature {
  if (typeof spec === "string") return parseSignature(spec);
  if (!isRecord(spec)) {
    throw new SignatureError(`read signature: expected text or an object, got ${typeof spec}`);
  }
  if (isSignature(spec)) return spec;
  const outputs = normalizeFields(spec.outputs, "output");
  if (outputs.fields.length === 0) {
    throw new SignatureError("read signature: it has no outputs; name at least one");
  }
  return signatureOf(normalizeFields(spec.inputs, "input"), outputs, spec.instructions ?? "");
}

/** The names and requirements that `SUBMIT` needs, in positional order. */
export function submitFields(signature: Signature): { name: string; required: boolean }[] {
  return signature.outputs.map(({ name, required }) => ({ name, required }));
}

/** Whether a signature was read before. */
function isSignature(spec: SignatureObject | Signature): spec is Signature {
  return "kind" in spec && spec.kind === "signature" && Array.isArray(spec.outputs);
}

/** Puts both sides together. */
function signatureOf(inputs: FieldSet, outputs: FieldSet, instructions: string): Signature {
  return {
    kind: "signature",
    inputs: inputs.fields,
    outputs: outputs.fields,
    instructions,
    inputSchema: inputs.schema,
    outputSchema: outputs.schema,
    inputCheck: inputs.check,
    outputCheck: outputs.check,
  };
}
