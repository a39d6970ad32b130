/** What goes to stdout: the answer and nothing else, as text for people or JSON for programs. */
import { answerText, plainJson as json } from "../trace/plain_json.ts";
import type { StopReason, Usage } from "../trace/trajectory.ts";

export { answerText, json };

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

/** The result object of `--json`, and the last line of `--stream-json`. */
export function outcomeJson(outcome: Outcome, indent: number): string {
  const { fields, stopReason, error, turns, seconds, usage } = outcome;
  return json({ type: "result", answer: fields, stopReason, error, turns, seconds, usage }, indent);
}
