/** What a run is about, and what comes of it. */
import type { BudgetCap, RunSoFar } from "../errors.ts";
import type { Sandbox, Tool } from "../host/sandbox.ts";
import type { StopReason } from "../trace/trajectory.ts";
import type { Conversation } from "./conversation.ts";
import type { Settings } from "./settings.ts";
import type { Signature } from "./signature.ts";
import type { OutputCheck } from "./submission.ts";

/** The outputs of a run, checked. */
export type Outputs = Readonly<Record<string, unknown>>;

/** What a run is about. */
export interface Job {
  readonly signature: Signature;
  readonly settings: Settings;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The caller's tools. */
  readonly tools: Readonly<Record<string, Tool>>;
  readonly check: OutputCheck | null;
  /** What the sandbox grants, in words for the model. */
  readonly grants: readonly string[];
  /** Hash the inputs, so that a resumed run can tell that they are the same. */
  readonly hashInputs: boolean;
  /** A sandbox and conversation kept from an earlier run; null to begin with new ones. */
  readonly kept: Kept | null;
  /** What a user should know of the models before trusting the answer. */
  readonly cautions: readonly string[];
}

/** What outlives a run when its caller goes on with it. */
export interface Kept {
  /** Gives the sandbox; the first run starts it. */
  readonly open: (signal: AbortSignal) => Promise<Sandbox>;
  readonly conversation: Conversation;
}

/** What came of a run. */
export interface Outcome {
  readonly outputs: Outputs;
  readonly stopReason: StopReason;
  /** The cap that ended the run; null when it ended by itself. */
  readonly stoppedBy: BudgetCap | null;
  readonly soFar: RunSoFar;
}
