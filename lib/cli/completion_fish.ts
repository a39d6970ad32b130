/** The completion script for fish, which shows what each word means. */
import { type CommandWords, quoted, valueKind } from "./completion_words.ts";
import type { Flag } from "./flags.ts";

/** One line for each word that can be completed. */
export function fishScript(commands: readonly CommandWords[]): string {
  const names = commands.slice(1).map(({ name }) => name).join(" ");
  const lines = commands.flatMap(({ name, summary, flags, words }) => {
    const isRun = name === "";
    const when = isRun
      ? `not __fish_seen_subcommand_from ${names}`
      : `__fish_seen_subcommand_from ${name}`;
    return [
      ...(isRun ? [] : [`-n __fish_use_subcommand -f -a ${name} -d ${text(summary)}`]),
      ...(words === null ? [] : [`-n ${text(when)} -f`]),
      ...(words ?? []).map((word) => `-n ${text(when)} -f -a ${word}`),
      ...flags.map((flag) => `-n ${text(when)} ${flagWords(flag)}`),
    ];
  });
  return `${lines.map((line) => `complete -c rlm ${line}`).join("\n")}\n`;
}

function flagWords(flag: Flag): string {
  const { name, short, help } = flag;
  const names = `-l ${name}${short === undefined ? "" : ` -s ${short}`}`;
  return `${names}${valueWords(flag)} -d ${text(help)}`;
}

/** What stands after the flag. */
function valueWords(flag: Flag): string {
  switch (valueKind(flag)) {
    case "none":
      return "";
    case "choice":
      return ` -x -a ${text((flag.choices ?? []).join(" "))}`;
    case "file":
      return " -r -F";
    case "text":
      return " -x";
  }
}

function text(words: string): string {
  return quoted(words.replaceAll("\\", "\\\\"), "\\'");
}
