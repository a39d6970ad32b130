/** `rlm completion SHELL`: a script that makes a shell complete commands, flags, their values and files. */
import { bashScript } from "./completion_bash.ts";
import { fishScript } from "./completion_fish.ts";
import type { CommandWords } from "./completion_words.ts";
import { zshScript } from "./completion_zsh.ts";
import { ExitCode } from "./exit_code.ts";
import { FLAGS } from "./flags.ts";
import { flagsOf, onlyWord, type Subcommand } from "./subcommand.ts";
import { SUBCOMMANDS } from "./subcommands.ts";
import { UsageError } from "./usage_error.ts";

const SCRIPTS: Readonly<Record<string, (words: readonly CommandWords[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** The subcommand. */
export const COMPLETION: Subcommand = {
  name: "completion",
  usage: "bash | zsh | fish",
  about: [
    "Prints a script for the shell. To use it now and in every new shell:",
    "  bash  echo 'source <(rlm completion bash)' >> ~/.bashrc",
    "  zsh   echo 'source <(rlm completion zsh)' >> ~/.zshrc",
    "  fish  rlm completion fish > ~/.config/fish/completions/rlm.fish",
  ],
  flags: [],
  words: Object.keys(SCRIPTS),
  exitCodes: ["Exit codes: 0 printed, 2 usage"],
  async run(words, { stdout }) {
    const shell = onlyWord(words, COMPLETION);
    const write = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
    if (write === undefined) {
      throw new UsageError(
        `rlm completion ${shell}: give one of ${Object.keys(SCRIPTS).join(", ")}`,
      );
    }
    stdout(write(await commandWords()));
    return ExitCode.ok;
  },
};

/** What there is to complete: a run first, then each subcommand. */
async function commandWords(): Promise<CommandWords[]> {
  const commands = await Promise.all(SUBCOMMANDS.map(async ({ name, summary, load }) => {
    const command = await load();
    return { name, summary, flags: flagsOf(command), words: command.words ?? null };
  }));
  return [{ name: "", summary: "", flags: FLAGS, words: [] }, ...commands];
}
