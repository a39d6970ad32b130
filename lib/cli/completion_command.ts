/** `rlm completion SHELL`: a script that makes a shell complete flags and subcommands. */
import { ExitCode } from "./exit_code.ts";
import { type Flag, FLAGS } from "./flags.ts";
import { onlyWord, type Subcommand } from "./subcommand.ts";
import { findSubcommand, SUBCOMMAND_NAMES } from "./subcommands.ts";
import { UsageError } from "./usage_error.ts";

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
  exitCodes: ["Exit codes: 0 printed, 2 usage"],
  async run(words, { stdout }) {
    const shell = onlyWord(words, COMPLETION);
    const write = Object.entries(SHELLS).find(([name]) => name === shell)?.[1];
    if (write === undefined) {
      throw new UsageError(
        `rlm completion ${shell}: give one of ${Object.keys(SHELLS).join(", ")}`,
      );
    }
    stdout(write(await wordsOf()));
    return ExitCode.ok;
  },
};

/** Flags of each subcommand; those of a run are under the empty name. */
type Words = readonly (readonly [name: string, flags: readonly Flag[]])[];

async function wordsOf(): Promise<Words> {
  const commands = await Promise.all(SUBCOMMAND_NAMES.map(async (name) => {
    const command = await findSubcommand(name);
    return [name, [...command?.flags ?? [], HELP]] as const;
  }));
  return [["", FLAGS], ...commands];
}

const HELP: Flag = { name: "help", short: "h", help: "print this page" };

const SHELLS = { bash, zsh, fish } as const;

/** Words that begin with a dash are flags; anything else is a file, or at first a subcommand. */
function bash(words: Words): string {
  const cases = words.slice(1).map(([name, flags]) => `    ${name}) flags="${dashed(flags)}" ;;`);
  return `_rlm() {
  local word="\${COMP_WORDS[COMP_CWORD]}" flags
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
    *) flags="${dashed(words[0]?.[1] ?? [])}" ;;
  esac
  if [[ "$word" == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$word"))
  elif [[ "$COMP_CWORD" == 1 ]]; then
    COMPREPLY=($(compgen -W "${SUBCOMMAND_NAMES.join(" ")}" -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -o filenames -F _rlm rlm
`;
}

/** Zsh reads bash's completions, once it is told to. */
function zsh(words: Words): string {
  return `autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${
    bash(words)
  }`;
}

function fish(words: Words): string {
  const subcommands = SUBCOMMAND_NAMES.join(" ");
  const lines = words.flatMap(([name, flags]) =>
    flags.map(({ name: flag, short, value, help }) =>
      [
        "complete -c rlm",
        name === ""
          ? `-n 'not __fish_seen_subcommand_from ${subcommands}'`
          : `-n '__fish_seen_subcommand_from ${name}'`,
        `-l ${flag}`,
        ...(short === undefined ? [] : [`-s ${short}`]),
        ...(value === undefined ? [] : ["-r"]),
        `-d '${help.replaceAll("'", "\\'")}'`,
      ].join(" ")
    )
  );
  return `complete -c rlm -n __fish_use_subcommand -a '${subcommands}'\n${lines.join("\n")}\n`;
}

function dashed(flags: readonly Flag[]): string {
  return flags.map(({ name }) => `--${name}`).join(" ");
}
