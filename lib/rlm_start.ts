/** What one run brings, as the engine takes it: signals, listeners, and the journal that is written or gone on with. */
import type { Resumption } from "./engine/resume.ts";
import type { StartOptions } from "./engine/start_run.ts";
import type { RunOptions } from "./rlm_options.ts";
import { Journal } from "./trace/journal.ts";

function startOptions({ signal, onEvent, deltas }: RunOptions): StartOptions {
  return {
    ...(signal ? { signal } : {}),
    ...(onEvent ? { listeners: [onEvent] } : {}),
    ...(deltas === undefined ? {} : { deltas }),
  };
}

/** What the engine is told of a run that may have a new journal; its inputs are kept there. */
export function journalledOptions(
  options: RunOptions,
  inputs: Readonly<Record<string, unknown>>,
): StartOptions {
  const { journal, signal, runId } = options;
  return {
    ...startOptions(options),
    ...(runId === undefined ? {} : { runId }),
    ...(journal === undefined ? {} : { openSink: () => openJournal(journal, inputs, signal) }),
  };
}

/** The same for a run that is told again and keeps its journal. */
export function resumeOptions(resumption: Resumption, options: RunOptions): StartOptions {
  return {
    ...startOptions(options),
    openSink: (checked) => Promise.resolve(resumption.begin(checked)),
    ...(resumption.runId === null ? {} : { runId: resumption.runId }),
  };
}

async function openJournal(
  path: string,
  inputs: Readonly<Record<string, unknown>>,
  signal: AbortSignal | undefined,
): Promise<Journal> {
  const journal = await Journal.open(path, signal ? { signal } : {});
  // What cannot be written fails the first event that must be.
  void journal.writeInputs(inputs);
  return journal;
}
