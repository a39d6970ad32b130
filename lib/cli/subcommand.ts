/** Subcommand: a word after `rlm` that does something else than to answer a question, with flags and a help page of its own. */
import type { ExitCode } from "./exit_code.ts";
import type { Flag } from "./flags.ts";
import { flagLine } from "./help.ts";
import { UsageError } from "./usage_error.ts";
import { type ParsedWords, parseWords } from "./words.ts";

/** Where a subcommand writes. */
export interface Output {
  /** Takes what was asked for. */
  readonly stdout: (text: string) => void;
}

/** One subcommand. */
export interface Subcommand {
  /** The word after `rlm`. */
  readonly name: string;
  /** What may follow the name, such as `JOURNAL [flags]`. */
  readonly usage: string;
  /** What it does, as the first lines of its help page. */
  readonly about: readonly string[];
  /** Its flags, without `--help`. */
  readonly flags: readonly Flag[];
  /** Flags that it shares with a run, where they are too many to be explained again. */
  readonly shared?: readonly Flag[];
  /** The words that may follow, for completion; without them, the names of files. */
  readonly words?: readonly string[];
  /** What its exit codes mean, as the last lines of its help page. */
  readonly exitCodes: readonly string[];
  /** Does the work. */
  run(words: ParsedWords, output: Output): Promise<ExitCode>;
}

const HELP: Flag = { name: "help", short: "h", help: "print this page" };

/** Every flag that a subcommand takes. */
export function flagsOf({ flags, shared = [] }: Subcommand): Flag[] {
  return [...flags, ...shared, HELP];
}

/** Runs a subcommand with the words after its name. */
export async function runSubcommand(
  command: Subcommand,
  words: readonly string[],
  output: Output,
): Promise<ExitCode> {
  const parsed = parseWords(words, flagsOf(command), `rlm ${command.name} --help`);
  if (!parsed.on("help")) return await command.run(parsed, output);
  output.stdout(`${subcommandPage(command)}\n`);
  return 0;
}

/** The page that `rlm NAME --help` prints. */
export function subcommandPage(command: Subcommand): string {
  const { name, usage, about, flags, shared = [], exitCodes } = command;
  const names = shared.map((flag) => `--${flag.name}`);
  return [
    `rlm ${name} ${usage}`,
    "",
    ...about,
    "",
    ...[...flags, HELP].map(flagLine),
    "",
    ...(names.length === 0
      ? []
      : ["Also these, explained by rlm help run:", ...inLines(names), ""]),
    ...exitCodes,
  ].join("\n");
}

/** Words in lines that fit a terminal of 80 columns. */
function inLines(words: readonly string[]): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const longer = `${lines.at(-1) ?? ""} ${word}`;
    if (lines.length > 0 && longer.length <= 80) lines[lines.length - 1] = longer;
    else lines.push(`  ${word}`);
  }
  return lines;
}

/** The one word that a subcommand takes beside its flags. */
export function onlyWord({ rest }: ParsedWords, { name, usage }: Subcommand): string {
  const [word, second] = rest;
  if (word === undefined) {
    throw new UsageError(`rlm ${name} needs more: write rlm ${name} ${usage}`);
  }
  if (second === undefined) return word;
  throw new UsageError(
    `rlm ${name} takes one word, got ${rest.length}: write rlm ${name} ${usage}`,
  );
}
