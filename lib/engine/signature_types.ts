/**
 * The string form of a signature as the TypeScript compiler reads it: `InferInputs<"query -> pages: list[int]">`.
 * It mirrors signature_parser.ts in template-literal types, so that no code has to be generated.
 *
 * Every reader below is a function from text to `[what was read, the rest]`, or to a text that says what is wrong.
 */

/**
 * Inputs of a signature string; `Record<string, unknown>` when the string is not a literal.
 *
 * @internal
 */
export type InferTextInputs<S extends string> = string extends S ? Record<string, unknown>
  : Split<S> extends [infer I extends string, string, infer Q extends string[]]
    ? FieldsOf<I, Q, "in">
  : Record<string, unknown>;

/**
 * Outputs of a signature string; `Record<string, unknown>` when the string is not a literal.
 *
 * @internal
 */
export type InferTextOutputs<S extends string> = string extends S ? Record<string, unknown>
  : Split<S> extends [string, infer O extends string, infer Q extends string[]]
    ? FieldsOf<O, Q, "out">
  : Record<string, unknown>;

/**
 * Arguments of a parameter list such as `"id: str, limit: int = 10"`, as the tool sees them.
 *
 * @internal
 */
export type InferTextParameters<S extends string> = string extends S ? Record<string, unknown>
  : Unquote<S> extends [infer P extends string, infer Q extends string[]] ? FieldsOf<P, Q, "out">
  : Record<string, unknown>;

/** The type of one Python type text such as `"list[int]"`. */
export type InferPythonType<S extends string, M extends Mode = "out"> = string extends S ? unknown
  : Unquote<S> extends [infer T extends string, infer Q extends string[]]
    ? ReadType<T, Q, M> extends [infer Value, ""] ? Value : unknown
  : unknown;

/**
 * What is wrong with a signature string, in words, or `never`.
 *
 * @internal
 */
export type SignatureProblem<S extends string> = string extends S ? never
  : Split<S> extends [infer I extends string, infer O extends string, infer Q extends string[]] ?
      | ProblemOf<ReadFields<I, Q, "in">>
      | ProblemOf<ReadFields<O, Q, "out">>
      | (O extends "" ? "no outputs" : never)
  : ProblemOf<Split<S>>;

/** Whether the values go in (wider: what we accept) or come out (exact: what we promise). */
export type Mode = "in" | "out";

/** Words that stand for a whole type: what may be passed in, and what comes out. */
interface PlainTypes {
  str: { in: string; out: string };
  int: { in: number | bigint; out: number };
  float: { in: number; out: number };
  bool: { in: boolean; out: boolean };
  None: { in: null; out: null };
  Any: { in: unknown; out: unknown };
  any: { in: unknown; out: unknown };
  dict: { in: DictIn<unknown>; out: Record<string, unknown> };
  Dict: PlainTypes["dict"];
  object: PlainTypes["dict"];
  list: { in: readonly unknown[]; out: unknown[] };
  List: PlainTypes["list"];
  tuple: PlainTypes["list"];
  Tuple: PlainTypes["list"];
  set: { in: SetIn<unknown>; out: unknown[] };
  Set: PlainTypes["set"];
  datetime: { in: string | Date; out: string };
  date: { in: string | Date; out: string };
  time: { in: string; out: string };
  bytes: { in: Uint8Array; out: Uint8Array };
}

type DictIn<T> = Readonly<Record<string, T>> | ReadonlyMap<string, T>;
type SetIn<T> = readonly T[] | ReadonlySet<T>;
type ListType<T, M extends Mode> = M extends "in" ? readonly T[] : T[];
type SetType<T, M extends Mode> = M extends "in" ? SetIn<T> : T[];
type DictType<T, M extends Mode> = M extends "in" ? DictIn<T> : Record<string, T>;

/** Cuts a signature at its arrow: inputs, outputs, and the quoted texts in them. */
type Split<S extends string> = Unquote<S> extends [infer T extends string, infer Q extends string[]]
  ? T extends `${infer I}->${infer O}` ? [I, O, Q] : "expected '->' between inputs and outputs"
  : "a text has no closing quote";

/**
 * Takes quoted texts out of S, leaving `"0"`, `"1"` … in their place, and white space out of the rest:
 * what is left can be cut at punctuation without looking into quotes.
 */
