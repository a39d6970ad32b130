/** Paths as they are joined, checked and shown. */

/** Joins a folder and a path below it; an empty one is the folder itself. */
export function join(folder: string, below: string): string {
  return below === "" ? folder : `${folder}/${below}`;
}

/** The folder that holds a path. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

/** Whether a real path is a folder or lies in it. */
export function contains(folder: string, path: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** Whether a path that another realm sent stays below where it is joined to: no way up, nothing empty, nothing that no file can be called. */
export function isBelow(path: string): boolean {
  return path.length <= 4096 && path.isWellFormed() &&
    path.split("/").every((part) =>
      part !== "" && part !== "." && part !== ".." && !part.includes("\0")
    );
}

/** A path for a note: one that is very long keeps its ends. */
export function shown(path: string): string {
  return path.length <= 200 ? path : `${path.slice(0, 100)}…${path.slice(-99)}`;
}
