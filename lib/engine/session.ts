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
 * Performs one run of a session.
 *
 * @internal
 */
export type SessionRun<I, R, O> = (
  inputs: Partial<I>,
  state: SessionState,
  options?: O,
) => Promise<R>;

/**
 * Runs that share one REPL: variables, functions and what the model has learnt stay. The first run must bring all
 * inputs; later ones bring those that are new, most often another question.
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
  readonly #run: SessionRun<I, R, O>;
  readonly #conversation = new Conversation();
  #inputs: Readonly<Record<string, unknown>> = {};
  #sandbox: Sandbox | null = null;
  #state: "idle" | "running" | "closed" = "idle";

  /** Takes what performs a run, and what makes the sandbox; that is started by the first run. */
  constructor(makeSandbox: SandboxFactory, run: SessionRun<I, R, O>) {
    this.#makeSandbox = makeSandbox;
    this.#run = run;
  }

  /** Runs to an answer in the REPL as the runs before left it; one run at a time. */
  async run(inputs: Partial<I>, options?: O): Promise<R> {
    if (this.#state !== "idle") {
      throw new TypeError(
        `run in a session: it is ${this.#state}; wait for the run before, or open another session`,
      );
    }
    this.#state = "running";
    try {
      const result = await this.#run(inputs, {
        open: async (signal) => this.#sandbox ??= await startSandbox(this.#makeSandbox, signal),
        conversation: this.#conversation,
        inputs: this.#inputs,
      }, options);
      this.#inputs = { ...this.#inputs, ...inputs };
      return result;
    } finally {
      if (this.#state === "running") this.#state = "idle";
    }
  }

  /** Ends the sandbox; safe to call twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#state = "closed";
    await this.#sandbox?.close();
  }
}
