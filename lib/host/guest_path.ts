/** Where Python finds a granted file or folder. Pure: it looks at the path that the caller wrote and nothing else. */

/** Python's working folder; relative grants lie under it, so that `open` takes the path as it was given. */
export const GUEST_HOME = "/home/guest";

/** Folders that hold the guest's own Python. */
const PYTHONS_OWN = ["/lib", "/dev", "/proc"];

/**
 * The guest's path for a path of the host. `/data/a.csv` stays `/data/a.csv`, and `data/a.csv` becomes
 * `/home/guest/data/a.csv`. What `refuse` makes of the reason is thrown for a path that has no place there.
 */
export function guestPathOf(path: string, refuse: (why: string) => Error): string {
  const absolute = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") {
      parts.push(part);
    } else if (parts.pop() === undefined && !absolute) {
      throw refuse("it leads out of the working folder; give it as an absolute path");
    }
  }
  const guestPath = (absolute ? "" : GUEST_HOME) + parts.map((part) => `/${part}`).join("");
  if (guestPath === "" || GUEST_HOME.startsWith(`${guestPath}/`)) {
    throw refuse(`${guestPath || "/"} holds Python's working folder; name what is needed inside`);
  }
  if (PYTHONS_OWN.some((own) => guestPath === own || guestPath.startsWith(`${own}/`))) {
    throw refuse(`${guestPath} is Python's own place in the guest; give it by another path`);
  }
  return guestPath;
}
