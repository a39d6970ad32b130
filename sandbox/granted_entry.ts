/** What crosses the port between the two realms of the child when files do. Types only. */

/** A file, folder or link on its way in. */
export type GrantedEntry =
  & {
    /** Absolute path in the guest. */
    readonly path: string;
    readonly writable: boolean;
  }
  & (
    | { readonly kind: "folder" }
    | { readonly kind: "file"; readonly bytes: Uint8Array<ArrayBuffer>; readonly mtime: number }
    /** A link whose target is inside the same grant. */
    | { readonly kind: "link"; readonly target: string }
  );

/** A place whose changes go back to the host: the guest's path of a write grant, and what lies in it but is not part of it. */
export interface WriteRoot {
  readonly path: string;
  /** What was granted: a folder with all that is in it, or one file. */
  readonly kind: "file" | "folder";
  /** Absolute paths of other grants inside this one. */
  readonly except: readonly string[];
}

/** Everything that the worker needs of the grants. */
export interface GrantedFiles {
  readonly entries: readonly GrantedEntry[];
  readonly roots: readonly WriteRoot[];
  /** Bytes that all of Python's files together may have. */
  readonly bytes: number;
}

/** One thing that a cell did under a write grant. */
export type FileChange = {
  /** Index of the write grant. */
  root: number;
  /** Path below it, empty for the grant itself. */
  path: string;
  kind: "file" | "folder" | "gone";
  /** Bytes of a file. */
  size: number;
};
