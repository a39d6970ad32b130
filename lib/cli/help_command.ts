/** `rlm help`: the first page, every flag of a run, or the page of a command. */
import { ExitCode } from "./exit_code.ts";
import { helpPage, runPage } from "./help.ts";
import { type Subcommand, subcommandPage } from "./subcommand.ts";
import { findSubcommand, SUBCOMMAND_NAMES } from "./subcommands.ts";
import { UsageError } from "./usage_error.ts";

/** The subcommand. */
export const HELP: Subcommand = {
  name: "help",
  usage: "[run | COMMAND]",
  about: [
    "Prints how rlm is used; with run, every flag of a run and the exit codes; with",
    "the name of a command, its page, as rlm COMMAND --help does.",
  ],
  flags: [],
  words: ["run", ...SUBCOMMAND_NAMES],
  exitCodes: ["Exit codes: 0 printed, 2 usage"],
  async run({ rest }, { stdout }) {
    const [topic, second] = rest;
    if (second !== undefined) {
      throw new UsageError(`rlm help takes one word, got ${rest.length}: write rlm help COMMAND`);
    }
    stdout(`${await pageOn(topic)}\n`);
    return ExitCode.ok;
  },
};

async function pageOn(topic: string | undefined): Promise<string> {
  if (topic === undefined) return helpPage();
  if (topic === "run") return runPage();
  const command = await findSubcommand(topic);
  if (command !== null) return subcommandPage(command);
  throw new UsageError(
    `rlm help ${topic}: no such command, give one of run, ${SUBCOMMAND_NAMES.join(", ")}`,
  );
}
