/** How a signature reads in a prompt and in messages. */
import type { Field } from "./fields.ts";
import type { Signature } from "./signature.ts";
import { limitText } from "./type_text.ts";

/** The call that ends a run: `SUBMIT(answer: str, pages: list[int] = [])`. */
export function signatureText(signature: Signature): string {
  return `SUBMIT(${signature.outputs.map(parameterText).join(", ")})`;
}

/** One line for each field: `- pages: list[int] (at least 1 items): where it was found`. */
export function describeFields(fields: readonly Field[]): string {
  return fields.map((field) => {
    const limits = limitText(field.schema);
    const notes = [limits, field.required ? "" : `optional${defaultNote(field)}`].filter(Boolean);
    const type = `${field.type}${notes.length > 0 ? ` (${notes.join("; ")})` : ""}`;
    return `- ${field.name}: ${type}${field.description === "" ? "" : `: ${field.description}`}`;
  }).join("\n");
}

/** A field as a Python parameter. */
function parameterText(field: Field): string {
  const type = field.type === "Any" ? field.name : `${field.name}: ${field.type}`;
  if (field.required) return type;
  return `${type} = ${field.default === undefined ? "None" : constantText(field.default)}`;
}

/** The default of an optional field, where it is worth saying. */
function defaultNote(field: Field): string {
  return field.default === undefined || field.default === null
    ? ""
    : `, default ${constantText(field.default)}`;
}

/** A constant as Python writes it. */
export function constantText(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(constantText).join(", ")}]`;
  if (typeof value !== "object") return String(value);
  const entries = Object.entries(value).map(([key, item]) =>
    `${JSON.stringify(key)}: ${constantText(item)}`
  );
  return `{${entries.join(", ")}}`;
}
