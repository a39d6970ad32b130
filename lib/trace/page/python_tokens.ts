/** Splits Python code into tokens to be coloured. It need not understand the code, only never lose a character of it. */

/** A piece of code and what it is; null is nothing special. */
export interface Token {
  readonly text: string;
  readonly kind: "comment" | "string" | "number" | "keyword" | "builtin" | "call" | null;
}

const KEYWORDS = new Set(
  ("False None True and as assert async await break case class continue def del elif else except finally for from " +
    "global if import in is lambda match nonlocal not or pass raise return try while with yield")
    .split(" "),
);

/** What every guest can call, and Python's own functions that models use most. */
const GUEST = new Set(
  "llm_query llm_query_batched rlm_query recursive_llm SUBMIT FINAL FINAL_VAR budget".split(" "),
);

const BUILTINS = new Set(
  ("abs all any bool bytes chr dict dir divmod enumerate eval exec filter float format frozenset getattr hasattr hash " +
    "help hex id input int isinstance issubclass iter len list map max min next object oct open ord pow print range " +
    "repr reversed round set setattr slice sorted str sum super tuple type vars zip").split(" "),
);

/** A string ends at its quote, at the line's end, or at the end of code that was cut off. */
const STRING = [
  String.raw`"""(?:[^\\]|\\[^])*?(?:"""|$)`,
  String.raw`'''(?:[^\\]|\\[^])*?(?:'''|$)`,
  String.raw`"(?:[^"\\\n]|\\[^])*(?:"|(?=\n)|$)`,
  String.raw`'(?:[^'\\\n]|\\[^])*(?:'|(?=\n)|$)`,
].join("|");

const TOKEN = new RegExp(
  [
    String.raw`(?<comment>#[^\n]*)`,
    String.raw`(?<string>(?:(?<![\p{ID_Continue}])[rbuft]{1,2})?(?:${STRING}))`,
    String
      .raw`(?<number>(?<![\p{ID_Continue}])(?:0[xob][\da-f_]+|\d[\d_]*(?:\.[\d_]*)?(?:e[+-]?\d+)?j?))`,
    String.raw`(?<name>@?[\p{ID_Start}_][\p{ID_Continue}]*)`,
  ].join("|"),
  "giu",
);

/** The tokens of a piece of code; their texts together are the code. */
export function* pythonTokens(code: string): Generator<Token> {
  let end = 0;
  for (const match of code.matchAll(TOKEN)) {
    if (match.index > end) yield { text: code.slice(end, match.index), kind: null };
    yield { text: match[0], kind: kindOf(match) };
    end = match.index + match[0].length;
  }
  if (end < code.length) yield { text: code.slice(end), kind: null };
}

function kindOf(match: RegExpExecArray): Token["kind"] {
  const { comment, string, number, name } = match.groups ?? {};
  if (comment !== undefined) return "comment";
  if (string !== undefined) return "string";
  if (number !== undefined) return "number";
  if (name === undefined) return null;
  // A method of the same name is the object's own.
  if (match.input[match.index - 1] === ".") return null;
  if (KEYWORDS.has(name)) return "keyword";
  if (GUEST.has(name)) return "call";
  if (BUILTINS.has(name)) return "builtin";
  return name.startsWith("@") ? "builtin" : null;
}
