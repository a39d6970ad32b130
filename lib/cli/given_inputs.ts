/** Inputs of a recorded run that are given again with `-c`. */
import type { RunArguments } from "./arguments.ts";
import { readContexts } from "./read_contexts.ts";
import type { Terminal } from "./terminal.ts";

/** Loads them under the names that they had; none when no `-c` is given. */
export async function givenInputs(
  { run, terminal, signal }: {
    readonly run: RunArguments;
    readonly terminal: Terminal;
    readonly signal: AbortSignal;
  },
): Promise<Record<string, unknown>> {
  if (run.contexts.length === 0) return {};
  const contexts = await readContexts(run, terminal, signal);
  return Object.fromEntries(contexts.map(({ name, value }) => [name, value]));
}
