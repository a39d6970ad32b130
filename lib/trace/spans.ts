/** Spans: the runs, turns, cells and calls of a run tree with their beginning, their end and who asked for them. */
import type { RlmEvent } from "./events.ts";

/** The events of one type. */
export type EventOf<T extends RlmEvent["type"]> = Extract<RlmEvent, { readonly type: T }>;

/** What every span has. */
interface SpanHead {
  /** The run's id, the turn's `stepId` or the call's `callId`; a cell has its turn's, with `/cell` after it. */
  readonly id: string;
  /** The span that asked for this one; null for the outermost run. */
  readonly parentId: string | null;
  /** The run that it belongs to. */
  readonly runId: string;
  /** Depth of that run, 0 at the root. */
  readonly depth: number;
  /** What it is called where it is shown. */
  readonly name: string;
  /** `open` when its end is not known: the run goes on, or was stopped. */
  readonly status: "ok" | "failed" | "open";
  /** Milliseconds since the Unix epoch. */
  readonly start: number;
  /** Milliseconds since the Unix epoch; null while it is open. */
  readonly end: number | null;
}

/** A whole run, or a child's. */
export interface RunSpan extends SpanHead {
  readonly kind: "run";
  readonly begin: EventOf<"run_start">;
  readonly finish: EventOf<"run_end"> | null;
  /** Warnings, caps that were reached, and whether the inputs were asked about directly. */
  readonly remarks: readonly RlmEvent[];
}

/** A turn, from the request to what the model is told about its cell. */
export interface TurnSpan extends SpanHead {
  readonly kind: "turn";
  readonly begin: EventOf<"turn_start">;
  readonly finish: EventOf<"turn_end"> | null;
  /** Submissions, checkpoints and compactions. */
  readonly remarks: readonly RlmEvent[];
}

/** A call of a model. */
export interface ModelSpan extends SpanHead {
  readonly kind: "model";
  readonly begin: EventOf<"model_request">;
  readonly finish: EventOf<"model_reply"> | EventOf<"model_error"> | null;
}

/** The cell of a turn. */
export interface CellSpan extends SpanHead {
  readonly kind: "cell";
  readonly begin: EventOf<"cell_start">;
  readonly finish: EventOf<"cell_end"> | null;
  /** What an open cell has printed so far; only a run that is listened to tells it. */
  readonly printed: string;
}

/** A tool call of a cell, also one that asks a model. */
export interface ToolSpan extends SpanHead {
  readonly kind: "tool";
  readonly begin: EventOf<"tool_call">;
  readonly finish: EventOf<"tool_result"> | null;
}

/** One span of a run tree. */
export type Span = RunSpan | TurnSpan | ModelSpan | CellSpan | ToolSpan;

/** The spans that events tell of, in the order in which they began: each after its parent. */
export function spansOf(events: Iterable<RlmEvent>): Span[] {
  const collector = new SpanCollector();
  for (const event of events) collector.take(event);
  return collector.spans();
}

/** A span that may still change. */
type Draft = { -readonly [K in keyof SpanHead]: SpanHead[K] } & {
  begin: RlmEvent;
  finish: RlmEvent | null;
  kind: Span["kind"];
  remarks: RlmEvent[];
  printed: string;
};

/** Puts spans together from events, one event after the other. */
class SpanCollector {
  readonly #drafts = new Map<string, Draft>();

  /** The spans so far. */
  spans(): Span[] {
    // Each draft's events were put there by the case of `take` that made its kind.
    return [...this.#drafts.values()] as Span[];
  }

  take(event: RlmEvent): void {
    switch (event.type) {
      case "run_start":
        return this.#open(event, "run", event.runId, event.parentCallId, "run");
      case "turn_start":
        return this.#open(event, "turn", event.stepId, event.runId, `turn ${event.turn}`);
      case "cell_start":
        return this.#open(event, "cell", cellId(event.stepId), event.stepId, "cell");
      case "tool_call":
        return this.#open(event, "tool", event.callId, cellId(event.stepId), event.name);
      case "model_request": {
        const parent = event.parentCallId ?? event.stepId ?? event.runId;
        return this.#open(event, "model", event.callId, parent, event.model);
      }
      case "cell_output": {
        const cell = this.#drafts.get(cellId(event.stepId));
        if (cell !== undefined) cell.printed += event.text;
        return;
      }
      case "run_end":
        return this.#close(event, event.runId, event.stopReason !== "error");
      case "turn_end":
        return this.#close(event, event.stepId, true);
      case "cell_end": {
        const { status } = event.cell;
        return this.#close(event, cellId(event.stepId), status === "ok" || status === "submitted");
      }
      case "tool_result":
        return this.#close(event, event.callId, event.ok);
      case "model_reply":
        return this.#close(event, event.callId, true);
      case "model_error":
        return this.#close(event, event.callId, false);
      case "submission":
      case "checkpoint":
      case "compaction":
        this.#drafts.get(event.stepId)?.remarks.push(event);
        return;
      case "direct":
      case "budget":
      case "warning":
        this.#drafts.get(event.runId)?.remarks.push(event);
    }
  }

  #open(
    begin: RlmEvent,
    kind: Span["kind"],
    id: string,
    wantedParent: string | null,
    name: string,
  ): void {
    const run = this.#drafts.get(begin.runId);
    const depth = begin.type === "run_start" ? begin.depth : run?.depth ?? 0;
    // A damaged journal may lack the parent: then the run is the nearest that is known.
    const parent = [wantedParent, begin.runId].find((known) =>
      known !== null && known !== id && this.#drafts.has(known)
    );
    this.#drafts.set(id, {
      id,
      parentId: parent ?? null,
      runId: begin.runId,
      depth,
      name,
      kind,
      status: "open",
      start: begin.time,
      end: null,
      begin,
      finish: null,
      remarks: [],
      printed: "",
    });
  }

  #close(finish: RlmEvent, id: string, ok: boolean): void {
    const draft = this.#drafts.get(id);
    if (draft === undefined) return;
    draft.finish = finish;
    draft.end = finish.time;
    draft.status = ok ? "ok" : "failed";
  }
}

function cellId(stepId: string): string {
  return `${stepId}/cell`;
}
