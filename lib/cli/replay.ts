/** What a replay is made of beside the model's replies, and how its outcome is compared with the recorded one. */
import { RlmError } from "../errors.ts";
import type { Tool } from "../host/sandbox.ts";
import type { ReplayModel } from "../models/replay.ts";
import type { RunRecord } from "../rlm_options.ts";
import type { RlmEvent } from "../trace/events.ts";
import { contentHash } from "../trace/content_hash.ts";
import { RecordedTools } from "../trace/recorded_tool.ts";
import type { Turn } from "../trace/trajectory.ts";
import { trajectoryOf } from "../trace/trajectory_of.ts";
import { endOf, type RecordedRun, type RunEnd } from "./recorded_run.ts";
import { plural } from "./tally.ts";
import { UsageError } from "./usage_error.ts";

/** The inputs as the journal keeps them, and those that are given again; these must be the same. */
export async function inputsOf(
  { content, start }: RecordedRun,
  given: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const inputs = { ...await content.inputs?.(), ...given };
  const missing = start.inputs.find(({ name }) => !Object.hasOwn(inputs, name));
  if (missing !== undefined) {
    const { name } = missing;
    throw new UsageError(
      `${content.path}: input ${name} is not kept in it, give it again with -c ${name}=FILE`,
    );
  }
  for (const { name, sha256 } of start.inputs) {
    if (sha256 === null || contentHash(inputs[name]) === sha256) continue;
    throw new UsageError(
      `${content.path}: input ${name} is not what it was in the recorded run, give the same`,
    );
  }
  return inputs;
}

/** Tools that give their recorded results, each once; a call that was not recorded fails. */
export function recordedTools(
  tools: Readonly<Record<string, Tool>>,
  { content }: RecordedRun,
): Record<string, Tool> {
  const recorded = new RecordedTools(content.attempts);
  return Object.fromEntries(
    Object.entries(tools).map(([name, tool]) => [name, {
      ...tool,
      invoke: (args: Record<string, unknown>): unknown => {
        const outcome = recorded.take(name, args)?.outcome ?? { kind: "open" };
        if (outcome.kind === "result") return outcome.value;
        const error = new Error(
          outcome.kind === "error"
            ? outcome.message
            : `${name}() has no such call in the recording`,
        );
        if (outcome.kind === "error") error.name = outcome.type;
        throw error;
      },
    }]),
  );
}

/** What is not as it was, one line each; nothing when all is the same. */
export function differencesOf(
  recorded: RecordedRun,
  result: RunRecord | RlmError,
  model: ReplayModel,
): string[] {
  const end = endOf(recorded);
  const { length: unused } = model.unused;
  return [
    ...turnDifferences(recorded, end, result.trajectory),
    ...(result instanceof RlmError
      ? failureDifferences(end, result, unused === 0)
      : endDifferences(end, result)),
    ...(unused === 0 ? [] : [`${plural(unused, "recorded call")} that nobody made`]),
  ];
}

/** A recording that was broken off can only be followed to its end, where the replay has nothing to go on with. */
function isBrokenOff(end: RunEnd | null): boolean {
  return end === null || end.stopReason === "aborted";
}

function failureDifferences(end: RunEnd | null, error: RlmError, isAtEnd: boolean): string[] {
  if (isBrokenOff(end) && isAtEnd) return [];
  const isAlike = end?.error?.type === error.name && end.error.message === error.message;
  return isAlike ? [] : [error.message];
}

/** Turns are compared one by one, as far as the recorded ones came to their end. */
function turnDifferences(
  { content, start }: RecordedRun,
  end: RunEnd | null,
  after: readonly Turn[],
): string[] {
  const before = trajectoryOf(content.events, start.runId);
  const isOwn = ({ type, runId }: RlmEvent) => type === "turn_end" && runId === start.runId;
  const length = isBrokenOff(end)
    ? content.events.filter(isOwn).length
    : Math.max(before.length, after.length);
  return Array.from({ length }, (_, index) => {
    const [then, now] = [before[index], after[index]];
    if (then === undefined) return [`turn ${index + 1} is new`];
    if (now === undefined) return [`turn ${index + 1} is missing`];
    if (then.output !== now.output) return [`turn ${index + 1} printed something else`];
    const [failedThen, failedNow] = [then.error?.message ?? null, now.error?.message ?? null];
    return failedThen === failedNow
      ? []
      : [`turn ${index + 1} ended with ${failedNow ?? "no error"}, not ${failedThen ?? "none"}`];
  }).flat();
}

function endDifferences(end: RunEnd | null, { outputs, stopReason }: RunRecord): string[] {
  if (end === null) return ["it ended, and the recording did not"];
  return [
    ...(end.stopReason === stopReason ? [] : [`it ended as ${stopReason}, not ${end.stopReason}`]),
    ...(contentHash(end.result) === contentHash(outputs) ? [] : ["the answer is another"]),
  ];
}
