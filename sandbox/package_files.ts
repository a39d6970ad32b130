/** Packages that the host gives: read-only files in the one folder where Python looks for what is not its own. */
import { field } from "./field.ts";
import type { Chunk } from "./framing.ts";
import type { GrantedEntry } from "./granted_entry.ts";
import { folderOf, isBelow } from "./host_path.ts";
import { ErrorCode, FileLimits, type JsonValue, type PackageFiles } from "./protocol.ts";
import { RpcError } from "./rpc_peer.ts";

/** Python's folder of packages; nothing else lies there. */
const SITE_PACKAGES = "/lib/python3.14/site-packages";

/** Checks the shape of what the host says of packages; null where there are none. */
export function readPackages(value: JsonValue): PackageFiles | null {
  if (value === null) return null;
  const blob = field(value, "blob");
  const files = field(value, "files");
  if (typeof blob !== "number" || !Array.isArray(files) || files.length > FileLimits.entries) {
    throw malformed("a blob and a list of files are needed");
  }
  return { blob, files: files.map(readFile) };
}

function readFile(value: JsonValue): { path: string; size: number } {
  const path = field(value, "path");
  const size = field(value, "size");
  if (typeof path !== "string" || !isBelow(path)) throw malformed("a path leads elsewhere");
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) {
    throw malformed("a size is no count of bytes");
  }
  return { path, size };
}

/** Bytes that packages take of what Python's files may have. */
export function bytesOfPackages(packages: PackageFiles | null): number {
  return packages?.files.reduce((sum, { size }) => sum + size, 0) ?? 0;
}

/** The files and their folders, as the guest gets them; their contents came ahead. */
export async function packageEntries(
  packages: PackageFiles | null,
  early: readonly Chunk[],
): Promise<GrantedEntry[]> {
  if (packages === null) return [];
  const parts = early.filter((chunk) => chunk.blob === packages.blob).map(({ bytes }) => bytes);
  const contents = new Uint8Array(await new Blob(parts).arrayBuffer());
  const folders = new Set([SITE_PACKAGES]);
  const entries: GrantedEntry[] = [];
  let at = 0;
  for (const { path: below, size } of packages.files) {
    const path = `${SITE_PACKAGES}/${below}`;
    for (let folder = folderOf(path); !folders.has(folder); folder = folderOf(folder)) {
      folders.add(folder);
    }
    // A copy of its own: each file's memory is moved to the other realm.
    const bytes = contents.slice(at, at + size);
    if (bytes.length !== size) throw malformed("their contents did not come");
    entries.push({ kind: "file", path, writable: false, bytes, mtime: 0 });
    at += size;
  }
  const made = [...folders].map((path) => ({ kind: "folder", path, writable: false }) as const);
  return [...made, ...entries];
}

function malformed(why: string): RpcError {
  return new RpcError(ErrorCode.invalidParams, `Cannot initialize: packages: ${why}`);
}
