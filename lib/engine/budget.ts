/**
 * Budget: what a run tree may spend. Every model call is checked before it is sent, with an estimate;
 * a run and its children draw on the same budget.
 */
import { type BudgetCap, BudgetError } from "../errors.ts";
import { abortable } from "../abort.ts";
import { refusalMessage } from "./budget_message.ts";

/** Caps of a run tree; null means no cap. */
export interface BudgetLimits {
  /** Sub-calls, children's model calls included. */
  readonly maxLlmCalls: number | null;
  /** Tokens in and out, of every model. */
  readonly maxTokens: number | null;
  /** US dollars. */
  readonly maxCost: number | null;
  /** Seconds from the start of the run. */
  readonly maxSeconds: number | null;
  /** Turns that fail: Python errors, replies without code, refused submissions. */
  readonly maxErrors: number | null;
}

/** What a call is expected to take. */
export interface CallEstimate {
  readonly inputTokens: number;
  /** Tokens that the reply may have; given less where less is left. */
  readonly outputTokens: number;
  /** US dollars of the call with a reply of so many tokens; null when the price is unknown. */
  readonly cost: (outputTokens: number) => number | null;
  /** May use what was set aside for the last call of a run. */
  readonly last?: boolean;
}

/** What a call took; a cost of null is unknown, and the estimate stands in for it. */
export interface Spending {
  readonly tokens: number;
  readonly cost: number | null;
}

/** Room for one call, held until it is known what the call took. */
export interface Reservation {
  /** Tokens that the reply may have at most; null when nothing limits them. */
  readonly outputTokens: number | null;
  /** Replaces the estimate by what was spent; only the first call counts. */
  settle(spent: Spending): void;
}

/** What a cap allows and how much of it is gone. */
export interface CapState {
  readonly cap: BudgetCap;
  readonly used: number;
  readonly allowed: number;
}

/** Counts what a run tree spends, and refuses what would pass a cap. */
export class Budget {
  readonly limits: BudgetLimits;
  readonly #started = performance.now();
  readonly #onCap: (state: CapState) => void;
  readonly #reported = new Set<BudgetCap>();
  #calls = 0;
  #errors = 0;
  #spent = { tokens: 0, cost: 0 };
  #reserved = { tokens: 0, cost: 0 };
  #aside = { tokens: 0, cost: 0 };
  #inFlight = 0;
  #settled = Promise.withResolvers<void>();

  /** Starts the clock. `onCap` hears of each cap once, when something was first refused because of it. */
  constructor(limits: BudgetLimits, onCap: (state: CapState) => void = () => {}) {
    this.limits = limits;
    this.#onCap = onCap;
  }

  /** Sub-calls charged so far. */
  get calls(): number {
    return this.#calls;
  }

  /** Tokens spent so far, without calls in flight. */
  get tokens(): number {
    return this.#spent.tokens;
  }

  /** US dollars spent so far where the price is known, without calls in flight. */
  get cost(): number {
    return this.#spent.cost;
  }

  /** Seconds since the run began. */
  get seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  /** Failed turns so far. */
  get errors(): number {
    return this.#errors;
  }

