/** Pyodide's own list of packages: which wheel a name stands for, its hash, and what else it needs. */
import { PYODIDE_VERSION } from "../pyodide_files.ts";
import { normalName, refusal } from "./request.ts";

/** A package of the list. */
export interface ListedPackage {
  /** The normal name. */
  readonly name: string;
  readonly fileName: string;
  readonly sha256: string;
  /** Names of the packages that it needs, in the list's spelling. */
  readonly depends: readonly string[];
}

/** The list by normal name. */
export type PackageList = ReadonlyMap<string, ListedPackage>;

/** Reads the list that comes with Pyodide; it is part of the module graph, so that no permission is needed for it. */
export async function pyodideList(): Promise<PackageList> {
  const { default: lock } = await import("npm:pyodide@314.0.7/pyodide-lock.json", {
    with: { type: "json" },
  });
  return readList(lock);
}

/** The packages of a lock file; its test suites are none. */
export function readList(lock: { readonly packages: object }): PackageList {
  const list = new Map<string, ListedPackage>();
  for (const entry of Object.values(lock.packages)) {
    const { file_name: fileName, sha256, depends } = entry;
    if (entry.name.endsWith("-tests")) continue;
    const name = normalName(entry.name);
    list.set(name, { name, fileName, sha256, depends });
  }
  return list;
}

/** The named packages and all that they need, each once; throws `SandboxStartError` for one that can't be had. */
export function resolvePackages(list: PackageList, names: readonly string[]): ListedPackage[] {
  const found = new Map<string, ListedPackage>();
  const waiting = names.map((name) => ({ name, asked: name }));
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { name, asked } = next;
    if (found.has(name)) continue;
    const listed = list.get(name);
    if (listed === undefined) throw refusal(asked, notListed(list, name));
    if (!listed.fileName.endsWith(".whl")) {
      throw refusal(
        asked,
        `it needs ${name}, a native library outside of any wheel, which can't be given`,
      );
    }
    found.set(name, listed);
    for (const needed of listed.depends) waiting.push({ name: normalName(needed), asked });
  }
  return [...found.values()];
}

/** Names that an error suggests. */
const SUGGESTED = 5;

function notListed(list: PackageList, name: string): string {
  const near = [...list.keys()].filter((known) => known.includes(name) || name.includes(known))
    .slice(0, SUGGESTED);
  const hint = near.length === 0 ? "" : ` (it has ${near.join(", ")})`;
  return `Pyodide ${PYODIDE_VERSION} lists ${list.size} packages and not this one${hint}; for another, give its wheel: a path, or a URL with #sha256=`;
}
