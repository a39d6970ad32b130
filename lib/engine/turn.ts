/** One turn: ask the model, run its cell, check what it hands in, and tell it what came of it. */
import { RlmError, SandboxError, type SubmissionIssue } from "../errors.ts";
import type { Cell } from "../host/sandbox.ts";
import type { Turn } from "../trace/trajectory.ts";
import { outputOf, refusalNote } from "../trace/trajectory_of.ts";
import { abortable } from "../abort.ts";
import { askCompacting } from "./compaction.ts";
import { cellFeedback, VERIFY_FEEDBACK } from "./feedback.ts";
import type { Outputs } from "./job.ts";
import { callModel, setAsideForLastCall } from "./model_call.ts";
import { parseReply, type Reply } from "./reply.ts";
import type { Run } from "./run_tree.ts";
import { submitFields } from "./signature.ts";
import { checkSubmission, describeIssues } from "./submission.ts";
import type { Workbench } from "./workbench.ts";

/** How a turn ended, and what to tell the model if the run goes on. */
export interface TurnEnd {
  readonly reply: Reply;
  readonly cell: Cell | null;
  /** Outputs that passed the check. */
  readonly outputs: Outputs | null;
  /** Why what was handed in did not pass; null when nothing was, or it passed. */
  readonly refused: readonly SubmissionIssue[] | null;
  readonly feedback: readonly string[];
}

/** Takes a turn up to its feedback; what the model says or does wrong is never an exception. */
export async function takeTurn(bench: Workbench): Promise<TurnEnd> {
  const { run, conversation } = bench;
  const model = run.tree.models.root;
  const completion = await askCompacting(bench, async () => {
    const messages = conversation.messages;
    await setAsideForLastCall(run, model, messages);
    return await callModel(run, { model, role: "root", messages, signal: run.signal });
  });
  const reply = parseReply(completion);
  if (reply.problem !== null) {
    return { reply, cell: null, outputs: null, refused: null, feedback: [reply.problem] };
  }
  const cell = await runCell(bench, reply);
  const feedback = [cellFeedback(cell, bench.settings.maxOutputChars)];
  const notes = [...reply.notes, ...cell.notes, ...run.notes].map((note) => `Note: ${note}`);
  const submission = cell.submission === null || cell.status !== "submitted"
    ? null
    : await checkHandedIn(bench, cell.submission);
  const refused = submission?.refused ?? null;
  if (refused !== null) feedback.push(describeIssues(refused, bench.signature));
  return {
    reply,
    cell,
    outputs: submission?.outputs ?? null,
    refused,
    feedback: [...feedback, ...notes].filter((part) => part !== ""),
  };
}

/** Says that an answer was kept but must be looked at. */
export function askToVerify(end: TurnEnd): TurnEnd {
  return { ...end, feedback: [...end.feedback, VERIFY_FEEDBACK] };
}

/** Runs the cell; when the run is ended meanwhile, the turn is kept as far as it got. */
async function runCell(bench: Workbench, reply: Reply): Promise<Cell> {
  const { run, sandbox, tools, signature, settings } = bench;
  const stepId = run.stepId ?? "";
  const started = performance.now();
  let printed = "";
  run.emit({ type: "cell_start", stepId, code: reply.code, reasoning: reply.reasoning });
  try {
    const cell = await abortable(
      sandbox.execute(reply.code, {
        signal: run.signal,
        tools,
        submit: submitFields(signature),
        rewrite: settings.rewrite,
        onOutput: (stream, text) => {
          printed += text;
          run.emit({ type: "cell_output", stepId, stream, text });
        },
      }),
      run.signal,
    );
    // A guest that was stopped with the run is not a cell that failed.
    run.signal.throwIfAborted();
    run.emit({ type: "cell_end", stepId, cell });
    return cell;
  } catch (error) {
    if (!run.signal.aborted) throw asSandboxError(error);
    run.turns.push({
      turn: run.turns.length + 1,
      reasoning: reply.reasoning,
      code: reply.code,
      output: printed,
      error: null,
      durationMs: performance.now() - started,
      subCalls: run.subCalls,
      notes: [...run.notes, "The run was ended while this cell ran"],
    });
    throw error;
  }
}

/** A sandbox that does not answer is never taken for the model's mistake. */
function asSandboxError(error: unknown): RlmError {
  if (error instanceof RlmError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new SandboxError(`run a cell: ${reason}`, { cause: error });
}

async function checkHandedIn(
  bench: Workbench,
  value: Readonly<Record<string, unknown>>,
): Promise<{ outputs: Outputs | null; refused: readonly SubmissionIssue[] | null }> {
  const { run, signature, check } = bench;
  const checked = await abortable(
    checkSubmission(signature, value, check === null ? {} : { check }),
    run.signal,
  );
  const issues = checked.ok ? [] : checked.issues;
  run.emit({ type: "submission", stepId: run.stepId ?? "", accepted: checked.ok, issues, value });
  return checked.ok
    ? { outputs: checked.outputs, refused: null }
    : { outputs: null, refused: issues };
}

/** The turn as the trajectory keeps it. */
export function recordOf(run: Run, end: TurnEnd, turn: number, durationMs: number): Turn {
  const { reply, cell } = end;
  return {
    turn,
    reasoning: reply.reasoning,
    code: reply.code,
    output: cell === null ? "" : outputOf(cell),
    error: cell?.error ?? null,
    durationMs,
    subCalls: run.subCalls,
    notes: [
      ...(reply.problem === null ? [] : [reply.problem]),
      ...reply.notes,
      ...(cell?.notes ?? []),
      ...run.notes,
      ...(end.refused ?? []).map(refusalNote),
    ],
  };
}
