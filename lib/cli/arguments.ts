/** Turns the command line into a typed {@linkcode Command}, or says which word of it is wrong. */
import { parseArgs } from "@std/cli/parse-args";
import { type Flag, FLAGS, nearestFlag } from "./flags.ts";
import { UsageError } from "./usage_error.ts";

/** What `rlm` was asked to do. */
export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "run"; readonly run: RunArguments };

/** A context as typed: `name` is null where the command chooses it. */
export interface ContextArgument {
  readonly name: string | null;
  readonly source: string;
}

/** Caps as typed; those left out keep the library's defaults. */
export interface LimitArguments {
  readonly maxIterations?: number;
  readonly maxLlmCalls?: number;
  readonly maxTokens?: number;
  readonly maxCost?: number;
  readonly maxSeconds?: number;
  readonly maxDepth?: number;
}

/** Everything that one run needs. */
export interface RunArguments {
  readonly question: string;
  readonly contexts: readonly ContextArgument[];
  readonly maxContextBytes: number;
  readonly signature: string | null;
  readonly schemaFile: string | null;
  readonly instructions: string | null;
  readonly model: string | null;
  readonly subModel: string | null;
  readonly baseUrl: string | null;
  readonly limits: LimitArguments;
  readonly allow: {
    readonly read: readonly string[];
    readonly write: readonly string[];
    readonly net: readonly string[];
    readonly env: readonly string[];
  };
  readonly output: "text" | "json" | "stream-json";
  readonly journal: string | null;
  readonly detail: "quiet" | "normal" | "verbose";
}

/** Reads the words after `rlm`. Throws {@linkcode UsageError} on the first that cannot be used. */
export function parseCommand(words: readonly string[]): Command {
  const parsed = parseWords(words);
  if (parsed.on("help")) return { kind: "help" };
  if (parsed.on("version")) return { kind: "version" };
  if (parsed.on("quiet") && parsed.on("verbose")) {
    throw new UsageError("--quiet and --verbose exclude each other: give one of them");
  }
  if (parsed.on("json") && parsed.on("stream-json")) {
    throw new UsageError("--json and --stream-json exclude each other: give one of them");
  }
  if (parsed.text("signature") !== null && parsed.text("schema") !== null) {
    throw new UsageError("--signature and --schema both say what the answer is: give one of them");
  }
  return {
    kind: "run",
    run: {
      question: theQuestion(parsed.rest),
      contexts: parsed.texts("context").map(readContext),
      maxContextBytes: (parsed.number("max-context-mb") ?? 256) * 1024 * 1024,
      signature: parsed.text("signature"),
      schemaFile: parsed.text("schema"),
      instructions: parsed.text("instructions"),
      model: parsed.text("model"),
      subModel: parsed.text("sub-model"),
      baseUrl: readBaseUrl(parsed.text("base-url")),
      limits: readLimits(parsed),
      allow: {
        read: parsed.texts("allow-read"),
        write: parsed.texts("allow-write"),
        net: parsed.texts("allow-net"),
        env: parsed.texts("allow-env"),
      },
      output: parsed.on("stream-json") ? "stream-json" : parsed.on("json") ? "json" : "text",
      journal: parsed.text("journal"),
      detail: parsed.on("quiet") ? "quiet" : parsed.on("verbose") ? "verbose" : "normal",
    },
  };
}

/** The question is the one word that is no flag; several are most likely a missing pair of quotes. */
function theQuestion(rest: readonly string[]): string {
  const [question, second] = rest;
  if (question === undefined || question.trim() === "") {
    throw new UsageError('no question: write it in quotes, as in rlm "Who is mentioned?" -c FILE');
  }
  if (second !== undefined) {
    throw new UsageError(
      `${rest.length} questions, ${quote(question)} and ${
        quote(second)
      }: put the question in quotes, ` +
        "and a pattern of files too, as in -c '*.txt'",
    );
  }
  return question;
}

