/** A run as Chrome trace events, which Perfetto, speedscope and the browsers' developer tools open. */
import type { RlmEvent } from "./events.ts";
import { lanesOf } from "./lanes.ts";
import { costsOf, type Spent } from "./span_costs.ts";
import { type Span, spansOf } from "./spans.ts";

/** One event of the trace. */
export interface ChromeTraceEvent {
  /** `X` is something that lasted, `M` names a row. */
  readonly ph: "X" | "M";
  /** What is shown on it. */
  readonly name: string;
  /** The span's kind. */
  readonly cat?: string;
  /** Always 1: a run is shown as one process. */
  readonly pid: number;
  /** Its row, from 0 at the top. */
  readonly tid: number;
  /** Microseconds since the first event. */
  readonly ts?: number;
  /** Microseconds that it lasted. */
  readonly dur?: number;
  /** Figures that are shown when it is chosen. */
  readonly args: Readonly<Record<string, unknown>>;
}

/** A trace file. */
export interface ChromeTrace {
  /** Names of rows, then what lasted, in the order in which it began. */
  readonly traceEvents: readonly ChromeTraceEvent[];
  /** Times are shown in milliseconds. */
  readonly displayTimeUnit: "ms";
}

/**
 * The spans of a run as a Chrome trace. What ran at the same time is in rows of its own; texts are left out.
 *
 * @example
 * ```ts ignore
 * const { events } = await readJournal("run.jsonl");
 * await Deno.writeTextFile("run.trace.json", JSON.stringify(chromeTraceOf(events)));
 * ```
 */
export function chromeTraceOf(events: readonly RlmEvent[]): ChromeTrace {
  const spans = spansOf(events);
  const lanes = lanesOf(spans);
  const costs = costsOf(spans);
  const startedAt = events[0]?.time ?? 0;
  const latest = events.at(-1)?.time ?? startedAt;
  const drawn = spans.filter(({ id }) => lanes.has(id));
  const rows = new Set(drawn.map(({ id }) => lanes.get(id) ?? 0));
  return {
    traceEvents: [
      { ph: "M", name: "process_name", pid: 1, tid: 0, args: { name: "rlm" } },
      ...[...rows].sort((a, b) => a - b).map((row) => rowName(row)),
      ...drawn.map((span): ChromeTraceEvent => ({
        ph: "X",
        name: span.name,
        cat: span.kind,
        pid: 1,
        tid: lanes.get(span.id) ?? 0,
        ts: (span.start - startedAt) * 1000,
        dur: ((span.end ?? latest) - span.start) * 1000,
        args: argsOf(span, costs.get(span.id)),
      })),
    ],
    displayTimeUnit: "ms",
  };
}

function rowName(row: number): ChromeTraceEvent {
  const name = row === 0 ? "turns" : row === 1 ? "model and cells" : `calls ${row - 1}`;
  return { ph: "M", name: "thread_name", pid: 1, tid: row, args: { name } };
}

/** Figures, and what tells the span from its like; no text of the run. */
function argsOf(span: Span, spent: Spent | undefined): Record<string, unknown> {
  const { id, status, depth } = span;
  const head = { id, status, depth };
  if (span.kind === "cell" || spent === undefined || spent.calls === 0) return head;
  return { ...head, ...spent };
}
