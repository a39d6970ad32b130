/** RunTree: what a run and all its children share: models, budget, events, places for calls. */
import type { RlmError, RunSoFar } from "../errors.ts";
import type { SandboxFactory } from "../host/sandbox.ts";
import type { LanguageModel } from "../models/language_model.ts";
import type { SubCall, Turn } from "../trace/trajectory.ts";
import { UsageTally } from "../trace/usage.ts";
import type { Budget } from "./budget.ts";
import type { Emitter, EventBody } from "./emitter.ts";
import type { Job, Outcome } from "./job.ts";
import type { ReplyMemo } from "./reply_memo.ts";
import type { Semaphore } from "./semaphore.ts";

/** The models of a run tree. */
export interface ModelSet {
  /** Writes the cells. */
  readonly root: LanguageModel;
  /** Answers sub-calls. */
  readonly sub: LanguageModel;
  /** Further models that `llm_query(model=…)` may name. */
  readonly aliases: Readonly<Record<string, LanguageModel>>;
}

/** What a run and its children share. */
export interface RunTree {
  readonly models: ModelSet;
  readonly budget: Budget;
  readonly emitter: Emitter;
  /** Places for model calls that are open at once; a root's own calls need none. */
  readonly slots: Semaphore;
  /** Identical sub-calls are sent once through it; null when that is off. */
  readonly memo: ReplyMemo | null;
  readonly makeSandbox: SandboxFactory;
  /** Names calls in the order in which they are made. */
  readonly nextCallId: () => string;
  /** Ends the whole tree with an error that no turn could mend. */
  readonly fail: (error: RlmError) => void;
  /** What the caller's signal aborts, or null; an error with its reason is an abort. */
  readonly callerSignal: AbortSignal | null;
  /** Performs a child's run. */
  readonly perform: (run: Run, job: Job) => Promise<Outcome>;
  /** Report text as it arrives. */
  readonly deltas: boolean;
}

/** The run that asked for a child, and the call in which it did. */
export interface Parent {
  readonly runId: string;
  readonly callId: string;
}

/** One run of the tree, as it goes on. */
export class Run {
  readonly tree: RunTree;
  readonly id: string;
  readonly depth: number;
  readonly parent: Parent | null;
  /** Ends the turns; its reason says why. */
  readonly signal: AbortSignal;
  /** Ends the last call too; it leaves that call some time after the turns have run out of theirs. */
  readonly lastSignal: AbortSignal;
  readonly turns: Turn[] = [];
  /** Sub-calls of the turn that is under way. */
  subCalls: SubCall[] = [];
  /** Things that the model should know at the end of the turn that is under way. */
  notes: string[] = [];
  /** The turn that is under way. */
  stepId: string | null = null;
  readonly #tally = new UsageTally();
  readonly #above: Run | null;

  /** Begins a run; `above` is the parent's, which what this one spends counts for too. */
  constructor(tree: RunTree, options: {
    readonly id: string;
    readonly signal: AbortSignal;
    readonly lastSignal: AbortSignal;
    readonly above?: { readonly run: Run; readonly callId: string };
  }) {
    this.tree = tree;
    this.id = options.id;
    this.signal = options.signal;
    this.lastSignal = options.lastSignal;
    this.#above = options.above?.run ?? null;
    this.depth = this.#above === null ? 0 : this.#above.depth + 1;
    this.parent = options.above === undefined
      ? null
      : { runId: options.above.run.id, callId: options.above.callId };
  }

  /** Emits an event of this run. */
  emit(body: EventBody): void {
    this.tree.emitter.emit(this.id, body);
  }

  /** Counts a call for this run and for those above it. */
  count(add: (tally: UsageTally) => void): void {
    add(this.#tally);
    this.#above?.count(add);
  }

  /** The turns and what was spent, children included, as a copy. */
  soFar(): RunSoFar {
    return { trajectory: [...this.turns], usage: this.#tally.usage() };
  }
}
