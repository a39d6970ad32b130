/** ViewerData: what the viewer's page is given, made from the events of a run. */
import type { RlmEvent } from "./events.ts";
import { lanesOf } from "./lanes.ts";
import { seenOf } from "./seen.ts";
import { type Span, spansOf } from "./spans.ts";
import { costsOf, type Spent } from "./span_costs.ts";
import type { UsageRow } from "./trajectory.ts";
import { usageOf } from "./usage.ts";
import { partsOf } from "./viewer_parts.ts";
import type { ViewerTexts } from "./viewer_texts.ts";

/** A text by its number in the page's table. */
export type TextRef = number;

/** One piece of what is shown of a node. */
export type Part =
  | {
    readonly as: "text" | "code" | "error" | "prose";
    readonly title: string;
    readonly text: TextRef;
    /** Folded until it is asked for. */
    readonly folded: boolean;
  }
  | {
    readonly as: "list";
    readonly title: string;
    readonly items: readonly { readonly label: string; readonly text: TextRef }[];
    /** Items before this one are folded; they were shown where they were new. */
    readonly firstNew: number;
  }
  | {
    readonly as: "facts";
    readonly title: string;
    readonly rows: readonly (readonly [name: string, value: string])[];
  };

/** A span as the page shows it. */
export interface ViewNode {
  /** Names the node in the page's address. */
  readonly anchor: string;
  readonly kind: Span["kind"];
  /** Index of the parent, which comes before it; -1 at a root. */
  readonly parent: number;
  readonly name: string;
  /** What tells it from its like, in a few words. */
  readonly hint: string;
  readonly status: Span["status"];
  /** Milliseconds since the first event; `end` is null while it is open. */
  readonly start: number;
  readonly end: number | null;
  /** Row of the timeline; -1 when it is not drawn. */
  readonly lane: number;
  /** Its own model calls and those below it. */
  readonly spent: Spent;
  readonly parts: readonly Part[];
}

/** Everything that the page shows. */
export interface ViewerData {
  readonly title: string;
  /** The run had not ended when the page was written. */
  readonly running: boolean;
  /** Where the page can listen to the run, or null. */
  readonly live: string | null;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** Milliseconds from the first event to the last. */
  readonly duration: number;
  /** How the run ended, in a word; null while it goes on or when it was cut off. */
  readonly stopReason: string | null;
  readonly models: readonly string[];
  readonly turns: number;
  readonly usage: readonly UsageRow[];
  readonly spent: Spent;
  readonly seen: Seen;
  readonly nodes: readonly ViewNode[];
  /** Number of the first text of each chunk of texts. */
  readonly chunks: readonly number[];
}

/** How much of the input left the sandbox. */
export interface Seen {
  /** Characters of the inputs, or null when that is not known. */
  readonly inputChars: number | null;
  /** Characters that cells printed. */
  readonly printedChars: number;
  /** Characters that were sent to models, each message of a conversation once. */
  readonly sentChars: number;
}

/** What the events cannot tell. */
export interface ViewerFacts {
  /** Shown at the top. */
  readonly title: string;
  /** Characters of the inputs; null when unknown. */
  readonly inputChars: number | null;
  /** Where the page can listen to the run, or null. */
  readonly live: string | null;
}