type Unquote<S extends string, Done extends string = "", Q extends string[] = []> = S extends
  `${infer A}"${infer B}`
  ? A extends `${infer A1}'${infer A2}`
    ? `${A2}"${B}` extends `${infer Text}'${infer R}`
      ? Unquote<R, `${Done}${Squeeze<A1>}"${Q["length"]}"`, [...Q, Text]>
    : "no closing quote"
  : B extends `${infer Text}"${infer R}`
    ? Unquote<R, `${Done}${Squeeze<A>}"${Q["length"]}"`, [...Q, Text]>
  : "no closing quote"
  : S extends `${infer A}'${infer B}`
    ? B extends `${infer Text}'${infer R}`
      ? Unquote<R, `${Done}${Squeeze<A>}"${Q["length"]}"`, [...Q, Text]>
    : "no closing quote"
  : [`${Done}${Squeeze<S>}`, Q];

/** S without white space. */
type Squeeze<S extends string> = S extends `${infer A} ${infer B}` ? Squeeze<`${A}${B}`>
  : S extends `${infer A}\n${infer B}` ? Squeeze<`${A}${B}`>
  : S extends `${infer A}\t${infer B}` ? Squeeze<`${A}${B}`>
  : S extends `${infer A}\r${infer B}` ? Squeeze<`${A}${B}`>
  : S;

/** S up to the first C, or all of it. */
type Before<S extends string, C extends string> = S extends `${infer A}${C}${string}` ? A : S;

/** The word that S begins with: everything up to the first punctuation. */
type Word<S extends string> = Before<
  Before<Before<Before<Before<Before<S, ",">, ":">, "=">, "[">, "]">,
  "|"
>;

/** S without the T that it begins with. */
type After<S extends string, T extends string> = S extends `${T}${infer R}` ? R : S;

/** Fields with and without default, written out as one object type. */
// deno-fmt-ignore
type FieldsOf<S extends string, Q extends string[], M extends Mode> =
  ReadFields<S, Q, M> extends [infer Required, infer Optional]
    ? (M extends "in" ? Required & Partial<Optional> : Required & Optional) extends infer Both
      ? { [K in keyof Both]: Both[K] }
      : never
    : Record<string, unknown>;

type ProblemOf<T> = T extends string ? T : never;

/** Reads all fields of one side; `Required` and `Optional` grow as it goes. */
// deno-fmt-ignore
type ReadFields<S extends string, Q extends string[], M extends Mode, Required = unknown, Optional = unknown> =
  S extends "" ? [Required, Optional]
  : Word<S> extends "" ? `expected a name before '${S}'`
  : ReadField<S, Word<S>, Q, M> extends infer Field
    ? Field extends [infer Value, infer Rest extends string, infer Kind]
      ? Kind extends "optional"
        ? ReadFields<Rest, Q, M, Required, Optional & { [K in Word<S>]: Value }>
        : ReadFields<Rest, Q, M, Required & { [K in Word<S>]: Value }, Optional>
      : Field
    : never;

/** Reads one field after its name N: type, default and the comma that ends it. */
// deno-fmt-ignore
type ReadField<S extends string, N extends string, Q extends string[], M extends Mode> =
  After<S, N> extends `:${infer T}`
    ? ReadType<T, Q, M> extends infer Read
      ? Read extends [infer Value, infer Rest extends string] ? ReadEnd<Rest, Value, M> : Read
      : never
    : ReadEnd<After<S, N>, M extends "in" ? unknown : string, M>;

/** Reads what may follow a type. An input that may be None may also be left out. */
// deno-fmt-ignore
type ReadEnd<S extends string, Value, M extends Mode> =
  S extends `=[${string}]${infer R}` ? [Value, After<R, ",">, "optional"]
  : S extends `={${string}}${infer R}` ? [Value, After<R, ",">, "optional"]
  : S extends `=${infer D}` ? [Value, After<After<D, Before<D, ",">>, ",">, "optional"]
  : S extends "" | `,${string}` ? [Value, After<S, ",">, IsOptional<Value, M>]
  : `expected ',' before '${S}'`;

/** Whether a value may be left out although it has no default: None takes its place. */
// deno-fmt-ignore
type IsOptional<Value, M extends Mode> =
  M extends "out" ? "required"
  : unknown extends Value ? "required"
  : null extends Value ? "optional"
  : "required";

