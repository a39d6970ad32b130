/**
 * What happened in a run, for programs: journals are read, shown as one HTML page, and given to other tools.
 *
 * @example Make the page of a run from its journal
 * ```ts ignore
 * import { readJournal, renderViewer } from "@rlm/rlm/trace";
 *
 * const { events } = await readJournal("run.jsonl");
 * await Deno.writeTextFile("run.html", renderViewer(events));
 * ```
 *
 * @module
 */
export { type ChromeTrace, type ChromeTraceEvent, chromeTraceOf } from "./chrome_trace.ts";
export type { JsonSchema } from "../../sandbox/protocol.ts";
export type { BudgetCap, SubmissionIssue, TokenSpending } from "../errors.ts";
export type { Cell, CellError, CellStatus, Restored } from "../host/sandbox.ts";
export type {
  Completion,
  FinishReason,
  Message,
  NativeToolCall,
  TokenUsage,
} from "../models/language_model.ts";
export type { StopReason, SubCall, Turn, Usage, UsageRow } from "./trajectory.ts";
export { type EventHead, type EventListener, type InputSummary, type RlmEvent } from "./events.ts";
export { type GraphEdge, graphmlOf, type GraphNode, graphOf, type RunGraph } from "./graph.ts";
export {
  type JournalContent,
  type JournalEntry,
  type LoadInputs,
  readJournal,
  type ReadOptions,
  streamJournal,
} from "./journal_reader.ts";
export { type JournalHeader } from "./journal_format.ts";
export { openTelemetryListener, type OpenTelemetryOptions } from "./otel.ts";
export { rlmJsonlOf } from "./rlm_jsonl.ts";
export { trajectoryOf } from "./trajectory_of.ts";
export { usageOf } from "./usage.ts";
export { renderViewer, type ViewerOptions } from "./viewer.ts";
