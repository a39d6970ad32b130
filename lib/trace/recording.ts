/** Recording: the model calls of a journal, to be found again by what was asked. */
import type { JsonSchema } from "../../sandbox/protocol.ts";
import type { Message } from "../models/language_model.ts";
import type { RlmEvent } from "./events.ts";
import { withoutFigures } from "./figures.ts";
import { isRoot, type RecordedCall, recordedCalls } from "./recorded_call.ts";
import { sha256Of } from "./text_store.ts";

/** What a model is asked, as far as two requests can differ in it. */
export interface Question {
  readonly messages: readonly Message[];
  readonly schema?: JsonSchema | null;
}

/** How a recording finds what is asked. */
export interface RecordingOptions {
  /**
   * The outermost run's own requests must be equal byte for byte. Without it, and in child runs always, the figures
   * of the status line may differ. @default {false}
   */
  readonly exact?: boolean;
}

/** Finds recorded calls by what was asked; each is given out once. */
export class Recording {
  /** All calls, in the order in which they were made. */
  readonly calls: readonly RecordedCall[];
  readonly #byQuestion: ReadonlyMap<string, readonly RecordedCall[]>;
  readonly #given = new Set<RecordedCall>();
  readonly #exact: boolean;
  /** The outermost run's own calls, which are given out in their order. */
  readonly #roots: readonly RecordedCall[];
  #rootsGiven = 0;

  /** Takes the calls of a run from its events, those of every attempt where it was resumed. */
  constructor(attempts: readonly (readonly RlmEvent[])[], options: RecordingOptions = {}) {
    const merged = new Map<string, RecordedCall[]>();
    attempts.forEach((events, attempt) => {
      // A later attempt tells the outermost run's own calls all again, those aside that it no longer makes.
      const calls = recordedCalls(events)
        .filter((call) => !isRoot(call) || attempt === attempts.length - 1);
      for (const [key, group] of Map.groupBy(calls, ({ request }) => keyOf(request))) {
        merged.set(key, joined(merged.get(key) ?? [], group));
      }
    });
    this.#exact = options.exact ?? false;
    this.#byQuestion = merged;
    this.calls = [...merged.values()].flat().toSorted((a, b) => a.request.seq - b.request.seq);
    this.#roots = this.calls.filter(isRoot);
  }

  /** Calls that have not been given out yet, in their order. */
  get left(): readonly RecordedCall[] {
    return this.calls.filter((call) => !this.#given.has(call));
  }

  /** The next of the outermost run's own calls, or null when there are no more. */
  get nextRoot(): RecordedCall | null {
    return this.#roots[this.#rootsGiven] ?? null;
  }

  /** How often a question is in the recording, given out or not. */
  count(question: Question): number {
    return this.#byQuestion.get(keyOf(question))?.length ?? 0;
  }

  /**
   * Gives out the first call left in which this was asked, of this model where several were; null when there is
   * none. Of the outermost run's own calls only the next one is given out.
   */
  take(question: Question, model: string): RecordedCall | null {
    const asked = this.#byQuestion.get(keyOf(question)) ?? [];
    const left = asked.filter((call) => !this.#given.has(call));
    const call = left.find(({ request }) => request.model === model) ?? left[0] ?? null;
    if (call === null || isRoot(call) && !this.#isNext(call, question)) return null;
    this.#given.add(call);
    if (isRoot(call)) this.#rootsGiven++;
    return call;
  }

  /** A message's text as far as it must be that of a call. */
  comparable(text: string, call: RecordedCall): string {
    return this.#exact && isRoot(call) ? text : withoutFigures(text);
  }

  #isNext(call: RecordedCall, { messages }: Question): boolean {
    const texts = call.request.messages.map(({ content }) => content);
    const isEqual = !this.#exact || messages.every(({ content }, n) => content === texts[n]);
    return isEqual && call === this.nextRoot;
  }
}

/**
 * Joins the identical calls of two attempts at a run. A later attempt begins with the same calls in the same order,
 * so that the n-th of one is the n-th of the other; it lacks the end of those that were under way elsewhere
 * when it stopped in its turn.
 */
function joined(earlier: readonly RecordedCall[], later: readonly RecordedCall[]): RecordedCall[] {
  return Array.from({ length: Math.max(earlier.length, later.length) }, (_, n) => {
    const [known, call] = [earlier[n], later[n]];
    // One of the two has an n-th call: n is below the greater length.
    if (known === undefined || call === undefined) return (call ?? known) as RecordedCall;
    const outcome = call.outcome.kind === "open" ? known.outcome : call.outcome;
    return { ...call, outcome, final: known.final || call.final };
  });
}

function keyOf({ messages, schema }: Question): string {
  const texts = messages.map(({ role, content }) => [role, withoutFigures(content)]);
  return sha256Of(JSON.stringify([texts, schema ?? null]));
}