/** Reads a type with its `|` alternatives. */
// deno-fmt-ignore
type ReadType<S extends string, Q extends string[], M extends Mode, Sum = never> =
  ReadSingle<S, Word<S>, Q, M> extends infer Read
    ? Read extends [infer T, infer Rest extends string]
      ? Rest extends `|${infer More}` ? ReadType<More, Q, M, Sum | T> : [Sum | T, Rest]
      : Read
    : never;

/** Reads a type that begins with the word W. */
// deno-fmt-ignore
type ReadSingle<S extends string, W extends string, Q extends string[], M extends Mode> =
  S extends `${W}[${infer Inside}`
    ? W extends "list" | "List" ? Close<ReadType<Inside, Q, M>, M, "list">
    : W extends "set" | "Set" ? Close<ReadType<Inside, Q, M>, M, "set">
    : W extends "Optional" ? Close<ReadType<Inside, Q, M>, M, "optional">
    : W extends "dict" | "Dict"
      ? Inside extends `${"str" | "int"},${infer T}` ? Close<ReadType<T, Q, M>, M, "dict">
      : "expected str or int as the keys of a dict"
    : W extends "Union" ? Close<ReadList<Inside, Q, M>, M, "union">
    : W extends "tuple" | "Tuple" ? ReadTuple<ReadList<Inside, Q, M>, M>
    : W extends "Literal" ? Close<ReadLiterals<Inside, Q>, M, "plain">
    : `'${W}' takes no [...]`
  : W extends keyof PlainTypes ? [PlainTypes[W][M], After<S, W>]
  : `unknown type '${W}'`;

/** Takes the `]` after what was read, and makes the generic type of it. */
// deno-fmt-ignore
type Close<Read, M extends Mode, Kind extends string> =
  Read extends [infer T, `]${infer Rest}`]
    ? [Kind extends "list" ? ListType<T, M>
      : Kind extends "set" ? SetType<T, M>
      : Kind extends "dict" ? DictType<T, M>
      : Kind extends "optional" ? T | null
      : Kind extends "union" ? T extends unknown[] ? T[number] : never
      : T, Rest]
    : Read extends string ? Read
    : "expected ']'";

/** Reads types separated by commas into a tuple. */
// deno-fmt-ignore
type ReadList<S extends string, Q extends string[], M extends Mode, Items extends unknown[] = []> =
  ReadType<S, Q, M> extends infer Read
    ? Read extends [infer T, infer Rest extends string]
      ? Rest extends `,...${infer End}` ? [[...Items, T, Ellipsis], End]
      : Rest extends `,${infer More}` ? ReadList<More, Q, M, [...Items, T]>
      : [[...Items, T], Rest]
      : Read
    : never;

/** Stands for `...` in `tuple[T, ...]`. */
interface Ellipsis {
  readonly ellipsis: true;
}

/** Makes a fixed tuple, or a list of `tuple[T, ...]`. */
// deno-fmt-ignore
type ReadTuple<Read, M extends Mode> =
  Read extends [[infer T, Ellipsis], `]${infer Rest}`] ? [ListType<T, M>, Rest]
  : Read extends [infer Items extends unknown[], `]${infer Rest}`]
    ? [M extends "in" ? Readonly<Items> : Items, Rest]
  : Read extends string ? Read
  : "expected ']'";

/** Reads the constants of a `Literal` into a union. */
// deno-fmt-ignore
type ReadLiterals<S extends string, Q extends string[], Sum = never> =
  ReadConstant<Word<S>, Q> extends infer Value
    ? Value extends [infer V]
      ? After<S, Word<S>> extends `,${infer More}`
        ? More extends `]${string}` ? [Sum | V, More] : ReadLiterals<More, Q, Sum | V>
        : [Sum | V, After<S, Word<S>>]
      : Value
    : never;

/** The value of one constant, in a tuple of one. */
// deno-fmt-ignore
type ReadConstant<W extends string, Q extends string[]> =
  W extends `"${infer I extends keyof Q & string}"` ? [Q[I]]
  : W extends "True" | "true" ? [true]
  : W extends "False" | "false" ? [false]
  : W extends "None" | "null" ? [null]
  : W extends `${infer N extends number}` ? [N]
  : `expected a constant in Literal[...], found '${W}'`;
