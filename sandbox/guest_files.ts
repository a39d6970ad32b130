/** Granted files as Python sees them: in memory, under the paths that were granted; and what cells did to them. */
import type { FileChange, GrantedEntry, GrantedFiles, WriteRoot } from "./granted_entry.ts";
import { shown } from "./host_path.ts";
import {
  copyOf,
  entriesOf,
  type GuestFileSystem,
  isFile,
  isFolder,
  type MemoryNode,
  nodeAt,
} from "./memory_files.ts";
import { FileLimits, Limits } from "./protocol.ts";

/** What a cell did under the write grants. */
export interface FileChanges {
  readonly changes: FileChange[];
  /** What can't be saved, in words for the model. */
  readonly problems: string[];
}

/** A file or folder as the host has it. */
interface Saved {
  readonly node: MemoryNode;
  readonly contents: unknown;
  readonly size: number;
}

/** Under each write grant, what the host has by path below it. */
type SavedTree = Map<string, Saved>;

/** Python's granted files. */
export class GuestFiles {
  readonly #fs: GuestFileSystem;
  readonly #roots: readonly WriteRoot[];
  readonly #saved: readonly SavedTree[];
  /** Links that were there at the start, or were complained of. */
  readonly #links = new WeakSet<MemoryNode>();
  #pending: readonly FileChange[] = [];

  /** Puts the files in place, where Python finds them at once. */
  constructor(fs: GuestFileSystem, { entries, roots }: GrantedFiles) {
    this.#fs = fs;
    this.#roots = roots;
    place(fs, entries);
    this.#saved = roots.map(() => new Map());
    this.#pending = this.changes().changes;
    this.saved([]);
  }

  /** What has changed since it was last saved. */
  changes(): FileChanges {
    const changes: FileChange[] = [];
    const problems: string[] = [];
    for (const [index, root] of this.#roots.entries()) {
      const found = walk(this.#fs.root, root);
      if (typeof found === "string") {
        problems.push(`nothing in ${root.path} was saved: ${found}`);
        continue;
      }
      for (const [path, why] of found.skipped) {
        problems.push(`${shown(path)} was not saved: ${why}`);
      }
      for (const [path, node] of found.links) {
        if (this.#links.has(node)) continue;
        this.#links.add(node);
        problems.push(`${shown(path)} was not saved: links are not`);
      }
      changes.push(...compare(index, this.#saved[index] ?? new Map(), found.nodes));
    }
    this.#pending = changes;
    return { changes, problems };
  }

  /** A piece of a file under a write grant, as a copy. */
  read(root: number, path: string, offset: number): Uint8Array<ArrayBuffer> {
    const node = this.#nodeOf(root, path);
    if (node === undefined) throw new Error("Cannot read file: it is gone");
    return copyOf(node, offset, Limits.chunkBytes);
  }

  /** Notes that the host now has the changes last told of, but for those at the given places in their list. */
  saved(failed: readonly number[]): void {
    const left = new Set(failed);
    for (const [index, { root, path, kind }] of this.#pending.entries()) {
      const tree = this.#saved[root];
      if (left.has(index) || tree === undefined) continue;
      const node = kind === "gone" ? undefined : this.#nodeOf(root, path);
      if (node === undefined) tree.delete(path);
      else tree.set(path, mark(node));
    }
    this.#pending = [];
  }

  #nodeOf(root: number, path: string): MemoryNode | undefined {
    const base = this.#roots[root];
    return base && nodeAt(this.#fs.root, `${base.path}/${path}`);
  }
}

/** Creates everything first and takes the right to write away last, as the same rules hold here as for Python. */
function place(fs: GuestFileSystem, entries: readonly GrantedEntry[]): void {
  for (const entry of entries) {
    const { path } = entry;
    fs.mkdirTree(entry.kind === "folder" ? path : path.slice(0, path.lastIndexOf("/")));
    if (entry.kind === "link") fs.symlink(entry.target, path);
    if (entry.kind === "file") {
      fs.writeFile(path, entry.bytes, { canOwn: true });
      fs.utime(path, entry.mtime, entry.mtime);
    }
  }
  for (const { path, kind, writable } of entries) {
    if (kind === "folder") fs.chmod(path, writable ? 0o755 : 0o555);
    if (kind === "file") fs.chmod(path, writable ? 0o644 : 0o444);
  }
}

/** What lies under a write grant. */
interface Found {
  /** Files and folders by their paths below it. */
  readonly nodes: Map<string, MemoryNode>;
  /** Links by their absolute paths. */
  readonly links: Map<string, MemoryNode>;
  /** Absolute paths of what is left out, and why. */
  readonly skipped: Map<string, string>;
}

/** Finds what lies under a write grant, or why that can't be told. */
function walk(top: MemoryNode, root: WriteRoot): Found | string {
  const nodes = new Map<string, MemoryNode>();
  const links = new Map<string, MemoryNode>();
  const skipped = new Map<string, string>();
  const start = nodeAt(top, root.path);
  if (start === undefined) return { nodes, links, skipped };
  if (!(root.kind === "folder" ? isFolder : isFile)(start)) {
    return `it is no longer a ${root.kind}`;
  }
  const waiting = [{ node: start, below: "", depth: 0 }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, below, depth } = next;
    const path = `${root.path}/${below}`;
    if (!isFile(node) && !isFolder(node)) links.set(path, node);
    // The granted folder itself is the host's: it is neither made nor deleted.
    else if (node !== start || root.kind === "file") nodes.set(below, node);
    if (nodes.size > FileLimits.entries) {
      return `it holds more than ${FileLimits.entries.toLocaleString("en")} files and folders`;
    }
    if (!isFolder(node)) continue;
    if (depth === FileLimits.depth) {
      skipped.set(path, `it is the ${depth}th folder inside another`);
      continue;
    }
    for (const [name, entry] of entriesOf(node)) {
      const inside = below === "" ? name : `${below}/${name}`;
      if (root.except.includes(`${root.path}/${inside}`)) continue;
      waiting.push({ node: entry, below: inside, depth: depth + 1 });
    }
  }
  return { nodes, links, skipped };
}

/** The difference between what the host has and what there is; what is gone comes first. */
function compare(root: number, saved: SavedTree, found: Found["nodes"]): FileChange[] {
  const changes: FileChange[] = [];
  for (const [path, { node }] of saved) {
    const now = found.get(path);
    if (now === undefined || isFolder(now) !== isFolder(node)) {
      changes.push({ root, path, kind: "gone", size: 0 });
    }
  }
  for (const [path, node] of found) {
    const before = saved.get(path);
    const size = node.usedBytes ?? 0;
    if (isFolder(node)) {
      if (!before || !isFolder(before.node)) changes.push({ root, path, kind: "folder", size: 0 });
    } else if (!before || isTouched(node, before)) changes.push({ root, path, kind: "file", size });
  }
  return changes;
}

/**
 * Remembers a node as the host has it. Its `ctime` gets a fraction, which nothing in Python can set and
 * every write removes: two writes within a millisecond are seen too, and so is one with its time set back.
 */
function mark(node: MemoryNode): Saved {
  node.ctime = Math.floor(node.ctime) + 0.5;
  return { node, contents: node.contents, size: node.usedBytes ?? 0 };
}

function isTouched(node: MemoryNode, { node: before, contents, size }: Saved): boolean {
  return node !== before || node.contents !== contents || node.usedBytes !== size ||
    Number.isInteger(node.ctime);
}
