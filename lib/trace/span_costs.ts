/** What each span cost, with everything below it. */
import type { Span } from "./spans.ts";

/** Tokens and money of model calls. */
export interface Spent {
  readonly calls: number;
  readonly input: number;
  /** Of the input, what came from the provider's cache. */
  readonly cached: number;
  readonly output: number;
  /** US dollars; null as soon as one price is unknown. */
  readonly cost: number | null;
}

const NOTHING: Spent = { calls: 0, input: 0, cached: 0, output: 0, cost: 0 };

/** The sums by the span's id; `spans` has each after its parent. */
export function costsOf(spans: readonly Span[]): Map<string, Spent> {
  const costs = new Map<string, Spent>();
  for (const span of spans.toReversed()) {
    const sum = plus(costs.get(span.id) ?? NOTHING, ownCost(span));
    costs.set(span.id, sum);
    if (span.parentId === null) continue;
    costs.set(span.parentId, plus(costs.get(span.parentId) ?? NOTHING, sum));
  }
  return costs;
}

/** What a model call itself was billed; an answer from our own cache was not. */
function ownCost(span: Span): Spent {
  if (span.kind !== "model" || span.finish === null) return NOTHING;
  const call = { ...NOTHING, calls: 1 };
  const spent = span.finish.type === "model_error" ? span.finish.spent : span.finish.completion;
  if (spent == null || (span.finish.type === "model_reply" && span.finish.cached)) return call;
  const { usage, cost } = spent;
  return {
    calls: 1,
    input: usage?.inputTokens ?? 0,
    cached: usage?.cachedTokens ?? 0,
    output: usage?.outputTokens ?? 0,
    cost,
  };
}

function plus(a: Spent, b: Spent): Spent {
  return {
    calls: a.calls + b.calls,
    input: a.input + b.input,
    cached: a.cached + b.cached,
    output: a.output + b.output,
    cost: a.cost === null || b.cost === null ? null : a.cost + b.cost,
  };
}
