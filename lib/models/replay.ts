/** ReplayModel: answers from a recorded run, offline, and says so where a run goes another way. */
import { ModelError } from "../errors.ts";
import { describeDifference } from "../trace/difference.ts";
import type { RlmEvent } from "../trace/events.ts";
import { readJournal } from "../trace/journal_reader.ts";
import type { RecordedCall } from "../trace/recorded_call.ts";
import { Recording } from "../trace/recording.ts";
import { recordedAnswer } from "../trace/recorded_answer.ts";
import { recordedWindow } from "../trace/recorded_window.ts";
import type { Usage } from "../trace/trajectory.ts";
import { usageOf } from "../trace/usage.ts";
import type { Completion, CompletionRequest, LanguageModel, TokenUsage } from "./language_model.ts";

/**
 * Gives the replies of a recorded run, with the usage and cost that they had.
 *
 * The outermost run must ask the same, byte for byte, in the same order; sub-calls and child runs are found by
 * what they ask, in any order. What is not in the recording is a `ModelError` of code `"replay"` that shows the
 * first difference; after it every request fails with the same error. Recorded failures come back as failures.
 *
 * @example
 * ```ts ignore
 * const replay = await ReplayModel.open("run.jsonl");
 * const rlm = new RLM("context, query -> answer", { lm: replay, subLm: replay.sub });
 * ```
 */
export class ReplayModel implements LanguageModel {
  /** The recorded root model's name. */
  readonly name: string;
  /** The recorded root model's window, where the run was compacted because of it. */
  readonly contextWindow: number | undefined;
  /** The same recording under the name of the model that answered sub-calls. */
  readonly sub: LanguageModel;
  readonly #recording: Recording;
  readonly #spent: Usage;
  #failure: ModelError | null = null;

  /** Takes the events of a run. */
  constructor(events: readonly RlmEvent[]) {
    this.#recording = new Recording([events], { exact: true });
    this.#spent = usageOf(events);
    const start = events.find((event) => event.type === "run_start");
    this.name = start?.model ?? "replay";
    this.contextWindow = recordedWindow(events);
    this.sub = this.as(start?.subModel ?? this.name);
  }

  /**
   * Reads the recording from a journal.
   *
   * @throws {JournalError} when it cannot be read.
   */
  static async open(
    path: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<ReplayModel> {
    const { events } = await readJournal(path, options);
    return new ReplayModel(events);
  }

  /** Recorded answers that nobody has asked for yet; empty after a run that was replayed to its end. */
  get unused(): readonly RecordedCall[] {
    return this.#recording.left.filter(({ outcome }) =>
      outcome.kind === "reply" && !outcome.cached
    );
  }

  /**
   * What so many tokens cost at the recorded run's average, so that a cap on money can be held as it was then;
   * null when a recorded price is unknown.
   */
  price({ inputTokens, outputTokens }: TokenUsage): Promise<number | null> {
    const { calls, cost, ...recorded } = this.#spent;
    const tokens = recorded.inputTokens + recorded.outputTokens;
    if (cost === null || calls === 0) return Promise.resolve(null);
    return Promise.resolve(tokens === 0 ? 0 : cost / tokens * (inputTokens + outputTokens));
  }

  /** The same recording under another model's name, for runs that ask several. */
  as(name: string): LanguageModel {
    return {
      name,
      complete: (request) => this.#complete(request, name),
      price: (usage) => this.price(usage),
    };
  }

  /** Gives the recorded reply, or rejects with the recorded failure. */
  complete(request: CompletionRequest): Promise<Completion> {
    return this.#complete(request, this.name);
  }

  async #complete(request: CompletionRequest, name: string): Promise<Completion> {
    request.signal?.throwIfAborted();
    if (this.#failure !== null) throw this.#failure;
    const call = this.#recording.take(request, name);
    if (call === null) throw this.#fail(describeDifference(request, this.#recording), name);
    if (call.outcome.kind === "open" && !call.final) {
      throw this.#fail(`the recording ends before turn ${call.turn} was answered`, name);
    }
    return await recordedAnswer(call, request);
  }

  #fail(difference: string, model: string): ModelError {
    const message = `Cannot replay: ${difference}; record the run again if this is wanted`;
    return this.#failure = new ModelError(message, { code: "replay", model, attempts: 0 });
  }
}
