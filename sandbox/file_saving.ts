/** Saving: what a cell did under the write grants is brought to the host's disk before the cell's result is told. */
import { type FileWriter, FolderWriter, SingleFileWriter, UnsavedError } from "./file_writer.ts";
import { shorten } from "./file_grants.ts";
import { inOrder } from "./file_order.ts";
import type { FileChange, WriteRoot } from "./granted_entry.ts";
import { contains, isBelow, join, shown } from "./host_path.ts";
import { FileLimits, type JsonValue, Limits, type PathGrant } from "./protocol.ts";

/** The realm in which the files are; all it says is hostile. */
export interface FileSource {
  /** `{ changes, problems }`. */
  changes(): Promise<JsonValue>;
  /** A piece of a file, at most `Limits.chunkBytes` long. */
  read(change: FileChange, offset: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Tells which changes were not saved, by their place in the list. */
  saved(failed: number[]): Promise<unknown>;
}

/** A write grant with what is known of it. */
interface Target {
  readonly writer: FileWriter;
  /** Paths below it that belong to other grants. */
  readonly except: readonly string[];
  /** Sizes of its files that were saved. */
  readonly sizes: Map<string, number>;
  readonly guestPath: string;
}

/** Brings changes to the host's disk. */
export class FileSaving {
  readonly #source: FileSource;
  readonly #targets: readonly Target[];
  readonly #quota: number;
  /** Bytes of the files that were saved. */
  #used = 0;

  /** `grants` are those for writing, in the order of their `roots` in the guest. */
  constructor(
    source: FileSource,
    grants: readonly PathGrant[],
    { roots, bytes }: { roots: readonly WriteRoot[]; bytes: number },
  ) {
    this.#source = source;
    this.#quota = bytes;
    this.#targets = roots.map(({ path, kind, except }, index) => {
      const hostPath = grants[index]?.hostPath ?? "";
      return {
        writer: kind === "file" ? new SingleFileWriter(hostPath) : new FolderWriter(hostPath),
        except: except.map((inner) => inner.slice(path.length + 1)),
        sizes: new Map(),
        guestPath: path,
      };
    });
  }

  /** Saves what has changed; `begin` is called when there is something. Resolves to what could not be saved, in words for the model. */
  async save(begin: () => void): Promise<string[]> {
    if (this.#targets.length === 0) return [];
    const { changes, problems } = readChanges(await this.#source.changes());
    if (changes.length === 0) return shorten(problems);
    begin();
    const failures = await this.#apply(changes);
    await this.#source.saved([...failures.keys()]);
    return shorten([...problems, ...failures.values()]);
  }

  /** Applies changes in an order in which nothing is deleted before what replaces it is safe. Returns failures by place. */
  async #apply(changes: readonly FileChange[]): Promise<Map<number, string>> {
    const deadline = performance.now() + FileLimits.saveMs;
    const failures = new Map<number, string>();
    const written = new Set<string>();
    for (const { change, index, last } of inOrder(changes)) {
      const late = performance.now() > deadline;
      if (last && failures.size > 0) {
        // What was renamed may exist under its old name only.
        failures.set(index, `${this.#name(change)} was not deleted: something else was not saved`);
        continue;
      }
      try {
        if (late) throw new UnsavedError(`saving took longer than ${FileLimits.saveMs / 1000} s`);
        await this.#applyOne(change, written);
      } catch (error) {
        failures.set(index, `${this.#name(change)} was not saved: ${reasonOf(error)}`);
      }
    }
    return failures;
  }

  async #applyOne(change: FileChange, written: Set<string>): Promise<void> {
    const { path, kind, size } = change;
    const { writer, sizes } = this.#targetOf(change);
    if (kind === "folder") return await writer.makeFolder(path);
    if (kind === "gone") {
      await writer.remove(path, written);
      this.#used -= sizes.get(path) ?? 0;
      sizes.delete(path);
      return;
    }
    const more = size - (sizes.get(path) ?? 0);
    if (this.#used + more > this.#quota) {
      throw new UnsavedError("the quota of all saved files is used up");
    }
    written.add(await writer.writeFile(path, this.#pieces(change)));
    sizes.set(path, size);
    this.#used += more;
  }

  /** The grant that a change belongs to; throws where it belongs to none. */
  #targetOf({ root, path }: FileChange): Target {
    const target = this.#targets[root];
    const fits = target &&
      (path === "" ? target.writer instanceof SingleFileWriter : isBelow(path));
    if (!fits || target.except.some((inner) => contains(inner, path))) {
      throw new UnsavedError("it is not granted");
    }
    return target;
  }

  async *#pieces(change: FileChange): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (let offset = 0; offset < change.size;) {
      const piece = await this.#source.read(change, offset);
      if (piece.length !== Math.min(Limits.chunkBytes, change.size - offset)) {
        throw new UnsavedError("its content changed while it was read");
      }
      yield piece;
      offset += piece.length;
    }
  }

  #name({ root, path }: FileChange): string {
    return shown(join(this.#targets[root]?.guestPath ?? "", path));
  }
}

function readChanges(value: JsonValue): { changes: FileChange[]; problems: string[] } {
  const { changes, problems } = typeof value === "object" && value !== null && !Array.isArray(value)
    ? value
    : {};
  if (!Array.isArray(changes) || !Array.isArray(problems)) return { changes: [], problems: [] };
  if (changes.length > 2 * FileLimits.entries) {
    return { changes: [], problems: ["nothing was saved: too many changes"] };
  }
  return {
    changes: changes.map(readChange),
    problems: problems.slice(0, FileLimits.entries)
      .flatMap((problem) => typeof problem === "string" ? problem.slice(0, 500) : []),
  };
}

/** One change; a malformed one becomes one that belongs to no grant. */
function readChange(value: JsonValue): FileChange {
  const { root, path, kind, size } =
    typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  const known = kind === "file" || kind === "folder" || kind === "gone";
  if (
    typeof root !== "number" || typeof path !== "string" || !known || typeof size !== "number" ||
    !Number.isSafeInteger(size) || size < 0
  ) {
    return { root: -1, path: "", kind: "folder", size: 0 };
  }
  return { root, path, kind, size };
}

/** Why something failed, without the host's paths. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "it failed";
  if (error instanceof UnsavedError) return error.message;
  const known = REASONS.find(([type]) => error instanceof type);
  if (known) return known[1];
  const code = Reflect.get(error, "code");
  return typeof code === "string" ? `the host refused it (${code})` : "the host refused it";
}

const REASONS: readonly [new (message: string) => Error, string][] = [
  [Deno.errors.NotFound, "its folder is not there on the host"],
  [Deno.errors.PermissionDenied, "the host does not permit it"],
  [Deno.errors.NotCapable, "it is not granted"],
  [Deno.errors.AlreadyExists, "something else has its name on the host"],
  [Deno.errors.FilesystemLoop, "a link has been put on the way to it"],
];
