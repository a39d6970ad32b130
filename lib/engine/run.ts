/** A run from its inputs to its outputs: describe and bind, take turns, and end it in one of the ways there are. */
import { RlmError, type RunSoFar, SandboxStartError } from "../errors.ts";
import type { Sandbox, SandboxFactory } from "../host/sandbox.ts";
import { contentHash } from "../trace/content_hash.ts";
import { abortable } from "../abort.ts";
import { Conversation } from "./conversation.ts";
import { answerDirectly } from "./direct.ts";
import { extract } from "./extraction.ts";
import { guestTools } from "./guest_function.ts";
import type { Job, Outcome } from "./job.ts";
import { type LoopEnd, runLoop, statusOf } from "./loop.ts";
import { describeInput, type Preview } from "./preview.ts";
import { isQuestion, systemPrompt, taskMessage } from "./prompt.ts";
import { mayStartChildren } from "./recursion.ts";
import { runFunctions } from "./run_functions.ts";
import type { Run } from "./run_tree.ts";
import type { Workbench } from "./workbench.ts";

/** Performs a run. Every error that it throws tells what was done and spent. */
export async function performRun(run: Run, job: Job): Promise<Outcome> {
  const started = performance.now();
  const previews = describeInputs(job);
  announce(run, job, previews);
  try {
    const outcome = await directOutcome(run, job) ??
      await inSandbox(run, job, (sandbox) => work(run, job, sandbox, previews));
    const { stopReason, outputs: result, soFar: { usage } } = outcome;
    const durationMs = performance.now() - started;
    run.emit({ type: "run_end", stopReason, result, usage, error: null, durationMs });
    await run.tree.emitter.flush();
    return outcome;
  } catch (error) {
    const soFar = run.soFar();
    run.emit({
      type: "run_end",
      stopReason: run.tree.callerSignal?.aborted ? "aborted" : "error",
      result: null,
      usage: soFar.usage,
      error: error instanceof Error
        ? { type: error.name, message: error.message }
        : { type: "Error", message: String(error) },
      durationMs: performance.now() - started,
    });
    await run.tree.emitter.flush().catch(() => {});
    throw carrying(error, soFar);
  }
}

function describeInputs({ signature, inputs, settings }: Job): Preview[] {
  return Object.entries(inputs).map(([name, value]) => {
    const description = signature.inputs.find((field) => field.name === name)?.description ?? "";
    return describeInput(name, value, {
      maxChars: settings.profile.previewChars,
      description,
      ...(isQuestion(name, value) ? { toldIn: "the task" } : {}),
    });
  });
}

function announce(run: Run, job: Job, previews: readonly Preview[]): void {
  const { settings, signature } = job;
  const { profile, limits, instructions, ...switches } = settings;
  run.emit({
    type: "run_start",
    parentRunId: run.parent?.runId ?? null,
    parentCallId: run.parent?.callId ?? null,
    depth: run.depth,
    ...(job.kept === null ? {} : { sessionRun: job.kept.conversation.questions + 1 }),
    outputs: signature.outputSchema,
    instructions: [signature.instructions, instructions].filter((text) => text !== "").join("\n\n"),
    inputs: previews.map(({ summary }) => ({
      ...summary,
      sha256: job.hashInputs ? contentHash(job.inputs[summary.name]) : null,
    })),
    model: run.tree.models.root.name,
    subModel: run.tree.models.sub.name,
    options: { ...switches, ...limits, profile: profile.name },
  });
  for (const message of job.cautions) run.emit({ type: "warning", message });
}

/** What comes of a run whose inputs are answered from directly; null when it is to take turns. */
async function directOutcome(run: Run, job: Job): Promise<Outcome | null> {
  const outputs = await answerDirectly(run, job);
  if (outputs === null) return null;
  return { outputs, stopReason: "direct", stoppedBy: null, soFar: run.soFar() };
}

/** Does the work in a sandbox of its own, ended with the run, or in one that its caller keeps. */
async function inSandbox<T>(
  run: Run,
  job: Job,
  body: (sandbox: Sandbox) => Promise<T>,
): Promise<T> {
  if (job.kept !== null) return await body(await job.kept.open(run.signal));
  await using sandbox = await startSandbox(run.tree.makeSandbox, run.signal);
  return await body(sandbox);
}

/** Starts a sandbox; one that comes after the run was aborted is closed. */
export async function startSandbox(make: SandboxFactory, signal: AbortSignal): Promise<Sandbox> {
  signal.throwIfAborted();
  const starting = make({ signal });
  try {
    return await abortable(starting, signal);
  } catch (error) {
    starting.then((late) => late.close()).catch(() => {});
    if (signal.aborted || error instanceof RlmError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new SandboxStartError(`start the sandbox: ${reason}`, { cause: error });
  }
}

async function work(
  run: Run,
  job: Job,
  sandbox: Sandbox,
  previews: readonly Preview[],
): Promise<Outcome> {
  await abortable(sandbox.bind(job.inputs, { signal: run.signal }), run.signal);
  const conversation = openConversation(run, job, previews);
  const { signature, settings, check } = job;
  const tools = guestTools(run, runFunctions(run, job), job.tools);
  const bench: Workbench = { run, signature, settings, check, conversation, sandbox, tools };
  const end = await runLoop(bench);
  return { ...await conclude(bench, end), soFar: run.soFar() };
}

/** Begins the conversation, or asks the next question in one that goes on. */
function openConversation(run: Run, job: Job, previews: readonly Preview[]): Conversation {
  const { signature, settings, tools, grants, kept } = job;
  const task = taskMessage({
    signature,
    instructions: settings.instructions,
    inputs: job.inputs,
    previews: previews.map(({ text }) => text),
  });
  const opening = `${task}\n\n${statusOf(run, settings, 1)}`;
  if (kept !== null && kept.conversation.questions > 0) {
    kept.conversation.ask(`# Next task\n\nThe REPL is as you left it.\n\n${opening}`);
    return kept.conversation;
  }
  const system = systemPrompt({
    profile: settings.profile,
    tools,
    modelAliases: Object.keys(run.tree.models.aliases),
    childRuns: mayStartChildren(run, settings),
    grants,
  });
  const conversation = kept?.conversation ?? new Conversation();
  conversation.begin(system, opening);
  return conversation;
}

/** Takes the answer as it was handed in, or gets the best one there is. */
async function conclude(
  bench: Workbench,
  end: LoopEnd,
): Promise<Pick<Outcome, "outputs" | "stopReason" | "stoppedBy">> {
  if (end.kind === "submitted") {
    return { outputs: end.outputs, stopReason: "submitted", stoppedBy: null };
  }
  const stopReason = end.cap === null || end.cap === "maxIterations" ? "extracted" : "budget";
  const outputs = end.kept ?? await extract(bench, end.reason, bench.run.lastSignal);
  return { outputs, stopReason, stoppedBy: end.cap };
}

/** Puts what a run had done and spent on the error that ended it, whatever kind of object that is. */
function carrying(error: unknown, soFar: RunSoFar): unknown {
  if (typeof error === "object" && error !== null && Object.isExtensible(error)) {
    Object.assign(error, soFar);
  }
  return error;
}
