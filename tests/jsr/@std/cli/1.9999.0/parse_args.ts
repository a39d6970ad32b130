/** Command-line flags read as `@std/cli` reads them. */
import type { AliasesOf, Args, ParseOptions } from "./parse_args_types.ts";

/** Reads `--flag`, `--flag value`, `--flag=value`, `--no-flag`, `-f`, `-f value`, `-f=value`, `-f5` and `-abc`. */
export function parseArgs<
  Booleans extends string = never,
  Strings extends string = never,
  Collected extends string = never,
  Negatable extends string = never,
  const Defaults extends Record<string, unknown> = Record<never, never>,
  const Aliases extends AliasesOf = Record<never, never>,
  DoubleDash extends boolean = false,
>(
  args: readonly string[],
  options: ParseOptions<Booleans, Strings, Collected, Negatable, Defaults, Aliases, DoubleDash> =
    {},
): Args<Booleans, Strings, Collected, Negatable, Defaults, Aliases, DoubleDash> {
  const parser = new Parser(options);
  parser.read(args);
  // The parser builds the record from the same lists that the type is computed from.
  return parser.finish() as Args<
    Booleans,
    Strings,
    Collected,
    Negatable,
    Defaults,
    Aliases,
    DoubleDash
  >;
}

class Parser {
  readonly #result: Record<string, unknown> & { _: (string | number)[] } = { _: [] };
  readonly #options: ParseOptions;
  readonly #booleans: Set<string>;
  readonly #strings: Set<string>;
  readonly #collected: Set<string>;
  readonly #negatable: Set<string>;
  /** Every name of a flag by each of its names. */
  readonly #names = new Map<string, string[]>();

  constructor(options: ParseOptions) {
    this.#options = options;
    for (const [flag, aliases] of Object.entries(options.alias ?? {})) {
      const names = [flag, ...(typeof aliases === "string" ? [aliases] : aliases)];
      for (const name of names) this.#names.set(name, names);
    }
    this.#booleans = this.#withAliases(options.boolean);
    this.#strings = this.#withAliases(options.string);
    this.#collected = this.#withAliases(options.collect);
    this.#negatable = this.#withAliases(options.negatable);
  }

  #withAliases(flags: readonly string[] = []): Set<string> {
    return new Set(flags.flatMap((flag) => this.#namesOf(flag)));
  }

  #namesOf(flag: string): string[] {
    return this.#names.get(flag) ?? [flag];
  }

  /** Reads all arguments; those after `--` are never flags. */
  read(args: readonly string[]): void {
    const end = args.includes("--") ? args.indexOf("--") : args.length;
    const queue = args.slice(0, end);
    while (queue.length > 0) {
      const arg = queue.shift() ?? "";
      if (/^--./s.test(arg)) this.#long(arg, queue);
      else if (/^-./s.test(arg)) this.#short(arg, queue);
      else {
        if (this.#options.unknown?.(arg) !== false) this.#result._.push(this.#positional(arg));
        if (this.#options.stopEarly) this.#result._.push(...queue.splice(0));
      }
    }
    const rest = args.slice(end + 1);
    if (this.#options["--"]) this.#result["--"] = rest;
    else this.#result._.push(...rest);
  }

  #positional(arg: string): string | number {
    return this.#strings.has("_") ? arg : numeric(arg);
  }

  #long(arg: string, queue: string[]): void {
    const [, key = "", value] = /^--(.+?)(?:=(.*))?$/s.exec(arg) ?? [];
    if (value !== undefined) {
      return this.#set(key, this.#booleans.has(key) ? value !== "false" : value, arg);
    }
    const negated = key.startsWith("no-") ? key.slice(3) : "";
    if (this.#negatable.has(negated)) return this.#set(negated, false, arg, false);
    // A value never starts with a dash, not even when it is one; `--flag=-` says that.
    this.#set(key, this.#valueFrom(queue, key, /^-/), arg);
  }

  #short(arg: string, queue: string[]): void {
    const letters = [...arg.slice(1)];
    for (const [index, letter] of letters.entries()) {
      const rest = letters.slice(index + 1).join("");
      if (rest === "") return this.#set(letter, this.#valueFrom(queue, letter, /^--?[^-]/), arg);
      const value = /^(?:=(.*)|(-?\d.*|\W.*))$/s.exec(rest);
      if (value) return this.#set(letter, value[1] ?? value[2] ?? "", arg);
      this.#set(letter, this.#strings.has(letter) ? "" : true, arg);
    }
  }

  /** The next argument if it can be the flag's value, else what a flag without a value means. */
  #valueFrom(queue: string[], key: string, looksLikeFlag: RegExp): string | boolean {
    const next = queue[0];
    if (next && !this.#booleans.has(key) && !looksLikeFlag.test(next)) return queue.shift() ?? "";
    if (next === "true" || next === "false") return queue.shift() === "true";
    return this.#strings.has(key) ? "" : true;
  }

  #set(key: string, value: string | boolean, arg: string, collect = true): void {
    const declared = [this.#booleans, this.#strings, this.#collected, this.#names].some((names) =>
      names.has(key)
    );
    if (!declared && this.#options.unknown?.(arg, key, value) === false) return;
    const typed = typeof value === "string" && !this.#strings.has(key) ? numeric(value) : value;
    for (const name of this.#namesOf(key)) {
      const before = this.#result[name];
      this.#result[name] = !collect || !this.#collected.has(name)
        ? typed
        : Array.isArray(before)
        ? [...before, typed]
        : before
        ? [before, typed]
        : [typed];
    }
  }

  /** Fills in what was not given. */
  finish(): Record<string, unknown> {
    const fill = (flags: Iterable<string>, value: (flag: string) => unknown): void => {
      for (const flag of flags) {
        if (!Object.hasOwn(this.#result, flag)) this.#result[flag] = value(flag);
      }
    };
    for (const [flag, value] of Object.entries(this.#options.default ?? {})) {
      if (!Object.hasOwn(this.#result, flag)) fill(this.#namesOf(flag), () => value);
    }
    fill(this.#booleans, (flag) => this.#collected.has(flag) ? [] : false);
    fill([...this.#strings].filter((flag) => this.#collected.has(flag)), () => []);
    return this.#result;
  }
}

function numeric(text: string): string | number {
  return /\S/.test(text) && Number.isFinite(Number(text)) ? Number(text) : text;
}
