/** Adds up a run's events into the figures that a person wants to see while it goes on. */
import { count } from "../engine/shown_text.ts";
import type { RlmEvent } from "../trace/events.ts";

/** Counts what has happened so far, child runs included; feed it every event. */
export class Tally {
  /** Turns of the outermost run. */
  turn = 0;
  modelCalls = 0;
  /** Input and output together. */
  tokens = 0;
  inputTokens = 0;
  cachedTokens = 0;
  /** A reply came without a word on its tokens, so that the sums are lower bounds. */
  isLowerBound = false;
  /** US dollars; null as soon as one price is unknown. */
  cost: number | null = 0;
  /** Characters that were sent to a model, each message of a conversation once. */
  seenCharacters = 0;
  readonly #startedAt: number;
  readonly #messagesSeen = new Map<string, number>();
  #rootId: string | null = null;

  /** Starts the clock. */
  constructor(now: number = Date.now()) {
    this.#startedAt = now;
  }

  /** Seconds since the start. */
  seconds(now: number = Date.now()): number {
    return (now - this.#startedAt) / 1000;
  }

  /** Takes one event into account. */
  add(event: RlmEvent): void {
    switch (event.type) {
      case "turn_start":
        this.#rootId ??= event.runId;
        if (event.runId === this.#rootId) this.turn = event.turn;
        break;
      case "model_request":
        this.#request(event);
        break;
      case "model_reply": {
        const { usage, cost } = event.completion;
        if (event.cached) break;
        if (usage === null) this.isLowerBound = true;
        this.tokens += (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0);
        this.inputTokens += usage?.inputTokens ?? 0;
        this.cachedTokens += usage?.cachedTokens ?? 0;
        this.cost = this.cost === null || cost === null ? null : this.cost + cost;
        break;
      }
    }
  }

  #request(event: RlmEvent & { type: "model_request" }): void {
    this.modelCalls++;
    // A root conversation only grows, so what was sent before is not counted again.
    const isOfConversation = event.role === "root" || event.role === "extract";
    const key = isOfConversation ? event.runId : event.callId;
    const before = this.#messagesSeen.get(key) ?? 0;
    for (const { content } of event.messages.slice(before)) this.seenCharacters += content.length;
    this.#messagesSeen.set(key, Math.max(before, event.messages.length));
  }
}

/** Dollars, with as many digits as a cheap call needs. */
export function dollars(cost: number | null): string {
  return cost === null ? "cost unknown" : `$${cost.toFixed(cost < 1 ? 4 : 2)}`;
}

/** Seconds with one digit, minutes beyond a hundred. */
export function duration(seconds: number): string {
  if (seconds < 100) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** "1 turn", "2 turns". */
export function plural(number: number, word: string): string {
  return `${count(number)} ${word}${number === 1 ? "" : "s"}`;
}
