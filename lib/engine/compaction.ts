/** Compaction: makes a conversation that nears the model's window short again. The REPL keeps everything. */
import { ModelError } from "../errors.ts";
import type { Conversation } from "./conversation.ts";
import { estimateMessageTokens } from "../tokens.ts";
import type { Workbench } from "./workbench.ts";

/** Turns that stay word for word, fewer where even they are too long. */
const KEPT_TURNS = 3;
/** A compacted conversation takes at most this share of the window, so that the next one is not due at once. */
const TARGET = 0.5;

/** Compacts when the next request would take more of the window than the profile allows. */
async function compactWhenDue(bench: Workbench): Promise<void> {
  const { conversation, settings, run } = bench;
  const window = run.tree.models.root.contextWindow;
  if (window === undefined) return;
  if (estimateMessageTokens(conversation.messages) <= window * settings.profile.compactAt) return;
  await compact(bench, window * TARGET);
}

/** Asks, and where the provider says that the request is too long, compacts and asks once more. */
export async function askCompacting<T>(bench: Workbench, ask: () => Promise<T>): Promise<T> {
  await compactWhenDue(bench);
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ModelError) || error.code !== "context_length") throw error;
    const half = estimateMessageTokens(bench.conversation.messages) * TARGET;
    if (!await compact(bench, half)) throw error;
    return await ask();
  }
}

/** Leaves out turns until the messages are short enough, or no more can be left out; tells whether any were. */
async function compact(bench: Workbench, maxTokens: number): Promise<boolean> {
  const { run, conversation, sandbox } = bench;
  const logName = logNameOf(bench);
  const note = compactionNote(conversation, logName);
  let dropped = 0;
  for (let kept = KEPT_TURNS; kept >= 0; kept--) {
    dropped += conversation.compact(kept, note);
    if (dropped > 0 && estimateMessageTokens(conversation.messages) <= maxTokens) break;
  }
  if (dropped === 0) return false;
  await sandbox.bind({ [logName]: logOf(conversation) }, { signal: run.signal });
  run.emit({
    type: "compaction",
    stepId: run.stepId ?? "",
    droppedMessages: dropped,
    contextWindow: run.tree.models.root.contextWindow ?? null,
  });
  return true;
}

/** The variable that holds the log; another name where an input has taken it. */
function logNameOf({ signature }: Workbench): string {
  const taken = new Set(signature.inputs.map(({ name }) => name));
  let name = "run_log";
  while (taken.has(name)) name = `${name}_`;
  return name;
}

function logOf(conversation: Conversation): Record<string, unknown>[] {
  return conversation.log.map(({ turn, reasoning, code, output, error, notes }) => ({
    turn,
    reasoning,
    code,
    output,
    error: error?.traceback ?? null,
    notes: [...notes],
  }));
}

function compactionNote(conversation: Conversation, logName: string): string {
  const names = assignedNames(conversation.log.map(({ code }) => code));
  const variables = names.length === 0
    ? ""
    : ` Variables that your cells have set: ${names.join(", ")}.`;
  return `# Where this stands\n\nEarlier turns are left out here to save room. The REPL is as you left it.${variables} ` +
    `The whole log is in \`${logName}\`, a list with a dict for each turn (turn, reasoning, code, output, error, notes).`;
}

/** Names of variables that are told; a cell may make any number. */
const MOST_NAMES = 100;

/** Names that cells set at top level, as far as a glance at their lines tells. */
function assignedNames(cells: readonly string[]): string[] {
  const names = new Set<string>();
  for (const line of cells.join("\n").split("\n")) {
    const assigned = /^((?:[A-Za-z_]\w*)(?:\s*,\s*[A-Za-z_]\w*)*)\s*(?::[^=]+)?=(?!=)/.exec(line)
      ?.[1];
    const defined = /^(?:async\s+def|def|class)\s+([A-Za-z_]\w*)/.exec(line)?.[1];
    for (const name of (assigned ?? defined ?? "").split(",")) {
      if (name.trim() !== "") names.add(name.trim());
    }
  }
  return [...names].slice(-MOST_NAMES);
}
