/** What shells complete, before it is written in the language of one of them. */
import type { Flag } from "./flags.ts";

/** The words of one command; a run's name is empty. */
export interface CommandWords {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly Flag[];
  /** The words that may follow its name; null where those are files. */
  readonly words: readonly string[] | null;
}

/** What a flag's value is: one of a few words, a file, or a text that nobody can guess. */
export function valueKind({ value, choices }: Flag): "none" | "choice" | "file" | "text" {
  if (value === undefined) return "none";
  if (choices !== undefined) return "choice";
  return FILES.has(value) ? "file" : "text";
}

/** Names of values that are files or folders. */
const FILES: ReadonlySet<string> = new Set(["SOURCE", "FILE", "MODULE", "PATH"]);

/** The names of a flag as they are typed, the long one first. */
export function spellings({ name, short }: Flag): string[] {
  return [`--${name}`, ...(short === undefined ? [] : [`-${short}`])];
}

/** A text inside single quotes. */
export function quoted(text: string, escape = "'\\''"): string {
  return `'${text.replaceAll("'", () => escape)}'`;
}
