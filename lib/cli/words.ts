/** Sorts the words of the command line into switches, values and the rest, and refuses those that fit nowhere. */
import { parseArgs } from "@std/cli/parse-args";
import { type Flag, FLAGS, nearestName } from "./flags.ts";
import { UsageError } from "./usage_error.ts";

/** The words sorted into switches, values and the rest. */
export interface ParsedWords {
  /** Words that belong to no flag. */
  readonly rest: readonly string[];
  /** Whether a switch is on. */
  on(name: string): boolean;
  /** The value of a flag that may be given once. */
  text(name: string): string | null;
  /** The values of a flag that may be given several times. */
  texts(name: string): readonly string[];
  /** The value of a flag as a number: above 0, or at least `least`. */
  number(name: string, rule?: { whole?: boolean; least?: number }): number | null;
}

/** Runs `parseArgs` over words that were made unambiguous first; `help` is where an unknown flag sends the user. */
export function parseWords(
  words: readonly string[],
  flags: readonly Flag[] = FLAGS,
  help = "rlm help run",
): ParsedWords {
  const withValue = flags.filter((flag) => flag.value !== undefined).map((flag) => flag.name);
  const parsed: Record<string, unknown> = parseArgs(joinValues(words, { flags, help }), {
    string: [...withValue, "_"],
    boolean: flags.filter((flag) => flag.value === undefined).map((flag) => flag.name),
    collect: withValue,
  });
  const texts = (name: string) => Array.isArray(parsed[name]) ? parsed[name].map(String) : [];
  const text = (name: string) => {
    const [value, second] = texts(name);
    if (second !== undefined) throw new UsageError(`--${name}: given twice, give it once`);
    return value ?? null;
  };
  return {
    rest: texts("_"),
    on: (name) => parsed[name] === true,
    text,
    texts,
    number: (name, rule = {}) => readNumber(name, text(name), rule),
  };
}

/** A number within its range; a cap of zero dollars or seconds would only forbid the run. */
function readNumber(
  name: string,
  typed: string | null,
  { whole = false, least }: { whole?: boolean; least?: number },
): number | null {
  if (typed === null) return null;
  const value = typed.trim() === "" ? NaN : Number(typed.replaceAll("_", ""));
  const inRange = least === undefined ? value > 0 : value >= least;
  if (Number.isFinite(value) && inRange && (!whole || Number.isSafeInteger(value))) return value;
  const wanted = `${whole ? "a whole number" : "a number"} ${
    least === undefined ? "above 0" : `of at least ${least}`
  }`;
  throw new UsageError(`--${name} ${typed}: give ${wanted}`);
}

/** The flags that there are, and the command that tells of them. */
interface Known {
  readonly flags: readonly Flag[];
  readonly help: string;
}

/**
 * Rewrites `-c X` and `--context X` to `--context=X` and refuses unknown flags and missing values.
 * After this every flag stands in one word, so that a value may begin with a dash, as in `-c -`.
 */
function joinValues(words: readonly string[], known: Known): string[] {
  const joined: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    if (word === "--") return [...joined, ...words.slice(index)];
    if (!word.startsWith("-") || word === "-") {
      joined.push(word);
      continue;
    }
    const { flag, typed, value } = readFlag(word, known);
    if (flag.value === undefined) {
      if (value !== null) throw new UsageError(`${typed} takes no value: write ${typed} alone`);
      joined.push(`--${flag.name}`);
      continue;
    }
    const given = value ?? words[++index];
    if (given === undefined || given === "" || (value === null && looksLikeFlag(given, known))) {
      throw new UsageError(`${typed} needs a value: write ${typed} ${flag.value}`);
    }
    joined.push(`--${flag.name}=${given}`);
  }
  return joined;
}

/** The flag that a word names, and the value after its equals sign. */
function readFlag(
  word: string,
  { flags, help }: Known,
): { flag: Flag; typed: string; value: string | null } {
  const [typed = word, ...rest] = word.split("=");
  const flag = flags.find(({ name, short }) => typed === `--${name}` || typed === `-${short}`);
  if (flag !== undefined) return { flag, typed, value: rest.length === 0 ? null : rest.join("=") };
  const nearest = nearestName(typed.replace(/^-+/, ""), flags.map(({ name }) => name));
  throw new UsageError(
    `unknown flag ${typed}: ${nearest === null ? `see ${help}` : `did you mean --${nearest}?`}`,
  );
}

/** A word that is itself a known flag cannot have been meant as a value. */
function looksLikeFlag(word: string, { flags }: Known): boolean {
  const [typed] = word.split("=");
  return flags.some(({ name, short }) => typed === `--${name}` || typed === `-${short}`);
}
