/**
 * File grants: the files of the host that a guest may use, on their way in when it starts and on their way out
 * after each cell. Python has them in its own memory; nothing that it does there touches the host's disk.
 */
import { type FileAllowance, walkGrant } from "./file_walk.ts";
import type { GrantedEntry, GrantedFiles, WriteRoot } from "./granted_entry.ts";
import { contains } from "./host_path.ts";
import { FileLimits, type PathGrant } from "./protocol.ts";

/** Granted files as they were read, for the guest that is starting. */
export interface ReadFiles extends GrantedFiles {
  /** What was left out, in words for the model. */
  readonly notes: readonly string[];
}

/** Reads everything that is granted; throws `RpcError` for a grant that can't be given. Costs nothing without grants. */
export async function readGrantedFiles(
  grants: readonly PathGrant[],
  bytes: number,
): Promise<ReadFiles> {
  const entries: GrantedEntry[] = [];
  const notes: string[] = [];
  const allowance: FileAllowance = { bytes, entries: FileLimits.entries };
  // Folders before what lies in them.
  for (const grant of grants.toSorted((a, b) => a.guestPath.length - b.guestPath.length)) {
    const inner = new Set(innerPaths(grant, grants));
    const walked = await walkGrant(grant, (path) => inner.has(path), allowance);
    entries.push(...walked.entries);
    notes.push(...walked.skipped);
  }
  const isFile = new Set(entries.filter(({ kind }) => kind === "file").map(({ path }) => path));
  const roots = grants.filter(({ access }) => access === "write").map((grant): WriteRoot => ({
    path: grant.guestPath,
    kind: isFile.has(grant.guestPath) ? "file" : "folder",
    except: innerPaths(grant, grants),
  }));
  return { entries, roots, bytes, notes: shorten(notes) };
}

/** Guest paths of other grants that lie in this one. */
function innerPaths(grant: PathGrant, grants: readonly PathGrant[]): string[] {
  return grants.filter((other) => other !== grant && contains(grant.guestPath, other.guestPath))
    .map(({ guestPath }) => guestPath);
}

/** Notes that are shown one by one; a count stands for the rest. */
const SHOWN = 5;

/** Keeps a list of notes readable. */
export function shorten(notes: readonly string[]): string[] {
  const rest = notes.length - SHOWN;
  return rest <= 0 ? [...notes] : [...notes.slice(0, SHOWN), `… and ${rest} more of this kind`];
}