/** Makes the page's data; the texts go into `texts`. */
export function viewerDataOf(
  events: readonly RlmEvent[],
  facts: ViewerFacts,
  texts: ViewerTexts,
): ViewerData {
  const spans = preorder(spansOf(events));
  const numbers = new Map(spans.map(({ id }, number) => [id, number]));
  const byId = new Map(spans.map((span) => [span.id, span]));
  const names = anchorsOf(spans);
  const lanes = lanesOf(spans);
  const costs = costsOf(spans);
  const startedAt = events[0]?.time ?? 0;
  const root = spans.find((span) => span.kind === "run");
  const last = events.reduce((latest, { time }) => Math.max(latest, time), startedAt);
  return {
    title: facts.title,
    running: root !== undefined && root.end === null,
    live: facts.live,
    startedAt,
    duration: last - startedAt,
    stopReason: root?.kind === "run" ? root.finish?.stopReason ?? null : null,
    models: [...new Set(spans.flatMap((span) => span.kind === "model" ? [span.begin.model] : []))],
    turns: spans.filter(({ kind, depth }) => kind === "turn" && depth === 0).length,
    usage: usageOf(events).rows,
    spent: (root && costs.get(root.id)) ?? { calls: 0, input: 0, cached: 0, output: 0, cost: 0 },
    seen: seenOf(spans, facts.inputChars),
    nodes: spans.map((span) => ({
      anchor: names.get(span.id) ?? span.id,
      kind: span.kind,
      parent: numbers.get(span.parentId ?? "") ?? -1,
      name: span.name,
      hint: hintOf(span, byId),
      status: statusOf(span, byId),
      start: span.start - startedAt,
      end: span.end === null ? null : span.end - startedAt,
      lane: lanes.get(span.id) ?? -1,
      spent: costs.get(span.id) ?? { calls: 0, input: 0, cached: 0, output: 0, cost: 0 },
      parts: partsOf(span, byId, texts),
    })),
    chunks: texts.starts(),
  };
}

/** Each span, then what it asked for, so that a list of them reads like the run. */
function preorder(spans: readonly Span[]): Span[] {
  const children = Map.groupBy(spans, ({ parentId }) => parentId);
  const ordered: Span[] = [];
  const waiting = (children.get(null) ?? []).toReversed();
  for (let span = waiting.pop(); span !== undefined; span = waiting.pop()) {
    ordered.push(span);
    for (const child of (children.get(span.id) ?? []).toReversed()) waiting.push(child);
  }
  return ordered;
}

/** Names that stay the same each time the page is written, and that a person can type. */
function anchorsOf(spans: readonly Span[]): Map<string, string> {
  const anchors = new Map<string, string>();
  const prefixes = new Map<string, string>();
  for (const span of spans) {
    const prefix = prefixes.get(span.runId) ?? "";
    if (span.kind === "run") {
      const caller = span.begin.parentCallId;
      prefixes.set(span.runId, caller === null ? "" : `${caller}-`);
      anchors.set(span.id, caller === null ? "run" : `${caller}-run`);
    } else if (span.kind === "turn") anchors.set(span.id, `${prefix}turn-${span.begin.turn}`);
    else if (span.kind === "cell") anchors.set(span.id, `${anchors.get(span.parentId ?? "")}-cell`);
    else anchors.set(span.id, span.id);
  }
  return anchors;
}

/** A turn whose cell failed is marked too, so that it is seen in a long list. */
function statusOf(span: Span, spans: ReadonlyMap<string, Span>): Span["status"] {
  const cell = span.kind === "turn" ? spans.get(`${span.id}/cell`) : undefined;
  return cell?.status === "failed" ? "failed" : span.status;
}

/** The first words of what a span is about. */
function hintOf(span: Span, spans: ReadonlyMap<string, Span>): string {
  switch (span.kind) {
    case "run":
      return span.depth === 0 ? span.begin.model : `child at depth ${span.depth}`;
    case "turn": {
      const cell = spans.get(`${span.id}/cell`);
      return cell?.kind === "cell" ? firstWords(cell.begin.reasoning || cell.begin.code) : "";
    }
    case "cell":
      return firstWords(span.begin.code);
    case "model":
      return firstWords(span.begin.messages.at(-1)?.content ?? "");
    case "tool": {
      const { prompts, prompt, query } = span.begin.args;
      if (Array.isArray(prompts)) return `${prompts.length} prompts`;
      return firstWords(String(prompt ?? query ?? Object.values(span.begin.args)[0] ?? ""));
    }
  }
}

function firstWords(text: string): string {
  return text.slice(0, 400).replaceAll(/\s+/g, " ").trim().slice(0, 80);
}
