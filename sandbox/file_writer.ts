/**
 * Writes to one granted place of the host, and nowhere else. Whoever else uses the host's disk may put a link
 * where a folder was, so each step proves again where it is before it does what can't be undone.
 */
import { folderOf, join } from "./host_path.ts";

/** Pieces of a file's new content. */
export type Pieces = AsyncIterable<Uint8Array<ArrayBuffer>>;

/** Why something is not saved, in words that Python may see: without paths of the host. */
export class UnsavedError extends Error {
  override name = "UnsavedError";
}

/** A granted place; paths are relative to it. Methods throw {@linkcode UnsavedError}, or what the host's disk refuses. */
export interface FileWriter {
  makeFolder(below: string): Promise<void>;
  /** Replaces a file's content as a whole, or leaves what was there; returns what identifies it on the disk. */
  writeFile(below: string, pieces: Pieces): Promise<string>;
  /** Deletes a file, a link or an empty folder, unless it is one of the files that `keep` identifies. */
  remove(below: string, keep: ReadonlySet<string>): Promise<void>;
}

/** Writes below a granted folder; `root` is a real path. */
export class FolderWriter implements FileWriter {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async makeFolder(below: string): Promise<void> {
    const path = await this.#place(below);
    if ((await lstat(path))?.isDirectory) return;
    await Deno.mkdir(path);
  }

  async writeFile(below: string, pieces: Pieces): Promise<string> {
    const path = await this.#place(below);
    const before = await lstat(path);
    if (before?.isDirectory) throw new UnsavedError("a folder is in its place");
    const draft = join(folderOf(path), `.rlm-${crypto.randomUUID()}`);
    try {
      await writeNew(draft, pieces);
      if (before?.isFile && before.mode !== null) await Deno.chmod(draft, before.mode & 0o777);
      if (await Deno.realPath(draft) !== draft) throw new UnsavedError(LINKED);
      await Deno.rename(draft, path);
    } catch (error) {
      await Deno.remove(draft).catch(() => {});
      throw error;
    }
    return identity(await lstat(path));
  }

  async remove(below: string, keep: ReadonlySet<string>): Promise<void> {
    const path = await this.#place(below);
    const found = await lstat(path);
    // Where case does not count, the old name of a renamed file is the new file.
    if (found === null || keep.has(identity(found))) return;
    await Deno.remove(path);
  }

  /** The path on the host, whose folder is what it seems to be. */
  async #place(below: string): Promise<string> {
    const path = join(this.#root, below);
    const folder = folderOf(path);
    if (await Deno.realPath(folder) !== folder) throw new UnsavedError(LINKED);
    return path;
  }
}

/** Writes one granted file, in place: only the file itself is granted, so no draft can be put beside it. */
export class SingleFileWriter implements FileWriter {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  makeFolder(): Promise<void> {
    return Promise.reject(new UnsavedError("only a file is granted"));
  }

  async writeFile(below: string, pieces: Pieces): Promise<string> {
    if (below !== "") throw new UnsavedError("only one file is granted");
    const before = await lstat(this.#path);
    if (before === null) {
      await writeNew(this.#path, pieces);
      return "";
    }
    if (!before.isFile) throw new UnsavedError("it is no file any more");
    using file = await Deno.open(this.#path, { write: true });
    if (identity(await file.stat()) !== identity(before)) throw new UnsavedError(LINKED);
    if (await Deno.realPath(this.#path) !== this.#path) throw new UnsavedError(LINKED);
    // Nothing is lost if the new content does not come whole.
    const whole = await Array.fromAsync(pieces);
    await file.truncate();
    for (const bytes of whole) await writeAll(file, bytes);
    return "";
  }

  async remove(below: string): Promise<void> {
    if (below !== "") throw new UnsavedError("only one file is granted");
    if (await lstat(this.#path) === null) return;
    if (await Deno.realPath(this.#path) !== this.#path) throw new UnsavedError(LINKED);
    await Deno.remove(this.#path);
  }
}

const LINKED = "a link has been put on the way to it";

async function writeNew(path: string, pieces: Pieces): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  await writePieces(file, pieces);
}

async function writePieces(file: Deno.FsFile, pieces: Pieces): Promise<void> {
  for await (const bytes of pieces) await writeAll(file, bytes);
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

/** What is at a path, links not followed; null when there is nothing. */
async function lstat(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function identity(info: Deno.FileInfo | null): string {
  return `${info?.dev}:${info?.ino}`;
}
