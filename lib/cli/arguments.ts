/** Turns the command line into a typed {@linkcode Command}, or says which word of it is wrong. */
import { nearestName } from "./flags.ts";
import { SUBCOMMAND_NAMES } from "./subcommands.ts";
import { UsageError } from "./usage_error.ts";
import { type ParsedWords, parseWords } from "./words.ts";

/** What `rlm` was asked to do. */
export type Command =
  | { readonly kind: "help"; readonly whole: boolean }
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
  readonly directTokens?: number;
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
  /** Modules whose default export has tools. */
  readonly tools: readonly string[];
  /** What Python may import beside its standard library. */
  readonly packages: readonly string[];
  readonly packagesFrom: string | null;
  readonly allow: {
    readonly read: readonly string[];
    readonly write: readonly string[];
    readonly net: readonly string[];
    readonly env: readonly string[];
  };
  readonly output: "text" | "json" | "stream-json";
  readonly journal: string | null;
  /** Where the page of the run is written. */
  readonly html: string | null;
  /** Go on with the run in the journal, if there is one. */
  readonly resume: boolean;
  readonly detail: "quiet" | "normal" | "verbose";
}

/** Reads the words after `rlm`. Throws {@linkcode UsageError} on the first that cannot be used. */
export function parseCommand(words: readonly string[]): Command {
  const parsed = parseWords(words);
  if (parsed.on("help")) return { kind: "help", whole: parsed.on("verbose") };
  if (parsed.on("version")) return { kind: "version" };
  const question = theQuestion(parsed.rest, parsed.texts("context").length > 0);
  return { kind: "run", run: readRunArguments(parsed, question) };
}

/** Reads the flags of a run. Throws {@linkcode UsageError} on the first that cannot be used. */
export function readRunArguments(parsed: ParsedWords, question: string): RunArguments {
  if (parsed.on("quiet") && parsed.on("verbose")) {
    throw new UsageError("--quiet and --verbose exclude each other: give one of them");
  }
  if (parsed.on("json") && parsed.on("stream-json")) {
    throw new UsageError("--json and --stream-json exclude each other: give one of them");
  }
  if (parsed.text("signature") !== null && parsed.text("schema") !== null) {
    throw new UsageError("--signature and --schema both say what the answer is: give one of them");
  }
  if (parsed.on("resume") && parsed.text("journal") === null) {
    throw new UsageError("--resume: it is not said with what, give --journal FILE too");
  }
  return {
    question,
    contexts: parsed.texts("context").map(readContext),
    maxContextBytes: (parsed.number("max-context-mb") ?? 256) * 1024 * 1024,
    signature: parsed.text("signature"),
    schemaFile: parsed.text("schema"),
    instructions: parsed.text("instructions"),
    model: parsed.text("model"),
    subModel: parsed.text("sub-model"),
    baseUrl: readBaseUrl(parsed.text("base-url")),
    limits: readLimits(parsed),
    tools: parsed.texts("tool"),
    packages: parsed.texts("package"),
    packagesFrom: parsed.text("packages-from"),
    allow: {
      read: parsed.texts("allow-read"),
      write: parsed.texts("allow-write"),
      net: parsed.texts("allow-net"),
      env: parsed.texts("allow-env"),
    },
    output: parsed.on("stream-json") ? "stream-json" : parsed.on("json") ? "json" : "text",
    journal: parsed.text("journal"),
    html: parsed.text("html"),
    resume: parsed.on("resume"),
    detail: parsed.on("quiet") ? "quiet" : parsed.on("verbose") ? "verbose" : "normal",
  };
}

/**
 * The question is the one word that is no flag; several are most likely a missing pair of quotes, and one that is nearly a
 * command's name, without a context, is a misspelt command.
 */
function theQuestion(rest: readonly string[], hasContext: boolean): string {
  const [question, second] = rest;
  if (question === undefined || question.trim() === "") {
    throw new UsageError('no question: write it in quotes, as in rlm "Who is mentioned?" -c FILE');
  }
  const isWord = /^[a-z]+$/i.test(question);
  const command = isWord && !hasContext ? nearestName(question, SUBCOMMAND_NAMES) : null;
  if (command !== null) {
    throw new UsageError(
      `no command ${question}: did you mean rlm ${command}? (for a question, give -c SOURCE too)`,
    );
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
    directTokens: whole("direct-tokens", 1),
  };
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== null));
}

/** Quotes a word for a message, shortened. */
function quote(word: string): string {
  return JSON.stringify(word.length > 40 ? `${word.slice(0, 39)}…` : word);
}
