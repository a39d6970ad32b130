/** RlmEvent: what happens in a run, as a tagged union with ids and parents. The journal is made of these. */
import type { Cell, JsonSchema } from "../host/sandbox.ts";
import type { Completion, Message } from "../models/language_model.ts";
import type { BudgetCap, SubmissionIssue, TokenSpending } from "../errors.ts";
import type { CallRole, StopReason, Usage } from "./trajectory.ts";

/** What every event has. */
export interface EventHead {
  /** Counts the events of a run from 0, children's included. */
  readonly seq: number;
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  /** The run that the event belongs to; a child run has an id of its own. */
  readonly runId: string;
}

/** An input as the prompt describes it. */
export interface InputSummary {
  /** The variable's name. */
  readonly name: string;
  /** Python's name of its type. */
  readonly type: string;
  /** Characters, bytes or items, as `unit` says; null where it has no length. */
  readonly length: number | null;
  /** What `length` counts. */
  readonly unit: "characters" | "bytes" | "items" | null;
  /** Hash of the content, to see on resume that the inputs are the same. */
  readonly sha256: string | null;
}

/** One event of a run. `stepId` names the turn; `callId` names a model or tool call; both are unique in the run tree. */
export type RlmEvent =
  & EventHead
  & (
    | {
      readonly type: "run_start";
      /** The parent's run and the call that asked for this one; null at the root. */
      readonly parentRunId: string | null;
      readonly parentCallId: string | null;
      readonly depth: number;
      /** Which run of its session it is, from 1; left out where there is no session. */
      readonly sessionRun?: number;
      readonly outputs: JsonSchema;
      readonly instructions: string;
      readonly inputs: readonly InputSummary[];
      readonly model: string;
      readonly subModel: string;
      /** Caps and switches, as plain data. */
      readonly options: Readonly<Record<string, unknown>>;
    }
    | {
      /** The inputs are small enough to be asked about whole: one request with them in it, and no sandbox yet. */
      readonly type: "direct";
      /** Tokens of the inputs, estimated. */
      readonly tokens: number;
      /** The run's `directTokens`. */
      readonly allowed: number;
    }
    | {
      readonly type: "turn_start";
      readonly stepId: string;
      readonly turn: number;
      readonly maxIterations: number;
    }
    | {
      readonly type: "model_request";
      readonly callId: string;
      /** The turn that made the call. */
      readonly stepId: string | null;
      /** The tool call in the cell that made it; null for the root's own. */
      readonly parentCallId: string | null;
      readonly role: CallRole;
      readonly model: string;
      readonly messages: readonly Message[];
      readonly schema: JsonSchema | null;
    }
    | { readonly type: "model_delta"; readonly callId: string; readonly text: string }
    | {
      readonly type: "model_reply";
      readonly callId: string;
      readonly completion: Completion;
      /** Taken from the cache: nothing was sent or paid. */
      readonly cached: boolean;
      readonly durationMs: number;
    }
    | {
      readonly type: "model_error";
      readonly callId: string;
      readonly error: {
        readonly type: string;
        readonly code: string;
        readonly message: string;
        readonly status: number | null;
      };
      readonly attempts: number;
      /** What the failed requests were billed all the same, where that is known. */
      readonly spent?: TokenSpending | null;
      readonly durationMs: number;
    }
    | {
      readonly type: "cell_start";
      readonly stepId: string;
      readonly code: string;
      readonly reasoning: string;
    }
    | {
      readonly type: "cell_output";
      readonly stepId: string;
      readonly stream: "stdout" | "stderr";
      readonly text: string;
    }
    | {
      readonly type: "tool_call";
      readonly callId: string;
      readonly stepId: string;
      readonly name: string;
      readonly args: Readonly<Record<string, unknown>>;
    }
    | {
      readonly type: "tool_result";
      readonly callId: string;
      readonly ok: boolean;
      /** The result as the guest got it, or the error. */
      readonly result: unknown;
      readonly durationMs: number;
    }
    | { readonly type: "cell_end"; readonly stepId: string; readonly cell: Cell }
    | {
      readonly type: "submission";
      readonly stepId: string;
      readonly accepted: boolean;
      readonly issues: readonly SubmissionIssue[];
      readonly value: Readonly<Record<string, unknown>>;
    }
    | {
      /** What the model is told after a turn; the next request's last message. */
      readonly type: "turn_end";
      readonly stepId: string;
      readonly feedback: string;
    }
    | {
      readonly type: "checkpoint";
      readonly stepId: string;
      readonly bytes: number;
      readonly durationMs: number;
    }
    | {
      readonly type: "compaction";
      readonly stepId: string;
      readonly droppedMessages: number;
      /** Tokens that the model was known to take; null when it was not known, and a request was refused as too long. */
      readonly contextWindow: number | null;
    }
    | {
      readonly type: "budget";
      readonly cap: BudgetCap;
      readonly used: number;
      readonly allowed: number;
    }
    | { readonly type: "warning"; readonly message: string }
    | {
      readonly type: "run_end";
      readonly stopReason: StopReason | "error";
      /** The answer's fields; null when there is none. */
      readonly result: Readonly<Record<string, unknown>> | null;
      readonly usage: Usage;
      readonly error: { readonly type: string; readonly message: string } | null;
      readonly durationMs: number;
    }
  );

/** Receives events in order. A listener that throws is reported once as a warning and does no harm. */
export type EventListener = (event: RlmEvent) => void;
