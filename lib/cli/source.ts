/** Reads one source of a context: a file, a folder, a pattern, an address or standard input. */
import { abortable } from "../abort.ts";
import { decode, type Decoded, readAtMost, tooLarge } from "./decode.ts";
import { isGlob, listFolder, listGlob, type Listing } from "./directory.ts";
import { readPage } from "./documents.ts";
import { download } from "./download.ts";
import { UsageError } from "./usage_error.ts";

/** How loading is bounded. */
export interface LoadOptions {
  /** Bytes of all sources together, after unpacking. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

/** A source once read. `many` tells a folder with one file from a file. */
export interface Source {
  readonly entries: Record<string, string | Uint8Array>;
  readonly many: boolean;
  readonly notes: readonly string[];
}

/** Reads one source, whatever it is. */
export async function readSource(source: string, options: LoadOptions): Promise<Source> {
  if (source === "-") {
    const bytes = await readStandardInput(options);
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

/** Standard input may be a keyboard, which never ends by itself. */
async function readStandardInput({ maxBytes, signal }: LoadOptions) {
  const reading = readAtMost(Deno.stdin.readable, "standard input", maxBytes);
  return signal === undefined ? await reading : await abortable(reading, signal);
}

/** A source that is one file. */
async function single(
  origin: string,
  bytes: Uint8Array<ArrayBuffer>,
  { maxBytes }: LoadOptions,
): Promise<Source> {
  const { value, note } = await asPage(await decode(bytes, origin, maxBytes), origin);
  const notes = note === null ? [] : [`${origin}: ${note}`];
  if (value.length === 0) throw new UsageError(`${origin} is empty: give a source with text in it`);
  return { entries: { [origin]: value }, many: false, notes };
}

/** A web page that was named itself is read as a person reads it; in a folder it is source. */
async function asPage(decoded: Decoded, origin: string): Promise<Decoded> {
  const { value, note } = decoded;
  if (typeof value !== "string" || !/^https?:|\.x?html?$/i.test(origin)) return decoded;
  const text = await readPage(value);
  if (text === null) return decoded;
  return { value: text, note: [note, "text of a web page"].filter(Boolean).join(", ") };
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
