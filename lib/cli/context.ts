/**
 * Loads what `-c` names into variables. A snapshot is taken here, before the run starts, so a file that
 * changes afterwards does not change the run. Named sources become variables of their own; the others together
 * become `context`: a text when they are one file, else a dict from path to text.
 */
import { fstatSync } from "node:fs";
import type { ContextArgument } from "./arguments.ts";
import { decode, readAtMost, tooLarge } from "./decode.ts";
import { isGlob, listFolder, listGlob, type Listing } from "./directory.ts";
import { download } from "./download.ts";
import { UsageError } from "./usage_error.ts";

/** What a variable is bound to: a file, or files by path. */
export type ContextValue = string | Uint8Array | Record<string, string>;

/** One variable, and what a person should know of how it came to be. */
export interface LoadedContext {
  readonly name: string;
  readonly value: ContextValue;
  readonly files: number;
  readonly characters: number;
  /** What was left out or decoded in a special way, one line each. */
  readonly notes: readonly string[];
}

/** How loading is bounded. */
export interface LoadOptions {
  /** Bytes of all sources together, after unpacking. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

/** A source once read. `many` tells a folder with one file from a file. */
interface Source {
  readonly entries: Record<string, string | Uint8Array>;
  readonly many: boolean;
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

/** Reads one source, whatever it is. */
async function readSource(source: string, options: LoadOptions): Promise<Source> {
  if (source === "-") {
    const bytes = await readAtMost(Deno.stdin.readable, "standard input", options.maxBytes);
    return await single("standard input", bytes, options);
  }
  if (/^https?:\/\//i.test(source)) {
    return await single(source, await download(source, options), options);
  }
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(source)) {
    throw new UsageError(`--context ${source}: only http and https addresses can be read`);
  }
  const info = await statOrNull(source);
  if (info === null && isGlob(source)) {
    return await readListing(source, await readable(source, () => listGlob(source)), options);
  }
  if (info === null) {
    throw new UsageError(`cannot read ${source}: no such file or folder, check the path`);
  }
  if (info.isDirectory) {
    return await readListing(source, await readable(source, () => listFolder(source)), options);
  }
  if (info.isFile && info.size > options.maxBytes) throw tooLarge(source, options.maxBytes);
  return await single(source, await readable(source, () => Deno.readFile(source)), options);
}

/** A source that is one file. */
async function single(
  origin: string,
  bytes: Uint8Array<ArrayBuffer>,
  { maxBytes }: LoadOptions,
): Promise<Source> {
  const { value, note } = await decode(bytes, origin, maxBytes);
  const notes = note === null ? [] : [`${origin}: ${note}`];
  if (value.length === 0) throw new UsageError(`${origin} is empty: give a source with text in it`);
  return { entries: { [origin]: value }, many: false, notes };
}

/** The files of a folder or pattern; those that are not text are left out and named. */
async function readListing(
  source: string,
  listing: Listing,
  options: LoadOptions,
): Promise<Source> {
  const notes = listing.skipped.map(({ path, why }) => `${path}: left out, ${why}`);
  const total = listing.files.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total > options.maxBytes) throw tooLarge(source, options.maxBytes);
  const entries: Record<string, string> = Object.create(null);
  for (const { path } of listing.files) {
    options.signal?.throwIfAborted();
    const bytes = await readable(path, () => Deno.readFile(path));
    const { value, note } = await decodeOrSkip(bytes, path, options);
    if (typeof value === "string") entries[path.replaceAll("\\", "/")] = value;
    if (note !== null) notes.push(`${path}: ${note}`);
  }
  if (Object.keys(entries).length === 0) {
    throw new UsageError(
      isGlob(source)
        ? `no text file matches ${source}: check the pattern`
        : `no text file in ${source}: give another folder (files that .gitignore names are left out)`,
    );
  }
  return { entries, many: true, notes };
}

/** Decodes one file of many; a broken one among them is left out, not the end. */
async function decodeOrSkip(
  bytes: Uint8Array<ArrayBuffer>,
  path: string,
  { maxBytes }: LoadOptions,
): Promise<{ value: string | null; note: string | null }> {
  try {
    const { value, note } = await decode(bytes, path, maxBytes);
    return typeof value === "string"
      ? { value, note }
      : { value: null, note: "left out, not text" };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { value: null, note: `left out, ${error.message}` };
  }
}

/** Makes one variable of the sources that share its name. */
function combine(name: string, sources: readonly Source[]): LoadedContext {
  const entries: Record<string, string | Uint8Array> = Object.create(null);
  for (const source of sources) Object.assign(entries, source.entries);
  const values = Object.values(entries);
  const notes = sources.flatMap((source) => source.notes);
  const characters = values.reduce((sum, value) => sum + value.length, 0);
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

/** What is at a path, or null when there is nothing. */
async function statOrNull(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await readable(path, () => Deno.stat(path));
  } catch (error) {
    if (error instanceof UsageError && error.cause instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Runs a read of the file system and turns its failure into one line with the remedy. */
async function readable<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new UsageError(`cannot read ${path}: no such file or folder, check the path`, {
        cause: error,
      });
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new UsageError(`cannot read ${path}: the system forbids it, check its owner and mode`, {
        cause: error,
      });
    }
    const reason = error instanceof Error
      ? /^(.*) \(os error \d+\)/.exec(error.message)?.[1]
      : undefined;
    if (reason === undefined) throw error;
    throw new UsageError(`cannot read ${path}: ${reason}, check the path`, { cause: error });
  }
}
