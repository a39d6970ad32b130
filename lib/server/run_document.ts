/** RunDocument: a run as a client sees it. No behaviour. */
import type { BudgetCap } from "../errors.ts";
import type { StopReason, Usage } from "../trace/trajectory.ts";
import type { ProblemCode } from "./problem.ts";

/** A run as `GET /runs/:id` tells of it, and the last message of its events. */
export interface RunDocument {
  /** Names the run; its events carry it as `runId`. */
  readonly id: string;
  /** `done` has an answer, `failed` an error; `aborted` was ended by a client or with the server. */
  readonly state: "running" | "done" | "failed" | "aborted";
  /** The outputs, checked against the signature; null unless the run is done. */
  readonly answer: Readonly<Record<string, unknown>> | null;
  /** What was submitted last, accepted or not, when a run ended without an answer; null when nothing was. */
  readonly partial: Readonly<Record<string, unknown>> | null;
  /** How it came to its answer, as `stopReason` of a result; null without one. */
  readonly stopReason: StopReason | null;
  /** The cap that ended it, or null. */
  readonly stoppedBy: BudgetCap | null;
  /** Turns that were begun. */
  readonly turns: number;
  /** What was spent so far. */
  readonly usage: Usage;
  /** When it was accepted, in ISO 8601. */
  readonly startedAt: string;
  /** When it ended, or null. */
  readonly endedAt: string | null;
  /** What went wrong, or null. */
  readonly error: { readonly code: ProblemCode; readonly message: string } | null;
}
