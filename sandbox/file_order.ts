/** In which order changes are applied, so that nothing is deleted before what replaces it is safe. Pure. */
import type { FileChange } from "./granted_entry.ts";

/** A change with its place in the list; `last` for a deletion that must wait until all else is done. */
export interface Ordered {
  readonly change: FileChange;
  readonly index: number;
  readonly last: boolean;
}

/** Orders changes: what is in the way of something new goes first, then folders, files, and all other deletions, from the inside out. */
export function inOrder(changes: readonly FileChange[]): Ordered[] {
  const made = new Map<string, FileChange["kind"]>();
  for (const { root, path, kind } of changes) {
    if (kind !== "gone") made.set(`${root}/${path}`, kind);
  }
  const inTheWay = ({ root, path }: FileChange): boolean =>
    made.has(`${root}/${path}`) ||
    foldersOf(path).some((folder) => made.get(`${root}/${folder}`) === "file");
  const rank = (change: FileChange): number => {
    if (change.kind === "gone") return inTheWay(change) ? 0 : 3;
    return change.kind === "folder" ? 1 : 2;
  };
  const depth = ({ path }: FileChange): number => path.split("/").length;
  return changes.map((change, index) => ({ change, index, last: rank(change) === 3 }))
    .toSorted((a, b) => {
      const [of, than] = [rank(a.change), rank(b.change)];
      const deeper = depth(b.change) - depth(a.change);
      return of !== than ? of - than : of === 1 ? -deeper : deeper;
    });
}

/** The folders on the way to a path below a grant. */
function foldersOf(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
}
