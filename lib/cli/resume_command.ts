/** `rlm resume JOURNAL`: goes on with a run where it stopped, with what its journal tells of it. */
import { ModelError } from "../errors.ts";
import { RLM } from "../rlm.ts";
import { readRunArguments, type RunArguments } from "./arguments.ts";
import { chooseModels, type Models } from "./choose_models.ts";
import { conductRun, runOptions, sandboxOf } from "./conduct_run.ts";
import { sharedFlags } from "./flags.ts";
import { givenInputs } from "./given_inputs.ts";
import { readRecordedRun, type RecordedRun } from "./recorded_run.ts";
import { onlyWord, type Subcommand } from "./subcommand.ts";
import { loadTools } from "./tool_modules.ts";

/** The subcommand. */
export const RESUME: Subcommand = {
  name: "resume",
  usage: "JOURNAL [flags]",
  about: [
    "Goes on with a run where it stopped; nothing that was paid for is paid again.",
    "Question, answer form, caps and models are those in the journal. A cap may be",
    "raised. Inputs above 64 MB, --base-url, grants and tools: give them again.",
  ],
  flags: [
    ...sharedFlags("context"),
    { name: "model", short: "m", value: "NAME", help: "another model than the journal's" },
    ...sharedFlags("base-url", "max-turns", "max-calls", "max-cost"),
  ],
  shared: sharedFlags(
    ...["sub-model", "max-tokens", "max-seconds", "max-depth", "max-context-mb", "tool"],
    ...[
      "allow-read",
      "allow-write",
      "allow-net",
      "allow-env",
      "package",
      "packages-from",
      "json",
      "stream-json",
    ],
    ...["quiet", "verbose"],
  ),
  exitCodes: ["Exit codes: those of a run, see rlm help run"],
  async run(words, { stdout }) {
    const path = onlyWord(words, RESUME);
    const run = readRunArguments(words, "");
    return await conductRun(run, stdout, async (session) => {
      const recorded = await readRecordedRun(path, session.signal);
      const { signature, options, characters } = recorded;
      session.renderer.input(characters);
      const rlm = new RLM(signature, {
        ...options,
        ...run.limits,
        ...modelsOf(run, recorded),
        tools: await loadTools(run.tools),
        sandbox: sandboxOf(run),
      });
      return await rlm.resume(path, await givenInputs(session), runOptions(session));
    });
  },
};

/** The models of then, unless others are named. */
function modelsOf(run: RunArguments, { start }: RecordedRun): Models {
  const subModel = run.subModel ?? (start.subModel === start.model ? null : start.subModel);
  try {
    return chooseModels({ ...run, model: run.model ?? start.model, subModel });
  } catch (error) {
    if (!(error instanceof ModelError) || run.baseUrl !== null || run.model !== null) throw error;
    const message =
      `${error.message}; if the run had a --base-url, give it again, as it is not kept`;
    throw new ModelError(message, { code: error.code, model: error.model, attempts: 0 });
  }
}
