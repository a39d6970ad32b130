/** What `parseArgs` takes and returns. */

/** Options of `parseArgs`: names as lists only, no dotted names, no `boolean: true`. */
export interface ParseOptions<
  Booleans extends string = string,
  Strings extends string = string,
  Collected extends string = string,
  Negatable extends string = string,
  Defaults extends Record<string, unknown> = Record<string, unknown>,
  Aliases extends AliasesOf = AliasesOf,
  DoubleDash extends boolean = boolean,
> {
  /** Flags without a value; false when not given. */
  boolean?: readonly Booleans[];
  /** Flags whose value stays text. */
  string?: readonly Strings[];
  /** Flags that may be repeated; their values become a list. */
  collect?: readonly Collected[];
  /** Flags that `--no-<flag>` sets to false. */
  negatable?: readonly Negatable[];
  /** Values of flags that were not given. */
  default?: Defaults;
  /** Other names by flag. */
  alias?: Aliases;
  /** The first argument that is no flag ends the flags. */
  stopEarly?: boolean;
  /** Puts what follows `--` into `"--"` rather than `_`. */
  "--"?: DoubleDash;
  /** Called with each undeclared flag (argument, key, value) and each positional (argument); false drops it. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** Other names by flag. */
export type AliasesOf = { readonly [flag: string]: string | readonly string[] };

/** What `parseArgs` returns: a property for each declared flag and alias, and the rest in `_`. */
export type Args<
  Booleans extends string,
  Strings extends string,
  Collected extends string,
  Negatable extends string,
  Defaults,
  Aliases,
  DoubleDash,
> =
  & Aliased<
    Defaulted<
      & { [Flag in Exclude<Strings, Collected>]?: Flag extends Negatable ? string | false : string }
      & { [Flag in Strings & Collected]: string[] }
      & { [Flag in Exclude<Booleans, Collected>]: boolean }
      & { [Flag in Booleans & Collected]: boolean[] }
      & { [Flag in Exclude<Collected, Strings | Booleans>]: unknown[] },
      Defaults
    >,
    Aliases
  >
  & { _: (string | number)[] }
  & (DoubleDash extends true ? { "--": string[] } : unknown)
  & Record<string, unknown>;

type Defaulted<Flags, Defaults> =
  & {
    [Flag in Exclude<keyof Flags, keyof Defaults>]: Flags[Flag];
  }
  & {
    [Flag in keyof Defaults]: Flag extends keyof Flags ? NonNullable<Flags[Flag]> | Defaults[Flag]
      : unknown;
  };

type Aliased<Flags, Aliases> =
  & Flags
  & {
    [Flag in keyof Aliases & keyof Flags as NamesIn<Aliases[Flag]>]: Flags[Flag];
  };

type NamesIn<Names> = Names extends string ? Names
  : Names extends readonly (infer Name extends string)[] ? Name
  : never;
