/** UsageTally: adds up what a run's model calls cost, by role, model and depth. */
import type { TokenSpending } from "../errors.ts";
import type { Completion, TokenUsage } from "../models/language_model.ts";
import { NO_TOKENS } from "../tokens.ts";
import type { RlmEvent } from "./events.ts";
import type { Usage, UsageRow } from "./trajectory.ts";

/** Which row of the usage table a call belongs to. */
export interface UsageKey {
  readonly role: UsageRow["role"];
  /** The model's own name, `provider/model`. */
  readonly model: string;
  /** 0 at the root, 1 in its children. */
  readonly depth: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const NO_CALLS = {
  calls: 0,
  failedCalls: 0,
  cachedCalls: 0,
  unreportedCalls: 0,
  retries: 0,
  cost: 0,
};

/** What was spent before anything was asked. */
export const NO_USAGE: Usage = Object.freeze({ ...NO_TOKENS, calls: 0, cost: 0, rows: [] });

/**
 * Adds up model calls. One tally serves a whole run tree: give it every call, or every event, once.
 *
 * A call whose price is unknown makes the cost of its row and of the run `null`, for good. A call that
 * failed is counted, and adds what it is known to have cost.
 */
export class UsageTally {
  readonly #rows = new Map<string, Mutable<UsageRow>>();
  readonly #depths = new Map<string, number>();
  readonly #open = new Map<string, UsageKey>();

  /** Counts a call that was answered, for the model that did; a cached answer adds no tokens and no cost. */
  add(key: UsageKey, completion: Completion, options: { readonly cached?: boolean } = {}): void {
    const row = this.#row({ ...key, model: completion.answeredBy ?? key.model });
    row.calls++;
    if (options.cached ?? false) {
      row.cachedCalls++;
      return;
    }
    row.retries += Math.max(0, completion.attempts - 1);
    row.cost = sumOfCosts(row.cost, completion.cost);
    if (completion.usage === null) row.unreportedCalls++;
    addTokens(row, completion.usage ?? NO_TOKENS);
  }

  /** Counts a call that failed after `attempts` requests, and what they were billed all the same. */
  addFailure(key: UsageKey, attempts: number, spent: TokenSpending | null = null): void {
    const row = this.#row(key);
    row.calls++;
    row.failedCalls++;
    row.retries += Math.max(0, attempts - 1);
    if (spent === null) return;
    row.cost = sumOfCosts(row.cost, spent.cost);
    addTokens(row, spent.usage);
  }

  /** Counts the call that an event ends; other events only tell where later calls belong. */
  observe(event: RlmEvent): void {
    if (event.type === "run_start") {
      this.#depths.set(event.runId, event.depth);
    } else if (event.type === "model_request") {
      const depth = this.#depths.get(event.runId) ?? 0;
      this.#open.set(event.callId, { role: event.role, model: event.model, depth });
    } else if (event.type === "model_reply" || event.type === "model_error") {
      const key = this.#open.get(event.callId);
      this.#open.delete(event.callId);
      if (key === undefined) return;
      if (event.type === "model_error") this.addFailure(key, event.attempts, event.spent);
      else this.add(key, event.completion, { cached: event.cached });
    }
  }

  /** The sums so far, as a copy that later calls do not change. */
  usage(): Usage {
    const total: Mutable<Usage> = { ...NO_USAGE };
    for (const row of this.#rows.values()) {
      total.calls += row.calls;
      total.cost = sumOfCosts(total.cost, row.cost);
      addTokens(total, row);
    }
    return { ...total, rows: [...this.#rows.values()].map((row) => ({ ...row })) };
  }

  #row({ role, model, depth }: UsageKey): Mutable<UsageRow> {
    const id = `${role} ${depth} ${model}`;
    const known = this.#rows.get(id);
    if (known !== undefined) return known;
    const row: Mutable<UsageRow> = { role, model, depth, ...NO_CALLS, ...NO_TOKENS };
    this.#rows.set(id, row);
    return row;
  }
}

/** The usage that the events of a run add up to. */
export function usageOf(events: Iterable<RlmEvent>): Usage {
  const tally = new UsageTally();
  for (const event of events) tally.observe(event);
  return tally.usage();
}

function sumOfCosts(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}

function addTokens(to: Mutable<TokenUsage>, from: TokenUsage): void {
  to.inputTokens += from.inputTokens;
  to.cachedTokens += from.cachedTokens;
  to.cacheWriteTokens += from.cacheWriteTokens;
  to.outputTokens += from.outputTokens;
  to.reasoningTokens += from.reasoningTokens;
}