  /** What is left of a cap, calls in flight taken off, never below 0; null where there is no cap. */
  left(cap: keyof BudgetLimits): number | null {
    const allowed = this.limits[cap];
    return allowed === null ? null : Math.max(0, allowed - this.#used(cap));
  }

  /** Charges sub-calls, all or none; throws `BudgetError` when they would pass the cap. */
  charge(calls: number): void {
    const allowed = this.limits.maxLlmCalls;
    if (allowed !== null && this.#calls + calls > allowed) {
      throw this.refusal("maxLlmCalls", calls);
    }
    this.#calls += calls;
  }

  /** Gives back sub-calls that were charged but never sent. */
  refund(calls: number): void {
    this.#calls -= calls;
  }

  /** Counts a failed turn and tells whether the cap is reached. */
  countError(): boolean {
    this.#errors++;
    const allowed = this.limits.maxErrors;
    if (allowed === null || this.#errors < allowed) return false;
    this.#report({ cap: "maxErrors", used: this.#errors, allowed });
    return true;
  }

  /** Keeps this much, but at most a quarter of a cap, for the last call of the run. */
  setAside(spending: Spending): void {
    const { maxTokens, maxCost } = this.limits;
    this.#aside = {
      tokens: Math.min(spending.tokens, (maxTokens ?? 0) / 4),
      cost: Math.min(spending.cost ?? 0, (maxCost ?? 0) / 4),
    };
  }

  /**
   * Holds room for one call. Where a call does not fit beside those in flight it waits for them to end;
   * where it does not fit alone, its reply is given less; where even a short reply does not fit, it is refused.
   *
   * @throws {BudgetError} when the call would pass a cap
   */
  async reserve(estimate: CallEstimate, signal: AbortSignal): Promise<Reservation> {
    for (;;) {
      signal.throwIfAborted();
      const outputTokens = this.#fittingReply(estimate);
      if (this.#inFlight === 0 || this.#fitsBesideOthers(estimate)) {
        return this.#hold(estimate, outputTokens);
      }
      await abortable(this.#settled.promise, signal);
    }
  }

  /** The error that says that a cap does not allow something; reports the cap. */
  refusal(cap: BudgetCap, wanted = 0): BudgetError {
    const used = cap === "maxIterations" || cap === "maxDepth" ? 0 : this.#used(cap);
    const allowed = cap === "maxIterations" || cap === "maxDepth" ? 0 : this.limits[cap] ?? 0;
    this.#report({ cap, used, allowed });
    return new BudgetError(refusalMessage(cap, used, allowed, wanted), { cap, used, allowed });
  }

  /** Tokens that the reply of a call may have if nothing else is in flight; throws when too few are left. */
  #fittingReply(estimate: CallEstimate): number {
    const { maxTokens, maxCost } = this.limits;
    const aside = estimate.last ? { tokens: 0, cost: 0 } : this.#aside;
    let reply = estimate.outputTokens;
    if (maxTokens !== null) {
      const room = maxTokens - aside.tokens - this.#spent.tokens - estimate.inputTokens;
      if (room < SHORTEST_REPLY) {
        throw this.refusal("maxTokens", estimate.inputTokens + SHORTEST_REPLY);
      }
      reply = Math.min(reply, Math.floor(room));
    }
    if (maxCost !== null) {
      const room = maxCost - aside.cost - this.#spent.cost;
      const least = estimate.cost(SHORTEST_REPLY) ?? 0;
      if (room < least || room <= 0) throw this.refusal("maxCost", least);
      const whole = estimate.cost(reply) ?? 0;
      if (whole > room) {
        const share = (room - least) / (whole - least);
        reply = SHORTEST_REPLY + Math.floor((reply - SHORTEST_REPLY) * share);
      }
    }
    return reply;
  }

  /** Tells whether a call with a full reply fits beside those in flight, estimates of input being off by some. */
  #fitsBesideOthers(estimate: CallEstimate): boolean {
    const { maxTokens, maxCost } = this.limits;
    const aside = estimate.last ? { tokens: 0, cost: 0 } : this.#aside;
    const tokens = this.#spent.tokens + this.#reserved.tokens +
      heldTokens(estimate, estimate.outputTokens);
    const cost = this.#spent.cost + this.#reserved.cost + heldCost(estimate, estimate.outputTokens);
    return (maxTokens === null || tokens <= maxTokens - aside.tokens) &&
      (maxCost === null || cost <= maxCost - aside.cost);
  }

  #hold(estimate: CallEstimate, outputTokens: number): Reservation {
    const held = {
      tokens: heldTokens(estimate, outputTokens),
      cost: heldCost(estimate, outputTokens),
    };
    this.#inFlight++;
    this.#reserved.tokens += held.tokens;
    this.#reserved.cost += held.cost;
    let open = true;
    const limited = this.limits.maxTokens !== null || this.limits.maxCost !== null;
    return {
      outputTokens: limited ? outputTokens : null,
      settle: (spent) => {
        if (!open) return;
        open = false;
        this.#inFlight--;
        this.#reserved.tokens -= held.tokens;
        this.#reserved.cost -= held.cost;
        this.#spent.tokens += spent.tokens;
        this.#spent.cost += spent.cost ?? estimate.cost(outputTokens) ?? 0;
        this.#settled.resolve();
        this.#settled = Promise.withResolvers<void>();
      },
    };
  }

  #used(cap: keyof BudgetLimits): number {
    switch (cap) {
      case "maxLlmCalls":
        return this.#calls;
      case "maxTokens":
        return this.#spent.tokens + this.#reserved.tokens;
      case "maxCost":
        return this.#spent.cost + this.#reserved.cost;
      case "maxSeconds":
        return this.seconds;
      case "maxErrors":
        return this.#errors;
    }
  }

  #report(state: CapState): void {
    if (this.#reported.has(state.cap)) return;
    this.#reported.add(state.cap);
    this.#onCap(state);
  }
}

/** A reply shorter than this is of no use; a call that leaves no room for it is refused. */
const SHORTEST_REPLY = 256;

/**
 * Replies are held to their tokens by the provider, but the tokens of a prompt are an estimate.
 * Calls run together only while this many times their prompts fit; near a cap they go one at a time.
 */
const PROMPT_MARGIN = 1.5;

function heldTokens(estimate: CallEstimate, outputTokens: number): number {
  return estimate.inputTokens * PROMPT_MARGIN + outputTokens;
}

function heldCost(estimate: CallEstimate, outputTokens: number): number {
  return (estimate.cost(outputTokens) ?? 0) * PROMPT_MARGIN;
}
