/** RecordedCell: one finished cell of a journal's outermost run, with the tool calls that it made. */
import type { Cell } from "../host/sandbox.ts";
import type { RlmEvent } from "./events.ts";

/** A tool call as it opens or settles. */
export type ToolEvent = RlmEvent & { readonly type: "tool_call" | "tool_result" };

/** What a cell did and gave. */
export interface RecordedCell {
  readonly turn: number;
  readonly code: string;
  readonly cell: Cell;
  /** Its tool calls, opening and settling in the order in which they did. */
  readonly tools: readonly ToolEvent[];
}

/** The finished cells of the outermost run, in their order. */
export function recordedCells(events: readonly RlmEvent[]): RecordedCell[] {
  const runId = events.find((event) => event.type === "run_start" && event.depth === 0)?.runId;
  const turns = new Map<string, number>();
  const codes = new Map<string, string>();
  const tools = new Map<string, ToolEvent[]>();
  const stepOfCall = new Map<string, string>();
  const cells: RecordedCell[] = [];
  for (const event of events.filter((each) => each.runId === runId)) {
    if (event.type === "turn_start") turns.set(event.stepId, event.turn);
    else if (event.type === "cell_start") {
      codes.set(event.stepId, event.code);
      tools.set(event.stepId, []);
    } else if (event.type === "tool_call") {
      stepOfCall.set(event.callId, event.stepId);
      tools.get(event.stepId)?.push(event);
    } else if (event.type === "tool_result") {
      tools.get(stepOfCall.get(event.callId) ?? "")?.push(event);
    } else if (event.type === "cell_end") {
      const { stepId, cell } = event;
      const [turn, code] = [turns.get(stepId) ?? 0, codes.get(stepId) ?? ""];
      cells.push({ turn, code, cell, tools: tools.get(stepId) ?? [] });
    }
  }
  return cells;
}
