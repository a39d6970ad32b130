/** RLM: the public class, and the one place where models, sandboxes and the engine are put together. */
import { type BatchItem, runBatch } from "./engine/batch.ts";
import { describeGrants } from "./engine/grants.ts";
import { gotText } from "./engine/got_text.ts";
import type { Outcome } from "./engine/job.ts";
import { Resumption } from "./engine/resume.ts";
import { type RestoreSandbox, resumedSandbox, resumedSandboxes } from "./engine/resumed_sandbox.ts";
import { isRecord } from "./engine/schema.ts";
import { settingsOf } from "./engine/settings.ts";
import {
  type CheckedSignature,
  type InferInputs,
  type InferOutputs,
  normalizeSignature,
  type Signature,
  type SignatureSpec,
} from "./engine/signature.ts";
import { Session, type SessionOutcome, type SessionState } from "./engine/session.ts";
import { type RunParts, startRun } from "./engine/start_run.ts";
import { streamOf } from "./engine/stream.ts";
import type { OutputCheck } from "./engine/submission.ts";
import { createSandbox, restoreSandbox } from "./host/mod.ts";
import type { SandboxFactory } from "./host/sandbox.ts";
import { CachedModel } from "./models/cache.ts";
import type { LanguageModel } from "./models/language_model.ts";
import { type ModelSource, resolveModel } from "./models/resolve_model.ts";
import { journalledOptions, resumeOptions } from "./rlm_start.ts";
import type { RlmBatchOptions, RlmOptions, RlmResult, RunOptions } from "./rlm_options.ts";
import { readState, type RlmState, stateOf } from "./rlm_state.ts";
import type { RlmEvent } from "./trace/events.ts";
import { textFolder } from "./trace/journal_format.ts";

/**
 * A Recursive Language Model: answers questions about inputs of any size by having a model write Python
 * in a sandbox that holds them.
 *
 * Making one starts nothing and sends nothing. It may be used for any number of runs, also at the same time.
 *
 * @example
 * ```ts
 * import { RLM } from "@rlm/rlm";
 * import { cell, ScriptedModel } from "@rlm/rlm/testing";
 *
 * const lm = new ScriptedModel([
 *   cell("print(context.count('whale'))"),
 *   cell("SUBMIT(answer=context.count('whale'))"),
 * ]);
 * const rlm = new RLM("context, query -> answer: int", { lm });
 * const { answer } = await rlm.run({ context: "whale ".repeat(3), query: "How many whales?" });
 * console.assert(answer === 3);
 * ```
 */
export class RLM<const S extends SignatureSpec> {
  /** The signature as it was read. */
  readonly signature: Signature;
  /** The options as they were given. */
  readonly options: RlmOptions<InferOutputs<S>>;
  readonly #spec: S & CheckedSignature<S>;

  /**
   * Reads the signature and checks the options.
   *
   * @throws {SignatureError} when the signature cannot be read
   * @throws {RangeError} when an option's value is impossible
   */
  constructor(signature: S & CheckedSignature<S>, options: RlmOptions<InferOutputs<S>> = {}) {
    settingsOf(options);
    this.#spec = signature;
    this.signature = normalizeSignature(signature);
    this.options = options;
  }

