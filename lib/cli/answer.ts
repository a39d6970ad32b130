/** What goes to stdout: the answer and nothing else, as text for people or JSON for programs. */
import type { StopReason, Usage } from "../trace/trajectory.ts";

/** A finished run, as far as it is printed. */
export interface Outcome {
  /** The answer's fields; null when there is none. */
  readonly fields: Readonly<Record<string, unknown>> | null;
  readonly stopReason: StopReason | "error";
  readonly error: string | null;
  readonly turns: number;
  readonly seconds: number;
  readonly usage: Usage | null;
}

/** The answer alone: a text as it is, one field without its name, several as an object. */
export function answerText(fields: Readonly<Record<string, unknown>>): string {
  const values = Object.values(fields);
  const [only] = values;
  if (values.length === 1) return typeof only === "string" ? only : json(only, 2);
  return json(fields, 2);
}

/** The result object of `--json`, and the last line of `--stream-json`. */
export function outcomeJson(outcome: Outcome, indent: number): string {
  const { fields, stopReason, error, turns, seconds, usage } = outcome;
  return json({ type: "result", answer: fields, stopReason, error, turns, seconds, usage }, indent);
}

/** JSON of values that JSON itself has no form for: big integers become digits in quotes, bytes base64. */
export function json(value: unknown, indent = 0): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === "bigint") return item.toString();
    if (item instanceof Uint8Array) return item.toBase64();
    if (item instanceof Map) return Object.fromEntries(item);
    if (item instanceof Set) return [...item];
    return item;
  }, indent) ?? "null";
}
