/** What the model is told after a turn: what the cell printed, what went wrong, and, last, what is left. */
import type { Cell } from "../host/sandbox.ts";
import { count, cutMiddle, markAsData } from "./shown_text.ts";

/** Characters of a value or of stderr that are shown at least, however much was printed. */
const LEAST_SHOWN = 500;

/** Tells what came of a cell, in at most about `maxChars` characters of its output. */
export function cellFeedback(cell: Cell, maxChars: number): string {
  const parts: string[] = [];
  let room = maxChars;
  const show = (label: string, text: string, length: number) => {
    const size = `${count(length)} ${length === 1 ? "character" : "characters"}`;
    const note = length > room ? `${size}, head and tail shown` : size;
    const shown = markAsData(`of="${label.toLowerCase()}"`, cutMiddle(text, room, length));
    parts.push(`${label} (${note}):\n${shown}`);
    room = Math.max(Math.min(LEAST_SHOWN, maxChars), room - text.length);
  };
  if (cell.stdoutChars > 0) show("Output", cell.stdout, cell.stdoutChars);
  if (cell.value !== null) show("Value", cell.value, cell.value.length);
  if (cell.stderrChars > 0) show("Stderr", cell.stderr, cell.stderrChars);
  if (cell.error !== null) parts.push(errorText(cell.error.traceback, cell.error));
  if (cell.status === "timeout" && cell.error === null) parts.push(TIMED_OUT);
  if (cell.status === "lost") parts.push(lostText(cell));
  if (parts.length === 0 && cell.status === "ok") parts.push(NO_OUTPUT);
  return parts.join("\n\n");
}

const NO_OUTPUT = "The cell printed nothing. Print what you want to see.";

const TIMED_OUT =
  "The cell was stopped at its time limit. Variables are kept; do the work in smaller steps.";

function errorText(traceback: string, error: { type: string; message: string }): string {
  const text = traceback.trim() === "" ? `${error.type}: ${error.message}` : traceback.trimEnd();
  return `Error:\n${markAsData('of="error"', cutMiddle(text, 10_000))}`;
}

function lostText(cell: Cell): string {
  const restored = cell.restored;
  if (restored === null) return "The REPL was lost with all variables.";
  const list = (names: readonly string[]) => names.length > 0 ? names.join(", ") : "none";
  return "The REPL was lost in this cell (it ran out of time or memory, or crashed) and was started again. " +
    `Variables that are back: ${list(restored.back)}. Gone: ${list(restored.gone)}. ` +
    "Do not run the same cell again; do the work in smaller steps.";
}

/** Asks to look at an answer that was handed in before any output was seen. */
export const VERIFY_FEEDBACK =
  "You submitted before you had seen any output, so nothing has been looked at yet. " +
  "The answer is kept. Print what it rests on, and the answer itself where it is long; " +
  "then submit it again, corrected if need be.";

/** Says that the same cell came again. */
export const REPEATED_FEEDBACK =
  "This is the same cell for the third time, with nothing new to learn from it. " +
  "Do something else: another approach, or SUBMIT the best answer that you have.";

/** Says that no code came again. */
export const STILL_NO_CODE =
  "This is the second reply without a cell. Reply with exactly this shape:\n\n" +
  "```python\nprint(len(globals()))\n```";

/**
 * What is left, in one line; it changes from turn to turn and so comes last. Seconds are not in it: they differ each
 * time that a run is told again.
 */
export interface Left {
  readonly turn: number;
  readonly maxIterations: number;
  readonly llmCalls: { readonly used: number; readonly allowed: number } | null;
  readonly tokens: number | null;
  readonly cost: string | null;
}

/** The last line of every message: which turn comes, and what may still be spent. */
export function statusLine(left: Left): string {
  const parts = [`Turn ${left.turn} of ${left.maxIterations}`];
  if (left.llmCalls !== null) {
    parts.push(`sub-calls ${left.llmCalls.used} of ${left.llmCalls.allowed} used`);
  }
  if (left.tokens !== null) parts.push(`${count(Math.floor(left.tokens))} tokens left`);
  if (left.cost !== null) parts.push(`${left.cost} left`);
  const line = `[${parts.join(" · ")}]`;
  if (left.turn === left.maxIterations) return `${line} This is the last turn: SUBMIT now.`;
  if (left.maxIterations - left.turn === 1) {
    return `${line} Two turns are left: get ready to SUBMIT.`;
  }
  return line;
}
