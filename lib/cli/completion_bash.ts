/** The completion script for bash. */
import { type CommandWords, spellings } from "./completion_words.ts";

/**
 * Words that begin with a dash are flags; the first is a command; after a flag or a command with few values come those.
 * Where nothing fits, bash completes files itself, which it can do with spaces in their names too.
 */
export function bashScript(commands: readonly CommandWords[]): string {
  const names = commands.slice(1).map(({ name }) => name);
  const [run] = commands;
  const flags = commands.slice(1).map((command) =>
    `    ${command.name}) flags=${list(flagNames(command))} words=${list(command.words ?? [])} ;;`
  );
  return `_rlm() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD - 1]}"
  local command="" flags="" words=""
  # In --flag=value, the equals sign is a word of its own.
  if [[ $word == "=" ]]; then word=""; fi
  if [[ $before == "=" ]]; then before="\${COMP_WORDS[COMP_CWORD - 2]}"; fi
  if ((COMP_CWORD > 1)); then command="\${COMP_WORDS[1]}"; fi
  case "$command" in
${flags.join("\n")}
    *) flags=${list(run === undefined ? [] : flagNames(run))} ;;
  esac
  if ((COMP_CWORD == 1)); then words=${list(names)}; fi
  if ((COMP_CWORD > 2)); then words=""; fi
  case "$command $before" in
${commands.flatMap(choiceCases).join("\n")}
    *) if [[ $word == -* ]]; then words="$flags"; fi ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _rlm rlm
`;
}

function flagNames({ flags }: CommandWords): string[] {
  return flags.map(({ name }) => `--${name}`);
}

/** What may follow each flag of a command that has few values. */
function choiceCases({ name, flags }: CommandWords): string[] {
  return flags.flatMap((flag) => {
    if (flag.choices === undefined) return [];
    const before = spellings(flag).map((spelling) => `"${name} ${spelling}"`).join(" | ");
    return [`    ${before}) words=${list(flag.choices)} ;;`];
  });
}

function list(words: readonly string[]): string {
  return `"${words.join(" ")}"`;
}
