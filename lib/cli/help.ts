/** The help pages of a run: a first one that fits a terminal of 80 by 24, and one with every flag. */
import { type Flag, FLAG_GROUPS, sharedFlags } from "./flags.ts";
import { SUBCOMMANDS } from "./subcommands.ts";

/** Flags that a newcomer needs first. */
const FIRST = [
  ...["context", "model", "base-url", "signature", "max-cost", "tool", "json", "journal", "html"],
];

/** The page that `rlm --help` prints. */
export function helpPage(): string {
  return [
    'rlm "QUESTION" -c SOURCE [flags]    answers a question about a very large input',
    "",
    ...sharedFlags(...FIRST).map(flagLine),
    "",
    "rlm COMMAND [flags]",
    ...SUBCOMMANDS.map(({ name, summary }) => `  ${name.padEnd(27)} ${summary}`),
  ].join("\n");
}

/** The page that `rlm help run` prints. */
export function runPage(): string {
  const groups: [string, readonly Flag[]][] = Object.entries(FLAG_GROUPS);
  return [
    'rlm "QUESTION" -c SOURCE [flags]    answers a question about a very large input',
    "",
    ...groups.flatMap(([title, flags]) => [`${title}:`, ...flags.map(flagLine)]),
    "",
    "Exit code 0 answered, 1 failed, 2 usage, 3 limit, 4 model, 5 sandbox, 130 Ctrl-C",
  ].join("\n");
}

/** One flag on one line: its names and value, then what it does. */
export function flagLine({ name, short, value, help }: Flag): string {
  const names = `${short === undefined ? "    " : `-${short}, `}--${name}${
    value === undefined ? "" : ` ${value}`
  }`;
  return `  ${names.padEnd(27)} ${help}`;
}
