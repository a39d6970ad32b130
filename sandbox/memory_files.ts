/** The part of Emscripten's file system that is used here: files that exist in memory and nowhere else. */

/** A file, folder or link in memory. */
export interface MemoryNode {
  readonly mode: number;
  /** Entries of a folder, or bytes of a file, with room to grow at the end; a view of either sign. */
  readonly contents?: Readonly<Record<string, MemoryNode>> | Uint8Array | Int8Array;
  /** Bytes of a file that count. */
  readonly usedBytes?: number;
  /** Milliseconds; a write sets it to the present, as a whole number. */
  ctime: number;
}

/** An open file. */
export interface MemoryStream {
  readonly node: MemoryNode;
}

/** `MEMFS`, whose functions every file in memory goes through. */
export interface MemoryFileSystem {
  readonly ops_table: {
    readonly file: {
      readonly node: { setattr(node: MemoryNode, attributes: { size?: number }): void };
      readonly stream: { write: WriteFunction };
    };
  };
  readonly stream_ops: { write: WriteFunction };
  createNode(
    ...args: [parent: MemoryNode | null, name: string, mode: number, dev: number]
  ): MemoryNode;
}

type WriteFunction = (
  stream: MemoryStream,
  buffer: Uint8Array,
  offset: number,
  length: number,
  position: number,
  canOwn?: boolean,
) => number;

/** Pyodide's `FS`. */
export interface GuestFileSystem {
  readonly root: MemoryNode;
  readonly streams: readonly (MemoryStream | null | undefined)[];
  readonly filesystems: { readonly MEMFS: MemoryFileSystem };
  readonly ErrnoError: new (errno: number) => Error;
  mkdirTree(path: string): void;
  writeFile(path: string, bytes: Uint8Array, options: { canOwn: boolean }): void;
  symlink(target: string, path: string): void;
  chmod(path: string, mode: number): void;
  utime(path: string, atime: number, mtime: number): void;
}

const TYPE = 0o170000;

export function isFolder(node: MemoryNode): boolean {
  return (node.mode & TYPE) === 0o040000;
}

export function isFile(node: MemoryNode): boolean {
  return (node.mode & TYPE) === 0o100000;
}

/** Entries of a folder; none for anything else. */
export function entriesOf({ contents }: MemoryNode): [string, MemoryNode][] {
  return contents === undefined || ArrayBuffer.isView(contents) ? [] : Object.entries(contents);
}

/** Bytes that a file really has in memory. */
export function bytesOf({ contents }: MemoryNode): number {
  return ArrayBuffer.isView(contents) ? contents.length : 0;
}

/** A copy of a part of a file; empty where it is none. */
export function copyOf(
  { contents, usedBytes = 0 }: MemoryNode,
  from: number,
  length: number,
): Uint8Array<ArrayBuffer> {
  if (!ArrayBuffer.isView(contents)) return new Uint8Array(0);
  const end = Math.min(usedBytes, from + length);
  return new Uint8Array(contents.buffer, contents.byteOffset, contents.length).slice(from, end);
}

/** The node at an absolute path, without following links; undefined where there is none. */
export function nodeAt(root: MemoryNode, path: string): MemoryNode | undefined {
  let node: MemoryNode | undefined = root;
  for (const name of path.split("/").filter((part) => part !== "")) {
    const { contents }: MemoryNode = node;
    if (contents === undefined || ArrayBuffer.isView(contents)) return undefined;
    node = Object.hasOwn(contents, name) ? contents[name] : undefined;
    if (node === undefined) return undefined;
  }
  return node;
}
