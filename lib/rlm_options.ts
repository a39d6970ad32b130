/** What an RLM takes and gives: options, results and what a single run adds. No behaviour. */
import type { BatchOptions } from "./engine/batch.ts";
import type { LoopOptions } from "./engine/settings.ts";
import type { InferOutputs } from "./engine/signature.ts";
import type { BudgetCap } from "./errors.ts";
import type { SandboxFactory, SandboxOptions, Tool } from "./host/sandbox.ts";
import type { CompletionStore } from "./models/cache_store.ts";
import type { ModelSource } from "./models/resolve_model.ts";
import type { EventListener } from "./trace/events.ts";
import type { StopReason, Turn, Usage } from "./trace/trajectory.ts";

/** Options of an `RLM`; `O` is the type of its outputs. */
export interface RlmOptions<O = Record<string, unknown>> extends LoopOptions {
  /** The model that writes the cells: `provider/model`, a `LanguageModel`, or an OpenAI client. Default: `RLM_MODEL`. */
  readonly lm?: ModelSource;
  /** The model that answers `llm_query`. Default: `lm`. */
  readonly subLm?: ModelSource;
  /** Further models that cells may choose by alias: `llm_query(prompt, model="alias")`. */
  readonly models?: Readonly<Record<string, ModelSource>>;
  /** Functions that cells may call by name; make them with `tool()`. */
  readonly tools?: Readonly<Record<string, Tool>>;
  /** What the sandbox may do, or a function that makes sandboxes, such as a pool's. Default: it may do nothing. */
  readonly sandbox?: SandboxOptions | SandboxFactory;
  /**
   * True sends identical sub-calls of a run once. A store also keeps replies from run to run, those of the root
   * model included. False sends everything. @default {true}
   */
  readonly cache?: boolean | CompletionStore;
  /** A caller's own check of an answer that fits: null when it is good, otherwise what is wrong, for the model. */
  readonly check?: (outputs: O) => string | null | undefined | Promise<string | null | undefined>;
  /** Save the guest's memory to the journal after each turn, while the model thinks. @default {false} */
  readonly checkpoint?: boolean;
}

/** What one run brings. */
export interface RunOptions {
  /** Ends the run: it rejects with the signal's reason, which then carries `trajectory` and `usage`. */
  readonly signal?: AbortSignal;
  /** Called with each event as it happens. */
  readonly onEvent?: EventListener;
  /** File that the run is written to, for viewing, replaying and resuming; it must not exist. Default: none. */
  readonly journal?: string;
  /** Report models' text as it arrives, as `model_delta` events. @default {false} */
  readonly deltas?: boolean;
  /** Names a new run in events and journals; a resumed one keeps its name. Default: a new UUID. */
  readonly runId?: string;
}

/** Options of `RLM.batch`. */
export interface RlmBatchOptions extends BatchOptions {
  /** Called with each event of every run; `runId` tells them apart. */
  readonly onEvent?: EventListener;
}

/** What a run did, beside its outputs. */
export interface RunRecord<O = Record<string, unknown>> {
  /** The outputs again, as one object. */
  readonly outputs: O;
  /** The turns, oldest first. */
  readonly trajectory: readonly Turn[];
  /**
   * `submitted`: the model handed the answer in. `extracted`: it was taken from the conversation after the last turn.
   * `budget`: likewise, after another cap. `direct`: the inputs were small, and one call answered (`directTokens`). An
   * aborted run has no result.
   */
  readonly stopReason: StopReason;
  /** The cap that ended the run; null when the answer was submitted or the run went in circles. */
  readonly stoppedBy: BudgetCap | null;
  /** Calls, tokens and cost, children included. */
  readonly usage: Usage;
  /** Names the run in events and journals. */
  readonly runId: string;
}

/** The result of a run: a property for each output, and what the run did. */
export type RlmResult<S> = InferOutputs<S> & RunRecord<InferOutputs<S>>;