/** Splits `NAME=SOURCE`; a path that has such a beginning itself can be given as `./NAME=…`. */
function readContext(typed: string): ContextArgument {
  const [, name, source] = /^([\p{ID_Start}_][\p{ID_Continue}]*)=(.*)$/su.exec(typed) ?? [];
  if (name === undefined || source === undefined) return { name: null, source: typed };
  if (source === "") {
    throw new UsageError(`--context ${typed}: nothing after the equals sign, give NAME=FILE`);
  }
  return { name, source };
}

/** A base URL with a scheme that a client can use. */
function readBaseUrl(typed: string | null): string | null {
  if (typed === null) return null;
  const url = URL.parse(typed);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new UsageError(
      `--base-url ${typed}: not an http address, give one such as http://localhost:11434/v1`,
    );
  }
  return typed;
}

/** The caps that were given, under the library's names. */
function readLimits(parsed: ParsedWords): LimitArguments {
  const whole = (name: string, least: number) => parsed.number(name, { whole: true, least });
  const limits = {
    maxIterations: whole("max-turns", 1),
    maxLlmCalls: whole("max-calls", 0),
    maxTokens: whole("max-tokens", 1),
    maxCost: parsed.number("max-cost"),
    maxSeconds: parsed.number("max-seconds"),
    maxDepth: whole("max-depth", 0),
  };
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== null));
}

/** The words sorted into switches, values and the rest. */
interface ParsedWords {
  readonly rest: readonly string[];
  on(name: string): boolean;
  text(name: string): string | null;
  texts(name: string): readonly string[];
  number(name: string, rule?: { whole?: boolean; least?: number }): number | null;
}

/** Runs `parseArgs` over words that were made unambiguous first. */
function parseWords(words: readonly string[]): ParsedWords {
  const parsed: Record<string, unknown> = parseArgs(joinValues(words), {
    string: [...FLAGS.filter((flag) => flag.value !== undefined).map((flag) => flag.name), "_"],
    boolean: FLAGS.filter((flag) => flag.value === undefined).map((flag) => flag.name),
    collect: FLAGS.filter((flag) => flag.value !== undefined).map((flag) => flag.name),
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

/**
 * Rewrites `-c X` and `--context X` to `--context=X` and refuses unknown flags and missing values.
 * After this every flag stands in one word, so that a value may begin with a dash, as in `-c -`.
 */
function joinValues(words: readonly string[]): string[] {
  const joined: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    if (word === "--") return [...joined, ...words.slice(index)];
    if (!word.startsWith("-") || word === "-") {
      joined.push(word);
      continue;
    }
    const { flag, typed, value } = readFlag(word);
    if (flag.value === undefined) {
      if (value !== null) throw new UsageError(`${typed} takes no value: write ${typed} alone`);
      joined.push(`--${flag.name}`);
      continue;
    }
    const given = value ?? words[++index];
    if (given === undefined || given === "" || (value === null && looksLikeFlag(given))) {
      throw new UsageError(`${typed} needs a value: write ${typed} ${flag.value}`);
    }
    joined.push(`--${flag.name}=${given}`);
  }
  return joined;
}

/** The flag that a word names, and the value after its equals sign. */
function readFlag(word: string): { flag: Flag; typed: string; value: string | null } {
  const [typed = word, ...rest] = word.split("=");
  const flag = FLAGS.find(({ name, short }) => typed === `--${name}` || typed === `-${short}`);
  if (flag !== undefined) return { flag, typed, value: rest.length === 0 ? null : rest.join("=") };
  const nearest = nearestFlag(typed.replace(/^-+/, ""));
  throw new UsageError(
    `unknown flag ${typed}: ${nearest === null ? "see rlm --help" : `did you mean --${nearest}?`}`,
  );
}

/** A word that is itself a known flag cannot have been meant as a value. */
function looksLikeFlag(word: string): boolean {
  const [typed] = word.split("=");
  return FLAGS.some(({ name, short }) => typed === `--${name}` || typed === `-${short}`);
}

/** Quotes a word for a message, shortened. */
function quote(word: string): string {
  return JSON.stringify(word.length > 40 ? `${word.slice(0, 39)}…` : word);
}
