/**
 * Loads what `-c` names into variables. A snapshot is taken here, before the run starts, so a file that
 * changes afterwards does not change the run. Named sources become variables of their own; the others together
 * become `context`: a text when they are one file, else a dict from path to text.
 */
import { fstatSync } from "node:fs";
import { countCharacters } from "../engine/preview.ts";
import type { ContextArgument } from "./arguments.ts";
import { type LoadOptions, readSource, type Source } from "./source.ts";
import { UsageError } from "./usage_error.ts";

/** What a variable is bound to: a file, or files by path. */
export type ContextValue = string | Uint8Array | Record<string, string>;

/** One variable, and what a person should know of how it came to be. */
export interface LoadedContext {
  readonly name: string;
  readonly value: ContextValue;
  readonly files: number;
  /** As Python counts them; of binary content, bytes. */
  readonly characters: number;
  /** What was left out or decoded in a special way, one line each. */
  readonly notes: readonly string[];
}

/** Loads all sources; throws {@linkcode UsageError} on the first that cannot be had. */
export async function loadContexts(
  sources: readonly ContextArgument[],
  { maxBytes, signal }: LoadOptions,
): Promise<LoadedContext[]> {
  refuseTwice(sources);
  const byName = new Map<string, Source[]>();
  let left = maxBytes;
  for (const { name, source } of sources) {
    const read = await readSource(source, { maxBytes: left, ...(signal && { signal }) });
    left -= Object.values(read.entries).reduce((sum, value) => sum + value.length, 0);
    const variable = name ?? "context";
    byName.set(variable, [...byName.get(variable) ?? [], read]);
  }
  return [...byName].map(([name, read]) => combine(name, read));
}

/** Whether something is piped into this process that nobody asked to read yet. */
export function isPiped(): boolean {
  const stdin = fstatSync(0);
  return stdin.isFIFO() || stdin.isFile();
}

/** Two sources cannot share a name that the user chose, nor can standard input be read twice. */
function refuseTwice(sources: readonly ContextArgument[]): void {
  const names = sources.flatMap(({ name }) => name ?? []);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new UsageError(`--context ${twice}=…: the name is given twice, give each source its own`);
  }
  if (sources.filter(({ source }) => source === "-").length > 1) {
    throw new UsageError("--context -: given twice, standard input can be read once");
  }
}

/** Makes one variable of the sources that share its name. */
function combine(name: string, sources: readonly Source[]): LoadedContext {
  const entries: Record<string, string | Uint8Array> = Object.create(null);
  for (const source of sources) Object.assign(entries, source.entries);
  const values = Object.values(entries);
  const notes = sources.flatMap((source) => source.notes);
  const characters = values.reduce((sum, value) => sum + lengthOf(value), 0);
  const [only] = values;
  const isOne = values.length === 1 && only !== undefined && !sources.some(({ many }) => many);
  return {
    name,
    value: isOne ? only : textsOnly(entries),
    files: values.length,
    characters,
    notes,
  };
}

/** Characters as Python counts them, or bytes. */
function lengthOf(value: string | Uint8Array): number {
  return typeof value === "string" ? countCharacters(value) : value.length;
}

/** A dict of texts; bytes can only be bound alone, where their type is plain to see. */
function textsOnly(entries: Record<string, string | Uint8Array>): Record<string, string> {
  const texts = Object.entries(entries).map(([path, value]): [string, string] => {
    if (typeof value !== "string") {
      throw new UsageError(
        `cannot mix ${path} with text: it is binary, give it a name, as in -c data=${path}`,
      );
    }
    return [path, value];
  });
  return Object.fromEntries(texts);
}
