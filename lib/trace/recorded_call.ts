/** RecordedCall: one model call of a journal, with what became of it. */
import type { Completion } from "../models/language_model.ts";
import type { RlmEvent } from "./events.ts";

/** How a recorded call ended; `open` when no answer came: the run was stopped, or gave the call up. */
export type Outcome =
  | { readonly kind: "reply"; readonly completion: Completion; readonly cached: boolean }
  | { readonly kind: "error"; readonly event: RlmEvent & { readonly type: "model_error" } }
  | { readonly kind: "open" };

/** One model call of a recording. */
export interface RecordedCall {
  /** What was asked. */
  readonly request: RlmEvent & { readonly type: "model_request" };
  /** What became of it. */
  readonly outcome: Outcome;
  /** Depth of the run that made it, 0 at the root. */
  readonly depth: number;
  /** Turn of that run, or null where none was under way. */
  readonly turn: number | null;
  /** The run went on after it: whatever the outcome was, what follows builds on it. */
  readonly final: boolean;
}

/** Whether a call is one of the outermost run's own, which come one after the other. */
export function isRoot({ depth, request }: RecordedCall): boolean {
  return depth === 0 && request.role !== "sub";
}

/** The model calls that the events of a run tell of, in the order in which they were made. */
export function recordedCalls(events: readonly RlmEvent[]): RecordedCall[] {
  const progress = new Progress(events);
  return events.filter((event) => event.type === "model_request").map((request) => ({
    request,
    outcome: progress.outcomeOf(request.callId),
    depth: progress.depthOf(request.runId),
    turn: progress.turnOf(request.stepId),
    final: progress.wentOnAfter(request),
  }));
}

/** How far the runs, turns and calls of a run tree came. */
class Progress {
  readonly #runs = new Map<string, RlmEvent & { readonly type: "run_start" }>();
  readonly #turns = new Map<string, number>();
  readonly #ends = new Map<string, RlmEvent>();
  readonly #endedCells = new Set<string>();
  /** The turn in which a tool was called. */
  readonly #stepOfTool = new Map<string, string>();
  /** The last call that each run made itself. */
  readonly #lastOwnCall = new Map<string, string>();

  constructor(events: readonly RlmEvent[]) {
    for (const event of events) this.#take(event);
  }

  depthOf(runId: string): number {
    return this.#runs.get(runId)?.depth ?? 0;
  }

  turnOf(stepId: string | null): number | null {
    return stepId === null ? null : this.#turns.get(stepId) ?? null;
  }

  outcomeOf(callId: string): Outcome {
    const end = this.#ends.get(callId);
    if (end?.type === "model_reply") {
      return { kind: "reply", completion: end.completion, cached: end.cached };
    }
    // Only a model's own error is an answer; anything else says that the call was given up.
    const failed = end?.type === "model_error" && end.error.type === "ModelError";
    return failed ? { kind: "error", event: end } : { kind: "open" };
  }

  wentOnAfter(request: RlmEvent & { readonly type: "model_request" }): boolean {
    const { runId, stepId, role, callId } = request;
    if (stepId !== null && this.#endedCells.has(stepId)) return true;
    return role !== "sub" && this.#lastOwnCall.get(runId) !== callId || this.#parentWentOn(runId);
  }

  #parentWentOn(runId: string): boolean {
    const run = this.#runs.get(runId);
    const step = this.#stepOfTool.get(run?.parentCallId ?? "");
    if (run?.parentRunId == null || step === undefined) return false;
    return this.#endedCells.has(step) || this.#parentWentOn(run.parentRunId);
  }

  #take(event: RlmEvent): void {
    switch (event.type) {
      case "run_start":
        this.#runs.set(event.runId, event);
        break;
      case "turn_start":
        this.#turns.set(event.stepId, event.turn);
        break;
      case "tool_call":
        this.#stepOfTool.set(event.callId, event.stepId);
        break;
      case "cell_end":
        this.#endedCells.add(event.stepId);
        break;
      case "model_request":
        if (event.role !== "sub") this.#lastOwnCall.set(event.runId, event.callId);
        break;
      case "model_reply":
      case "model_error":
        this.#ends.set(event.callId, event);
    }
  }
}
