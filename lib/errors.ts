/**
 * Every error class of the project, one small tree by consequence: what a caller can do next.
 * Bad arguments are `TypeError` and `RangeError`; everything else is an {@linkcode RlmError}.
 */
import type { TokenUsage } from "./models/language_model.ts";
import type { Turn, Usage } from "./trace/trajectory.ts";

/** What happened before an error was thrown. */
export interface RunSoFar {
  /** Turns that were finished. */
  readonly trajectory: readonly Turn[];
  /** What was spent. */
  readonly usage: Usage;
}

/** Base of all errors of this package; carries what the run had done and spent. */
export class RlmError extends Error {
  /** The name of the class. */
  override name = "RlmError";
  /** Turns that were finished before the error; empty outside a run. */
  trajectory: readonly Turn[] = [];
  /** What was spent before the error; null outside a run. */
  usage: Usage | null = null;
}

/** A signature could not be read; `position` is the index in the string form, or null. */
export class SignatureError extends RlmError {
  /** The name of the class. */
  override name = "SignatureError";
  /** Index in the signature's text where it went wrong, or null. */
  readonly position: number | null;
  /** Takes the message, and where in the signature's text it went wrong. */
  constructor(message: string, position: number | null = null) {
    super(message);
    this.position = position;
  }
}

/** Why a model call failed, as a word that code can branch on. */
export type ModelErrorCode =
  | "unreachable"
  | "timeout"
  | "auth"
  | "quota"
  | "not_found"
  | "rate_limit"
  | "overloaded"
  | "server_error"
  | "bad_request"
  | "context_length"
  | "content_filter"
  | "refusal"
  | "empty"
  | "cut_off"
  | "config"
  | "replay"
  | "unknown";

/** Options of a {@linkcode ModelError}. */
export interface ModelErrorOptions extends ErrorOptions {
  /** What kind of failure it was. */
  readonly code: ModelErrorCode;
  /** The model that was asked. */
  readonly model: string;
  /** HTTP status, if there was one. */
  readonly status?: number;
  /** The same request might succeed later. @default {false} */
  readonly retryable?: boolean;
  /** Requests that were sent. @default {1} */
  readonly attempts?: number;
  /** What the failed requests were billed all the same. @default {null} */
  readonly spent?: TokenSpending | null;
}

/** Tokens that a provider billed, and US dollars or null when the price is unknown. */
export interface TokenSpending {
  /** The tokens. */
  readonly usage: TokenUsage;
  /** US dollars, or null when the price is unknown. */
  readonly cost: number | null;
}

/** A model did not answer. */
export class ModelError extends RlmError {
  /** The name of the class. */
  override name = "ModelError";
  /** What kind of failure it was. */
  readonly code: ModelErrorCode;
  /** The model that was asked. */
  readonly model: string;
  /** HTTP status, or null when there was none. */
  readonly status: number | null;
  /** The same request might succeed later. */
  readonly retryable: boolean;
  /** Requests that were sent. */
  readonly attempts: number;
  /** What the failed requests were billed all the same; null when nothing is known to be. */
  readonly spent: TokenSpending | null;
  /** Takes the message and what is known of the failure. */
  constructor(message: string, options: ModelErrorOptions) {
    super(message, options);
    this.code = options.code;
    this.model = options.model;
    this.status = options.status ?? null;
    this.retryable = options.retryable ?? false;
    this.attempts = options.attempts ?? 1;
    this.spent = options.spent ?? null;
  }
}

/** What a budget counts. */
export type BudgetCap =
  | "maxIterations"
  | "maxLlmCalls"
  | "maxTokens"
  | "maxCost"
  | "maxSeconds"
  | "maxErrors"
  | "maxDepth";

/** A call was refused because it would pass a cap; nothing was sent. */
export class BudgetError extends RlmError {
  /** The name of the class. */
  override name = "BudgetError";
  /** The cap that the call would have passed. */
  readonly cap: BudgetCap;
  /** What was used of it before the call, in the cap's unit. */
  readonly used: number;
  /** The cap itself. */
  readonly allowed: number;
  /** Takes the message and the cap's figures. */
  constructor(message: string, details: { cap: BudgetCap; used: number; allowed: number }) {
    super(message);
    this.cap = details.cap;
    this.used = details.used;
    this.allowed = details.allowed;
  }
}

/** One thing that is wrong with a submitted value. */
export interface SubmissionIssue {
  /** Field and path inside it, such as `pages[2].title`. */
  readonly path: string;
  /** What the schema asks for there. */
  readonly wanted: string;
  /** What was submitted, in short. */
  readonly got: string;
}

/** No answer passed the schema. */
export class SubmissionError extends RlmError {
  /** The name of the class. */
  override name = "SubmissionError";
  /** All that was wrong with the last submission. */
  readonly issues: readonly SubmissionIssue[];
  /** Takes the message and what was wrong. */
  constructor(message: string, issues: readonly SubmissionIssue[]) {
    super(message);
    this.issues = issues;
  }
}

/** A journal could not be written, read, or gone on with. */
export class JournalError extends RlmError {
  /** The name of the class. */
  override name = "JournalError";
  /** The journal's file. */
  readonly path: string;
  /** Line of the file, counted from 1, or null when no single line is at fault. */
  readonly line: number | null;
  /** Takes the message and the place in the journal. */
  constructor(message: string, path: string, line: number | null = null, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
    this.line = line;
  }
}

/** The sandbox could not do what was asked. */
export class SandboxError extends RlmError {
  /** The name of the class. */
  override name = "SandboxError";
}

/** The sandbox did not start; the message ends with the remedy. */
export class SandboxStartError extends SandboxError {
  /** The name of the class. */
  override name = "SandboxStartError";
}

/** Why a sandbox was lost, as a word that code can branch on. */
export type SandboxLossReason = "exit" | "killed" | "closed" | "abandoned";

/** The sandbox ended and its state is gone; `cause` tells why. */
export class SandboxLostError extends SandboxError {
  /** The name of the class. */
  override name = "SandboxLostError";
  /**
   * `exit`: it ended by itself; `killed`: we ended it at a deadline; `closed`: it was closed; `abandoned`: the thread of a worker
   * could not be ended, and runs on until what it does ends.
   */
  readonly reason: SandboxLossReason;
  /** Last characters that the process wrote to stderr. */
  readonly stderrTail: string;
  /** Takes the message and how the process ended. */
  constructor(
    message: string,
    details: { reason: SandboxLossReason; stderrTail?: string },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.reason = details.reason;
    this.stderrTail = details.stderrTail ?? "";
  }
}

/** The other side of the wire broke the contract; that sandbox is ended. */
export class ProtocolError extends SandboxError {
  /** The name of the class. */
  override name = "ProtocolError";
  /** JSON-RPC error code. */
  readonly code: number;
  /** Takes the message and the JSON-RPC error code. */
  constructor(message: string, code: number, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
