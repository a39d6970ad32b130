/** `rlm "question" -c …`: one run, from its arguments to an exit code. */
import { RLM } from "../rlm.ts";
import type { RunArguments } from "./arguments.ts";
import { chooseModels } from "./choose_models.ts";
import { conductRun, runOptions, sandboxOf } from "./conduct_run.ts";
import type { ExitCode } from "./exit_code.ts";
import { readContexts } from "./read_contexts.ts";
import { hasJournal } from "./recorded_run.ts";
import { taskOf } from "./task.ts";
import { loadTools } from "./tool_modules.ts";

/** Runs the command. The answer is on stdout, everything else on stderr, and the exit code says how it went. */
export async function runCommand(
  run: RunArguments,
  stdout: (text: string) => void,
): Promise<ExitCode> {
  return await conductRun(run, stdout, async (session) => {
    const models = chooseModels(run);
    const tools = await loadTools(run.tools);
    session.renderer.stage("reading the input");
    const contexts = await readContexts(run, session.terminal, session.signal);
    session.renderer.stage("starting");
    const inputChars = contexts.reduce((sum, { characters }) => sum + characters, 0);
    session.renderer.input(inputChars);
    session.page?.describe({ title: run.question, inputChars });
    const task = await taskOf(run, contexts);
    const rlm = new RLM(task.signature, {
      ...models,
      ...run.limits,
      ...(run.instructions !== null && { instructions: run.instructions }),
      tools,
      sandbox: sandboxOf(run),
    });
    const { journal } = run;
    if (journal === null) return await rlm.run(task.inputs, runOptions(session));
    return run.resume && await hasJournal(journal)
      ? await rlm.resume(journal, task.inputs, runOptions(session))
      : await rlm.run(task.inputs, { ...runOptions(session), journal });
  });
}
