/** The flags of `rlm` as data: parser, help pages, completion and spelling suggestions all read this table. */

/** One flag. */
export interface Flag {
  readonly name: string;
  /** One letter, for the flags that are typed most. */
  readonly short?: string;
  /** What its value is called in the help; a flag without one is a switch. */
  readonly value?: string;
  /** The values that there are, where they are few. */
  readonly choices?: readonly string[];
  /** May be given several times. */
  readonly many?: boolean;
  readonly help: string;
}

/** Flags under the heading they have in the help page. */
export const FLAG_GROUPS = {
  "Input and output": [
    {
      name: "context",
      short: "c",
      value: "SOURCE",
      many: true,
      help: "FILE, DIR, GLOB, URL or -; NAME=SOURCE names it",
    },
    { name: "max-context-mb", value: "N", help: "refuse more input than this (default 256)" },
    {
      name: "signature",
      short: "s",
      value: "TEXT",
      help: 'the answer, as in "answer: str, pages: list[int]"',
    },
    { name: "schema", value: "FILE", help: "JSON Schema of the answer" },
    { name: "instructions", short: "i", value: "TEXT", help: "further instructions for the model" },
    { name: "json", help: "print one JSON object: answer, stop reason, usage" },
    { name: "stream-json", help: "print every event as a JSON line, the result last" },
    {
      name: "journal",
      short: "j",
      value: "FILE",
      help: "write everything that happens to FILE (JSONL)",
    },
    { name: "html", value: "FILE", help: "write a page of the run, anew after each turn" },
    { name: "resume", help: "go on with the run in --journal, if there is one" },
  ],
  "Model": [
    { name: "model", short: "m", value: "NAME", help: "such as openai/gpt-5 (default: RLM_MODEL)" },
    { name: "sub-model", value: "NAME", help: "model of the sub-calls (default: the same)" },
    { name: "base-url", value: "URL", help: "any server that speaks the OpenAI protocol" },
  ],
  "Limits": [
    { name: "max-turns", value: "N", help: "turns of the root model (default 20)" },
    { name: "max-calls", value: "N", help: "sub-calls (default 50)" },
    { name: "max-tokens", value: "N", help: "tokens of all calls together" },
    { name: "max-cost", value: "USD", help: "US dollars of all calls together" },
    { name: "max-seconds", value: "N", help: "seconds of the whole run" },
    { name: "max-depth", value: "N", help: "depth of recursion (default 1)" },
    { name: "direct-tokens", value: "N", help: "up to N tokens of input: one call, no Python" },
  ],
  "What the model's Python may reach (default: nothing)": [
    {
      name: "tool",
      short: "t",
      value: "MODULE",
      many: true,
      help: "functions to call: the default export of MODULE",
    },
    { name: "allow-read", value: "PATH", many: true, help: "read this file or folder" },
    { name: "allow-write", value: "PATH", many: true, help: "write below this folder" },
    { name: "allow-net", value: "HOST:PORT", many: true, help: "fetch from this host" },
    { name: "allow-env", value: "VAR", many: true, help: "see this environment variable" },
    {
      name: "package",
      value: "NAME",
      many: true,
      help: "import this, such as numpy or a .whl file",
    },
    { name: "packages-from", value: "PLACE", help: "folder or URL that has the wheels" },
  ],
  "Other": [
    { name: "quiet", short: "q", help: "no progress on stderr" },
    { name: "verbose", short: "v", help: "whole cells and outputs on stderr" },
    { name: "version", short: "V", help: "print the versions" },
    { name: "help", short: "h", help: "print the first page; with --verbose, this one" },
  ],
} as const satisfies Record<string, readonly Flag[]>;

/** Every flag, in the order of the help page. */
export const FLAGS: readonly Flag[] = Object.values(FLAG_GROUPS).flat();

/** Flags of the run itself that a subcommand shares, by name. */
export function sharedFlags(...names: readonly string[]): Flag[] {
  return names.flatMap((name) => FLAGS.find((flag) => flag.name === name) ?? []);
}

/** The known name that a misspelt one most likely meant, or null when none is near. */
export function nearestName(typed: string, names: readonly string[]): string | null {
  let best: { name: string; distance: number } | null = null;
  for (const name of names) {
    const distance = editDistance(typed, name);
    const starts = typed.length >= 3 && name.startsWith(typed);
    const score = starts ? 0 : distance;
    if (score <= 2 && score < typed.length && (best === null || score < best.distance)) {
      best = { name, distance: score };
    }
  }
  return best?.name ?? null;
}

/** Insertions, deletions and replacements between two short words. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