  /**
   * Runs to an answer.
   *
   * @throws {TypeError} when an input is missing, unknown or of the wrong type; nothing was started
   * @throws {ModelError} when the model did not answer
   * @throws {SandboxError} when the sandbox did not start or was lost for good
   * @throws {BudgetError} when a cap left no room even for the last call
   * @throws {SubmissionError} when the turns ran out and no answer fits the outputs
   */
  async run(inputs: InferInputs<S>, options: RunOptions = {}): Promise<RlmResult<S>> {
    const { journal } = options;
    const saved = journal !== undefined && this.options.checkpoint;
    const given = asRecord(inputs);
    const outcome = await startRun(this.#parts(), given, {
      ...journalledOptions(options, given),
      ...(saved ? { checkpoints: { folder: textFolder(journal) } } : {}),
    });
    return this.#result(outcome);
  }

  /**
   * Goes on with a run where it stopped, whatever stopped it. The run is told again from its journal: recorded
   * replies are not paid for again, recorded tool results are not asked for again, and the cells run again, or
   * those after the last checkpoint, to bring the variables back. Then it goes on, and so does the journal.
   * A run that had ended gives its result again.
   *
   * Inputs are those kept in the journal; only those that were too large for it must be given again. The `RLM` must
   * have the signature and options of then; but caps may be raised, and a run that had used one up goes on.
   *
   * @throws {JournalError} when the journal cannot be read, an input is not the same, or a cell does something
   * else than it did; and everything that {@linkcode run} throws
   *
   * @example
   * ```ts ignore
   * const rlm = new RLM("context, query -> answer", { lm: "openai/gpt-5", checkpoint: true });
   * await rlm.run({ context, query }, { journal: "run.jsonl" }); // the machine goes down
   * const { answer } = await rlm.resume("run.jsonl"); // on another day
   * ```
   */
  async resume(
    path: string,
    inputs: Partial<InferInputs<S>> = {},
    options: Omit<RunOptions, "journal"> = {},
  ): Promise<RlmResult<S>> {
    await using resumption = await Resumption.open(path, options);
    resumption.checkPlace(null);
    const given = await resumption.inputs(asRecord(inputs));
    const { sandbox = {}, checkpoint } = this.options;
    const parts = resumption.parts(this.#parts());
    const makeSandbox = resumedSandboxes(parts.makeSandbox, resumption, restorer(sandbox));
    const outcome = await startRun({ ...parts, makeSandbox }, given, {
      ...resumeOptions(resumption, options),
      ...(checkpoint ? { checkpoints: resumption.checkpoints } : {}),
    });
    return this.#result(outcome);
  }

  /** Runs and yields the events, text of the models included; the generator returns the result. Leaving early aborts. */
  stream(
    inputs: InferInputs<S>,
    options: Omit<RunOptions, "onEvent"> = {},
  ): AsyncGenerator<RlmEvent, RlmResult<S>, void> {
    return streamOf((onEvent, left) => {
      const signal = options.signal ? AbortSignal.any([options.signal, left]) : left;
      return this.run(inputs, { deltas: true, ...options, signal, onEvent });
    });
  }

  /** Runs many inputs; each has a result or an error in its place. */
  batch(
    inputs: readonly InferInputs<S>[],
    options: RlmBatchOptions = {},
  ): Promise<BatchItem<RlmResult<S>>[]> {
    const { onEvent } = options;
    return runBatch(
      inputs,
      (each, signal) => this.run(each, { signal, ...(onEvent ? { onEvent } : {}) }),
      options,
    );
  }

  /**
   * Opens a session: runs that share one REPL and one conversation. Close it, best by `await using`. Each run may have
   * a journal; `session.resume()` brings a session back from those of its runs.
   */
  session(): Session<InferInputs<S>, RlmResult<S>, RunOptions> {
    const parts = this.#parts();
    return new Session(parts.makeSandbox, {
      run: async (inputs, session, options: RunOptions = {}) => {
        const given = asRecord(inputs);
        const outcome = await startRun(parts, given, {
          ...journalledOptions(options, given),
          session,
        });
        return { result: this.#result(outcome), inputs: given };
      },
      resume: (path, inputs, session, options) =>
        this.#resumeIn(session, parts, path, asRecord(inputs), options),
    });
  }

  async #resumeIn(
    session: SessionState,
    parts: RunParts,
    path: string,
    inputs: Readonly<Record<string, unknown>>,
    options: RunOptions = {},
  ): Promise<SessionOutcome<RlmResult<S>>> {
    await using resumption = await Resumption.open(path, options);
    resumption.checkPlace(session.conversation);
    const given = await resumption.inputs(inputs);
    const open = async (signal: AbortSignal) =>
      resumedSandbox(await session.open(signal), resumption);
    const outcome = await startRun(resumption.parts(parts), given, {
      ...resumeOptions(resumption, options),
      session: { ...session, open },
    });
    return { result: this.#result(outcome), inputs: given };
  }

  /**
   * Signature and options as plain data, to be kept and given to {@linkcode RLM.fromJSON}. What is no data is left
   * out: tools, checks, and models and sandboxes that are objects or functions.
   */
  toJSON(): RlmState {
    return stateOf(this.signature, this.options);
  }

  /**
   * Makes an `RLM` from what {@linkcode RLM.toJSON} gave; `options` brings what was left out, or other values.
   *
   * @throws {TypeError} when the state is not one
   */
  static fromJSON(state: unknown, options: RlmOptions = {}): RLM<Signature> {
    const { signature, options: saved } = readState(state);
    return new RLM<Signature>(signature, { ...saved, ...options });
  }

  /** A copy with other options in the place of these. */
  withOptions(options: RlmOptions<InferOutputs<S>>): RLM<S> {
    return new RLM(this.#spec, { ...this.options, ...options });
  }

  #parts(): RunParts {
    const { lm, subLm, models = {}, tools = {}, sandbox = {}, cache = true, check } = this.options;
    const model = (source: ModelSource | undefined): LanguageModel => {
      const resolved = resolveModel(source);
      return typeof cache === "boolean" ? resolved : new CachedModel(resolved, { store: cache });
    };
    const root = model(lm);
    return {
      signature: this.signature,
      settings: settingsOf(this.options),
      models: {
        root,
        sub: subLm === undefined ? root : model(subLm),
        aliases: Object.fromEntries(
          Object.entries(models).map(([alias, source]) => [alias, model(source)]),
        ),
      },
      makeSandbox: sandboxFactory(sandbox),
      tools,
      // The engine checks outputs against the signature that O was inferred from before it asks.
      check: check === undefined ? null : check as OutputCheck,
      memo: cache !== false,
      grants: typeof sandbox === "function" ? [] : describeGrants(sandbox),
    };
  }

  /** The outcome with a property for each output. */
  #result(
    { outputs, stopReason, stoppedBy, soFar, runId }: Outcome & { readonly runId: string },
  ): RlmResult<S> {
    const { trajectory, usage } = soFar;
    // The outputs were checked against the signature that their type was inferred from.
    return { ...outputs, outputs, trajectory, stopReason, stoppedBy, usage, runId } as RlmResult<S>;
  }
}

function asRecord(inputs: unknown): Record<string, unknown> {
  if (isRecord(inputs)) return inputs;
  throw new TypeError(
    `read inputs: expected an object with a value for each input, got ${gotText(inputs)}`,
  );
}

function sandboxFactory(sandbox: NonNullable<RlmOptions["sandbox"]>): SandboxFactory {
  if (typeof sandbox === "function") return sandbox;
  return ({ signal }) => createSandbox({ ...sandbox, ...(signal ? { signal } : {}) });
}

/** Makes sandboxes from checkpoints; a caller's own factory cannot. */
function restorer(sandbox: NonNullable<RlmOptions["sandbox"]>): RestoreSandbox | null {
  if (typeof sandbox === "function") return null;
  return (saved, { signal }) =>
    restoreSandbox(saved, { ...sandbox, ...(signal ? { signal } : {}) });
}
