/**
 * Caps on Python's files. They live in JavaScript's memory, outside the cap on Python's own, and a buffer that JavaScript
 * can't make would end the interpreter: so Python gets `OSError` (no space left on device) before that.
 */
import { bytesOf, entriesOf, type GuestFileSystem, type MemoryNode } from "./memory_files.ts";

/** "No space left on device", as Emscripten numbers errors. */
const ENOSPC = 51;

/** What all files together may have. */
export interface FileQuota {
  readonly bytes: number;
  readonly entries: number;
}

/** Puts the caps on every file that is in memory or will be. */
export function limitFiles(fs: GuestFileSystem, quota: FileQuota): void {
  const memory = fs.filesystems.MEMFS;
  /** More than there is: what is deleted is not subtracted until the cap seems to be reached. */
  let used = measure(fs);
  const take = (bytes: number, entries: number) => {
    used = { bytes: used.bytes + bytes, entries: used.entries + entries };
    if (fits(used, quota)) return;
    const now = measure(fs);
    used = { bytes: now.bytes + bytes, entries: now.entries + entries };
    if (fits(used, quota)) return;
    used = now;
    throw new fs.ErrnoError(ENOSPC);
  };
  const { node, stream } = memory.ops_table.file;
  const { setattr } = node;
  const { write } = stream;
  const { createNode } = memory;
  node.setattr = (file, attributes) => {
    take(Math.max(0, (attributes.size ?? 0) - bytesOf(file)), 0);
    setattr(file, attributes);
  };
  stream.write = memory.stream_ops.write = (opened, buffer, offset, length, position, canOwn) => {
    take(growth(opened.node, position + length), 0);
    return write(opened, buffer, offset, length, position, canOwn);
  };
  memory.createNode = (parent, name, mode, dev) => {
    take(0, 1);
    return createNode(parent, name, mode, dev);
  };
}

/** Bytes that a file in memory takes more once it has `size`: it grows by steps of an eighth, small ones to the double. */
function growth(file: MemoryNode, size: number): number {
  const room = bytesOf(file);
  if (size <= room) return 0;
  return Math.max(size, Math.floor(room * (room < 1024 ** 2 ? 2 : 1.125))) - room;
}

function fits(used: FileQuota, quota: FileQuota): boolean {
  return used.bytes <= quota.bytes && used.entries <= quota.entries;
}

/** What all files have now, with those that are deleted but still open. */
function measure({ root, streams }: GuestFileSystem): FileQuota {
  const seen = new Set<MemoryNode>();
  const waiting = [root, ...streams.flatMap((stream) => stream?.node ?? [])];
  let bytes = 0;
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    bytes += bytesOf(node);
    for (const [, entry] of entriesOf(node)) waiting.push(entry);
  }
  return { bytes, entries: seen.size };
}
