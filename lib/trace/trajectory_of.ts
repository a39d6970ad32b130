/** Rebuilds the turns of a run from its events, so that a journal alone is enough to show it. */
import type { SubmissionIssue } from "../errors.ts";
import type { Cell } from "../host/sandbox.ts";
import type { RlmEvent } from "./events.ts";
import { subCallsOf } from "./sub_calls_of.ts";
import type { Turn } from "./trajectory.ts";

/**
 * The turns of a run, oldest first, also the one in which it stopped. `runId` is that of a child; without it the
 * outermost run is taken. Sub-calls come in the order in which they were asked for.
 *
 * @example
 * ```ts ignore
 * const { events } = await readJournal("run.jsonl");
 * for (const { turn, code, output } of trajectoryOf(events)) console.log(turn, code, output);
 * ```
 */
export function trajectoryOf(events: readonly RlmEvent[], runId?: string): Turn[] {
  const wanted = runId ?? events.find((event) => event.type === "run_start")?.runId;
  const own = events.filter((event) => event.runId === wanted);
  return own.filter((event) => event.type === "turn_start")
    .map((start) => turnOf(start, own.filter((event) => isOfStep(event, start.stepId)), events))
    .filter((turn) => turn !== null);
}

/** Everything that a cell showed: what it printed, stderr under a mark, and the value of its last expression. */
export function outputOf({ stdout, stderr, value }: Cell): string {
  const parts = [stdout, stderr === "" ? "" : `[stderr]\n${stderr}`, value ?? ""];
  return parts.filter((part) => part !== "")
    .map((part) => part.endsWith("\n") ? part : `${part}\n`).join("");
}

function isOfStep(event: RlmEvent, stepId: string): boolean {
  return "stepId" in event && event.stepId === stepId;
}

/** One turn from the events that name it; null when the model had not answered yet. */
function turnOf(
  start: RlmEvent & { readonly type: "turn_start" },
  step: readonly RlmEvent[],
  events: readonly RlmEvent[],
): Turn | null {
  const code = step.find((event) => event.type === "cell_start");
  const cell = step.find((event) => event.type === "cell_end")?.cell;
  const end = step.find((event) => event.type === "turn_end");
  if (code === undefined && end === undefined) return null;
  const last = step.at(-1) ?? start;
  return {
    turn: start.turn,
    reasoning: code?.reasoning ?? replyText(step, events),
    code: code?.code ?? "",
    output: cell === undefined ? printedSoFar(step) : outputOf(cell),
    error: cell?.error ?? null,
    durationMs: last.time - start.time,
    subCalls: subCallsOf(step.filter((event) => event.type === "tool_call"), events),
    notes: notesOf(step),
  };
}

/** The reply of a turn that had no code. */
function replyText(step: readonly RlmEvent[], events: readonly RlmEvent[]): string {
  const request = step.findLast((event) => event.type === "model_request" && event.role === "root");
  if (request?.type !== "model_request") return "";
  const reply = events.find((event) =>
    event.type === "model_reply" && event.callId === request.callId
  );
  return reply?.type === "model_reply" ? reply.completion.text : "";
}

/** What a cell printed that never ended; only a run that is listened to tells it. */
function printedSoFar(step: readonly RlmEvent[]): string {
  return step.map((event) => event.type === "cell_output" ? event.text : "").join("");
}

function notesOf(step: readonly RlmEvent[]): string[] {
  const hasCode = step.some((event) => event.type === "cell_start");
  return step.flatMap((event) => {
    if (event.type === "cell_end") return [...event.cell.notes];
    if (event.type === "turn_end") return hasCode ? [] : [event.feedback];
    if (event.type !== "submission") return [];
    return event.issues.map(refusalNote);
  });
}

/** What was wrong with a submission as a turn's note tells it. */
export function refusalNote({ path, wanted, got }: SubmissionIssue): string {
  if (path === "" && got === "") return `SUBMIT refused: ${wanted}`;
  return `SUBMIT refused: ${path}: wanted ${wanted}, got ${got}`;
}
