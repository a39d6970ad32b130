/** Which names inputs, outputs and tools may have, and what to call them instead. */

/** Words that Python keeps for itself. */
const KEYWORDS: ReadonlySet<string> = new Set(
  ("False None True and as assert async await break class continue def del elif else except finally for " +
    "from global if import in is lambda nonlocal not or pass raise return try while with yield")
    .split(" "),
);

/** Names that every guest has: calling them is how a cell reaches the host. */
const GUEST_NAMES: ReadonlySet<string> = new Set([
  "llm_query",
  "llm_query_batched",
  "rlm_query",
  "rlm_query_batched",
  "recursive_llm",
  "SUBMIT",
  "FINAL",
  "FINAL_VAR",
  "budget",
]);

/** Python built-ins that almost every cell calls; a variable of that name would break it. */
const BUILTINS: ReadonlySet<string> = new Set(
  ("print len str int float bool list dict set tuple bytes range enumerate zip map filter sorted sum min max " +
    "any all isinstance open repr").split(" "),
);

/** Properties that every result has beside its outputs, and two that JavaScript itself looks for. */
const RESULT_NAMES: ReadonlySet<string> = new Set([
  "trajectory",
  "stopReason",
  "stoppedBy",
  "usage",
  "outputs",
  "runId",
  "then",
  "constructor",
]);

/** What a name is for; each kind has its own reserved names. */
export type NameKind = "input" | "output" | "tool" | "parameter";

/** Why a name cannot be used, or null when it can. */
export function nameProblem(name: string, kind: NameKind): string | null {
  if (name === "") return `name ${withArticle(kind)}: the name is empty`;
  const reason = whyRefused(name, kind);
  if (reason === null) return null;
  return `name ${withArticle(kind)}: '${name}' ${reason}; use '${suggestName(name, kind)}'`;
}

/** A usable name close to one that was refused. */
export function suggestName(name: string, kind: NameKind): string {
  const ascii = name.normalize("NFKD").replace(/\p{M}/gu, "").replace(/[^A-Za-z0-9_]+/g, "_");
  let usable = ascii.replace(/^_+|_+$/g, "") || kind;
  if (/^[0-9]/.test(usable)) usable = `_${usable}`;
  return whyRefused(usable, kind) === null ? usable : `${usable}_`;
}

/** Refuses tool names that the guest could not offer, or that an input already has. */
export function checkToolNames(tools: Iterable<string>, inputs: Iterable<string> = []): void {
  const bound = new Set(inputs);
  const seen = new Set<string>();
  for (const name of tools) {
    const problem = nameProblem(name, "tool");
    if (problem !== null) throw new TypeError(problem);
    if (bound.has(name)) {
      throw new TypeError(`name a tool: '${name}' is an input too; rename one of them`);
    }
    if (seen.has(name)) {
      throw new TypeError(`name a tool: '${name}' occurs twice; rename one of them`);
    }
    seen.add(name);
  }
}

/** The rule that a name breaks, as the end of a sentence. */
function whyRefused(name: string, kind: NameKind): string | null {
  if (KEYWORDS.has(name)) return "is a Python keyword";
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return "is not a Python identifier";
  if (name.startsWith("__")) return "is reserved by Python";
  if (kind === "output" && RESULT_NAMES.has(name)) return "is a property of every result";
  if (kind === "input" || kind === "tool") {
    if (GUEST_NAMES.has(name)) return "is a name that the sandbox gives to every cell";
    if (BUILTINS.has(name)) return "is a Python built-in that cells need";
  }
  return null;
}

/** The kind with its article, for messages. */
function withArticle(kind: NameKind): string {
  return kind === "input" || kind === "output" ? `an ${kind}` : `a ${kind}`;
}
