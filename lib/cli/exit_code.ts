/** Exit codes of `rlm`: what a script that calls it may rely on. */
import {
  BudgetError,
  ModelError,
  SandboxError,
  SignatureError,
  SubmissionError,
} from "../errors.ts";
import type { StopReason } from "../trace/trajectory.ts";
import { UsageError } from "./usage_error.ts";

/** Exit codes by what they mean. */
export const ExitCode = {
  ok: 0,
  failed: 1,
  usage: 2,
  limit: 3,
  model: 4,
  sandbox: 5,
  interrupted: 130,
} as const;

/** One of the exit codes. */
export type ExitCode = typeof ExitCode[keyof typeof ExitCode];

/** The exit code of a run by how it ended: an answer that was extracted at a limit is an answer. */
export function exitCodeOf(stopReason: StopReason | "error"): ExitCode {
  switch (stopReason) {
    case "submitted":
    case "extracted":
    case "direct":
    case "budget":
      return ExitCode.ok;
    case "aborted":
      return ExitCode.interrupted;
    case "error":
      return ExitCode.failed;
  }
}

/** The exit code of a run that threw. */
export function exitCodeOfError(error: unknown): ExitCode {
  if (error instanceof UsageError || error instanceof SignatureError) return ExitCode.usage;
  // Turns, money or time are used up and there is no answer, or none that fits.
  if (error instanceof BudgetError || error instanceof SubmissionError) return ExitCode.limit;
  if (error instanceof ModelError) return ExitCode.model;
  if (error instanceof SandboxError) return ExitCode.sandbox;
  if (error instanceof DOMException && error.name === "AbortError") return ExitCode.interrupted;
  return ExitCode.failed;
}
