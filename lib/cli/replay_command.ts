/** `rlm replay JOURNAL`: runs it again from its recording, without a model, and says whether it came out the same. */
import { makeVisible } from "../engine/shown_text.ts";
import { RlmError, SandboxError } from "../errors.ts";
import { ReplayModel } from "../models/replay.ts";
import { RLM } from "../rlm.ts";
import type { RunRecord } from "../rlm_options.ts";
import { json } from "./answer.ts";
import { readRunArguments, type RunArguments } from "./arguments.ts";
import { sandboxOf } from "./conduct_run.ts";
import { ExitCode } from "./exit_code.ts";
import { sharedFlags } from "./flags.ts";
import { givenInputs } from "./given_inputs.ts";
import { Interrupt } from "./interrupt.ts";
import { readRecordedRun, type RecordedRun } from "./recorded_run.ts";
import { Renderer } from "./render.ts";
import { differencesOf, inputsOf, recordedTools } from "./replay.ts";
import { onlyWord, type Subcommand } from "./subcommand.ts";
import { plural } from "./tally.ts";
import { stderrScreen, Terminal } from "./terminal.ts";
import { loadTools } from "./tool_modules.ts";

/** The subcommand. */
export const REPLAY: Subcommand = {
  name: "replay",
  usage: "JOURNAL [flags]",
  about: [
    "Runs a journal again: the model's replies and the results of tools are those of",
    "the recording, Python is real. Prints whether it came out the same. Nothing is",
    "sent or paid. Inputs above 64 MB, grants and tools are not kept in a journal:",
    "give them again, as they were.",
  ],
  flags: [
    ...sharedFlags("context", "max-context-mb", "tool", "allow-read", "allow-write", "allow-net"),
    ...sharedFlags("allow-env", "package", "packages-from"),
    { name: "json", help: "print one JSON object: same or not, differences" },
    ...sharedFlags("quiet", "verbose"),
  ],
  exitCodes: ["Exit codes: 0 the same, 1 different, 2 usage, 5 sandbox, 130 interrupted"],
  async run(words, { stdout }) {
    const path = onlyWord(words, REPLAY);
    const run = readRunArguments(words, "");
    const terminal = new Terminal(stderrScreen());
    using renderer = new Renderer(terminal, run.detail);
    using interrupt = new Interrupt(() => terminal.line("interrupted: ending the replay"));
    const session = { run, terminal, renderer, signal: interrupt.signal };
    const recorded = await readRecordedRun(path, interrupt.signal);
    const model = new ReplayModel(recorded.content.events);
    const result = await replayed(session, recorded, model);
    renderer[Symbol.dispose]();
    const differences = differencesOf(recorded, result, model);
    const turns = result.trajectory.length;
    stdout(run.output === "json" ? asJson(result, differences) : asText(turns, differences));
    return differences.length === 0 ? ExitCode.ok : ExitCode.failed;
  },
};

/** A replay under way. */
interface Replaying {
  readonly run: RunArguments;
  readonly terminal: Terminal;
  readonly renderer: Renderer;
  readonly signal: AbortSignal;
}

/** Runs it again; how the run itself fails is a result too. */
async function replayed(
  session: Replaying,
  recorded: RecordedRun,
  model: ReplayModel,
): Promise<RunRecord | RlmError> {
  const { run, renderer, signal } = session;
  const inputs = await inputsOf(recorded, await givenInputs(session));
  renderer.input(recorded.characters);
  const rlm = new RLM(recorded.signature, {
    ...recorded.options,
    lm: model,
    subLm: model.sub,
    tools: recordedTools(await loadTools(run.tools), recorded),
    sandbox: sandboxOf(run),
  });
  try {
    return await rlm.run(inputs, { signal, onEvent: (event) => renderer.show(event) });
  } catch (error) {
    if (error instanceof RlmError && !(error instanceof SandboxError)) return error;
    throw error;
  }
}

function asText(turns: number, differences: readonly string[]): string {
  const lines = differences.length === 0
    ? [`the same: ${plural(turns, "turn")}, each cell's output, and how it ended`]
    : differences.map((difference) => makeVisible(`different: ${difference}`));
  return `${lines.join("\n")}\n`;
}

function asJson(result: RunRecord | RlmError, differences: readonly string[]): string {
  const answer = result instanceof RlmError ? null : result.outputs;
  const same = differences.length === 0;
  return `${json({ same, differences, turns: result.trajectory.length, answer }, 2)}\n`;
}
