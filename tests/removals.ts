/** The demo's answer worked out again by plain rules over the same files, without a model. */

/** What the rules can tell of an announcement. */
export interface Announced {
  readonly file: string;
  readonly version: string;
  readonly kind: "removal" | "error" | "change";
}

/** The version of Python whose library this is; later ones are announced. */
const PRESENT = 14;

/** Every announcement that a file's text and code make, one for each version and kind. */
export function announcements(file: string, source: string): Announced[] {
  const found = new Map<string, Announced>();
  const code = withoutComments(source);
  for (const match of code.matchAll(/(?<![\d.])3\.(\d\d)(?!\.?\d)|\(3, ?(\d\d)\)/g)) {
    const minor = Number(match[1] ?? match[2]);
    const around = code.slice(Math.max(0, match.index - 600), match.index + 40);
    const kind = kindOf(around, match[2] !== undefined);
    if (minor <= PRESENT || kind === null) continue;
    const announced = { file, version: `3.${minor}`, kind };
    found.set(JSON.stringify(announced), announced);
  }
  return [...found.values()];
}

/** The names that calls of `_deprecated` give as plain strings, with their versions. */
export function literalNames(source: string): { name: string; version: string }[] {
  const calls = source.matchAll(/_deprecated\(\s*["']([^"']+)["'][^]*?remove=\(3, ?(\d+)\)/g);
  return [...calls].map(([, name = "", minor]) => ({ name, version: `3.${minor}` }));
}

/** A file without the parts of its lines that are comments, strings with a hash left alone. */
function withoutComments(source: string): string {
  return source.replaceAll(/^((?:[^#"'\n]|"[^"\n]*"|'[^'\n]*')*)#.*$/gm, "$1");
}

/** What the nearest words before a version say of it; `remove=(3, N)` alone means removal. */
function kindOf(before: string, isArgument: boolean): Announced["kind"] | null {
  const words = [
    ...before.matchAll(
      /disallowed|forbidden|become "?\s*\+?\s*"?an error|raise a ValueError|will change|(?<!\{)remov\w*/gi,
    ),
  ];
  const last = (isArgument ? words.slice(0, -1) : words).at(-1)?.[0].toLowerCase() ?? null;
  if (last === null) return isArgument ? "removal" : null;
  return last.startsWith("remov") ? "removal" : last === "will change" ? "change" : "error";
}
