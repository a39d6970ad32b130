/** PackageTree: the files of all packages of a sandbox as they will lie in one folder, as one file system can hold them. */
import type { PackageFile } from "./wheel.ts";

/** Folders that all packages together may have. */
const MAX_FOLDERS = 20_000;

/** Files by path; of two with the same one the later stays. */
export class PackageTree {
  readonly #files = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #folders = new Set<string>();

  /** The contents by path. */
  get files(): ReadonlyMap<string, Uint8Array<ArrayBuffer>> {
    return this.#files;
  }

  /** Adds a file; throws a `RangeError` where it would lie in another file, or have the name of a folder. */
  add({ path, bytes }: PackageFile): void {
    for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
      const folder = path.slice(0, end);
      if (this.#folders.has(folder)) break;
      if (this.#files.has(folder)) throw isBoth(folder);
      this.#folders.add(folder);
    }
    if (this.#folders.has(path)) throw isBoth(path);
    if (this.#folders.size > MAX_FOLDERS) {
      throw new RangeError("the packages have too many folders");
    }
    this.#files.set(path, bytes);
  }
}

function isBoth(path: string): RangeError {
  return new RangeError(`${JSON.stringify(path)} would be a file and a folder`);
}
