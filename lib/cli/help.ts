/** The help page of `rlm`; it fits a terminal of 80 by 40. */
import { type Flag, FLAG_GROUPS } from "./flags.ts";
import { SUBCOMMAND_NAMES } from "./subcommands.ts";

/** The page that `rlm --help` prints. */
export function helpPage(): string {
  const groups: [string, readonly Flag[]][] = Object.entries(FLAG_GROUPS);
  return [
    'rlm "QUESTION" -c SOURCE [flags]    answers a question about a very large input',
    `rlm COMMAND --help  ${SUBCOMMAND_NAMES.join(" ")}`,
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
