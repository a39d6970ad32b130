/** The walk in examples/WALKTHROUGH.md: what needs no model is done as it is written, and seen as it is written. */
import { assertGreater, assertMatch } from "@std/assert";
import { parseCommand } from "../lib/cli/arguments.ts";
import { findSubcommand } from "../lib/cli/subcommands.ts";
import { flagsOf } from "../lib/cli/subcommand.ts";
import { parseWords } from "../lib/cli/words.ts";
import { temporaryFolder } from "./fixtures/temporary_folder.ts";
import { ROOT } from "./project_files.ts";

/** A line that is typed, and the lines that are seen below it. */
interface Step {
  readonly typed: string;
  readonly seen: string;
}

/** The steps of all blocks of a kind. */
async function stepsOf(fence: RegExp): Promise<Step[]> {
  const text = await Deno.readTextFile(new URL("examples/WALKTHROUGH.md", ROOT));
  return [...text.matchAll(fence)].flatMap(([, block = ""]) =>
    block.split(/^\$ /m).slice(1).map((step) => {
      const [typed = "", ...seen] = step.trimEnd().split("\n");
      return { typed, seen: seen.join("\n") };
    })
  );
}

const CHECKED = /^```console checked\n(.*?)^```$/gms;
const ALL = /^```console[ \w]*\n(.*?)^```$/gms;

Deno.test("C164: what the walk types without a model gives what the walk shows", async () => {
  await using folder = await temporaryFolder();
  const steps = await stepsOf(CHECKED);
  assertGreater(steps.length, 20);
  const script = steps.map(({ typed }) => `${typed}\necho "$mark"`).join("\n");
  const { stdout } = await new Deno.Command("bash", {
    args: ["-c", `rlm() { "$deno" run -A "$main" "$@" </dev/null; }\nexec 2>&1\n${script}`],
    cwd: folder.path,
    env: {
      deno: Deno.execPath(),
      main: new URL("lib/cli/main.ts", ROOT).href,
      mark: "the end of a step",
      ...UNSET,
    },
  }).output();
  const seen = new TextDecoder().decode(stdout).split("the end of a step\n");
  for (const [n, step] of steps.entries()) {
    // What was read is listed before the mistake is found.
    const lines = (seen[n] ?? "").trimEnd().replace(/^.*?^(?=rlm: )/ms, "");
    const pattern = step.seen.split("[…]").map((part) => RegExp.escape(part)).join(".*");
    assertMatch(lines, new RegExp(`^${pattern}$`, "s"), step.typed);
  }
});

/** Variables by which a user's own settings would change what is seen. */
const UNSET = { OPENAI_API_KEY: "", OPENAI_BASE_URL: "", RLM_MODEL: "", NO_COLOR: "1" };

Deno.test("Each command of the walk that asks a model or opens a journal is one that the parser takes", async () => {
  const mistakes = new Set((await stepsOf(CHECKED)).map(({ typed }) => typed));
  const commands = (await stepsOf(ALL)).map(({ typed }) => typed)
    .filter((line) => line.startsWith("rlm ") && !mistakes.has(line));
  assertGreater(commands.length, 6);
  for (const line of commands) {
    const words = [...line.slice(4).matchAll(/"([^"]*)"|(\S+)/g)].map(([, a, b = ""]) => a ?? b);
    const command = await findSubcommand(words[0]);
    if (command !== null) parseWords(words.slice(1), flagsOf(command));
    else assertMatch(parseCommand(words).kind, /^(run|version)$/, line);
  }
});
