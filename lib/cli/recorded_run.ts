/** What a journal tells of the run that wrote it, as far as it is needed to run it again. */
import type { LoopOptions } from "../engine/settings.ts";
import { normalizeSignature, type Signature } from "../engine/signature.ts";
import { type ProfileName, PROFILES } from "../engine/profile.ts";
import { JournalError } from "../errors.ts";
import type { RlmEvent } from "../trace/events.ts";
import { type JournalContent, readJournal, type ReadOptions } from "../trace/journal_reader.ts";
import { UsageError } from "./usage_error.ts";

/** How a run ended. */
export type RunEnd = RlmEvent & { readonly type: "run_end" };

/** The outermost run of a journal. */
export interface RecordedRun {
  readonly content: JournalContent;
  readonly start: RlmEvent & { readonly type: "run_start" };
  /** Inputs by name, outputs by their schema; what only code could check is not in a journal. */
  readonly signature: Signature;
  /** Caps and switches of then. */
  readonly options: LoopOptions;
  /** Characters of the inputs. */
  readonly characters: number;
}

/** Reads a journal that was named on the command line; one that cannot be read is a mistake in what was typed. */
export async function openJournal(
  path: string,
  options: ReadOptions = {},
): Promise<JournalContent> {
  try {
    return await readJournal(path, options);
  } catch (error) {
    if (error instanceof JournalError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

/** Reads it; throws {@linkcode UsageError} when the file is no journal, or no run had begun in it. */
export async function readRecordedRun(path: string, signal: AbortSignal): Promise<RecordedRun> {
  const content = await openJournal(path, { signal });
  const start = content.events.find((event) => event.type === "run_start");
  if (start === undefined) {
    throw new UsageError(`${path}: no run had begun in this journal, run anew`);
  }
  if ((start.sessionRun ?? 1) > 1) {
    throw new UsageError(
      `${path}: this is run ${start.sessionRun} of a session and builds on those before it; ` +
        "a program goes on with it by session.resume()",
    );
  }
  const inputs = Object.fromEntries(start.inputs.map(({ name }) => [name, {}]));
  const { outputs, instructions } = start;
  return {
    content,
    start,
    signature: normalizeSignature({ inputs, outputs, instructions }),
    options: optionsOf(start.options, path),
    characters: start.inputs.reduce(
      (sum, { length, unit }) => sum + (unit === "items" ? 0 : length ?? 0),
      0,
    ),
  };
}

/** Caps and switches that are written as the options that they were. */
const CAPS = [
  "maxIterations",
  "maxOutputChars",
  "maxDepth",
  "concurrency",
  "directTokens",
  "maxLlmCalls",
  "maxTokens",
  "maxCost",
  "maxSeconds",
  "maxErrors",
] as const;

function optionsOf(recorded: Readonly<Record<string, unknown>>, path: string): LoopOptions {
  const caps = CAPS.flatMap((name) => {
    const value = recorded[name];
    return typeof value === "number" || value === null ? [[name, value] as const] : [];
  });
  const { verify, rewrite, profile = "default" } = recorded;
  if (!isProfileName(profile)) {
    throw new UsageError(
      `${path}: the run had a profile of its own, ${profile}, replay or resume it in a program`,
    );
  }
  return {
    ...Object.fromEntries(caps),
    ...(typeof verify === "boolean" ? { verify } : {}),
    ...(typeof rewrite === "boolean" ? { rewrite } : {}),
    profile,
  };
}

function isProfileName(name: unknown): name is ProfileName {
  return typeof name === "string" && Object.hasOwn(PROFILES, name);
}

/** Whether a file is a journal in which something is written. */
export async function hasJournal(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).size > 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The end of the outermost run, or null when it never came. */
export function endOf({ content, start }: RecordedRun): RunEnd | null {
  return content.events.find((event): event is RunEnd =>
    event.type === "run_end" && event.runId === start.runId
  ) ?? null;
}
