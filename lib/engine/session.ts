/** Session: runs that share one REPL and one conversation, one after another. */
import type { Sandbox, SandboxFactory } from "../host/sandbox.ts";
import { Conversation } from "./conversation.ts";
import type { Kept } from "./job.ts";
import { startSandbox } from "./run.ts";

/**
 * What a session keeps from run to run.
 *
 * @internal
 */
export interface SessionState extends Kept {
  /** What is bound in the REPL, by name. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

/**
 * What came of a run of a session, and the inputs that it was given.
 *
 * @internal
 */
export interface SessionOutcome<R> {
  readonly result: R;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/**
 * Performs the runs of a session.
 *
 * @internal
 */
export interface SessionRuns<I, R, O> {
  /** A new run. */
  run(inputs: Partial<I>, state: SessionState, options?: O): Promise<SessionOutcome<R>>;
  /** A run that is told again from its journal, and goes on where it stopped. */
  resume(
    path: string,
    inputs: Partial<I>,
    state: SessionState,
    options?: Omit<O, "journal">,
  ): Promise<SessionOutcome<R>>;
}

/**
 * Runs that share one REPL: variables, functions and what the model has learnt stay. The first run must bring all
 * inputs; later ones bring those that are new, most often another question.
 *
 * Each run may have a journal of its own. A session is brought back by resuming its journals, one after another,
 * in a new session; checkpoints are not made of it.
 *
 * @example
 * ```ts
 * import { RLM } from "@rlm/rlm";
 * import { cell, FakeSandbox, ScriptedModel } from "@rlm/rlm/testing";
 *
 * const rlm = new RLM("context, query -> answer: int", {
 *   lm: new ScriptedModel([cell("SUBMIT(answer=1)"), cell("SUBMIT(answer=2)")]),
 *   sandbox: () => Promise.resolve(new FakeSandbox()),
 *   verify: false,
 * });
 * await using chat = rlm.session();
 * const first = await chat.run({ context: "a long text", query: "How many parts?" });
 * const second = await chat.run({ query: "And how many chapters?" });
 * console.assert(first.answer === 1 && second.answer === 2);
 * ```
 */
export class Session<I, R, O> implements AsyncDisposable {
  readonly #makeSandbox: SandboxFactory;
  readonly #runs: SessionRuns<I, R, O>;
  readonly #conversation = new Conversation();
  #inputs: Readonly<Record<string, unknown>> = {};
  #sandbox: Sandbox | null = null;
  #state: "idle" | "running" | "closed" = "idle";

  /**
   * Takes what performs runs, and what makes the sandbox; that is started by the first run.
   *
   * @internal
   */
  constructor(makeSandbox: SandboxFactory, runs: SessionRuns<I, R, O>) {
    this.#makeSandbox = makeSandbox;
    this.#runs = runs;
  }

  /**
   * Runs to an answer in the REPL as the runs before left it; one run at a time.
   *
   * @throws {TypeError} while another run is under way, or after the end; and everything that `RLM.run` throws
   */
  run(inputs: Partial<I>, options?: O): Promise<R> {
    return this.#alone((state) => this.#runs.run(inputs, state, options));
  }

  /**
   * Tells a run of an earlier session again from its journal, as `RLM.resume` does: nothing is paid for twice, the
   * variables are back, and a run that had not ended goes on. Begin with the journal of the first run and take the
   * others in their order; then {@linkcode run} asks the next question.
   *
   * @throws {JournalError} when the journal is not that of the session's next run; and everything that
   * `RLM.resume` throws
   *
   * @example
   * ```ts ignore
   * await using chat = rlm.session();
   * await chat.resume("first.jsonl");
   * await chat.run({ query: "And what came after that?" }, { journal: "second.jsonl" });
   * ```
   */
  resume(path: string, inputs: Partial<I> = {}, options?: Omit<O, "journal">): Promise<R> {
    return this.#alone((state) => this.#runs.resume(path, inputs, state, options));
  }

  /** Ends the sandbox; safe to call twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#state = "closed";
    await this.#sandbox?.close();
  }

  async #alone(perform: (state: SessionState) => Promise<SessionOutcome<R>>): Promise<R> {
    if (this.#state !== "idle") {
      throw new TypeError(
        `run in a session: it is ${this.#state}; wait for the run before, or open another session`,
      );
    }
    this.#state = "running";
    try {
      const { result, inputs } = await perform({
        open: async (signal) => this.#sandbox ??= await startSandbox(this.#makeSandbox, signal),
        conversation: this.#conversation,
        inputs: this.#inputs,
      });
      this.#inputs = { ...this.#inputs, ...inputs };
      return result;
    } finally {
      if (this.#state === "running") this.#state = "idle";
    }
  }
}
