/** Where Pyodide's files lie on this machine. */
import { SandboxStartError } from "../errors.ts";

/** The one version that this package works with: snapshots use options that are not public. */
export const PYODIDE_VERSION = "314.0.7";

/** What the child reads of the package; enough to start, and nothing else is granted. */
export const PYODIDE_FILES = [
  "pyodide.mjs",
  "pyodide.asm.mjs",
  "pyodide.asm.wasm",
  "python_stdlib.zip",
] as const;

/**
 * Never called. A literal import puts the package into the module graph, so that it is downloaded with
 * the rest and `import.meta.resolve` knows its folder, whichever way the program keeps npm packages.
 */
export const _inGraph = (): Promise<unknown> => import("npm:pyodide@314.0.7");

/** Pyodide's folder as a path that ends in a separator. */
export function pyodideFolder(): string {
  const url = import.meta.resolve(`npm:pyodide@${PYODIDE_VERSION}/package.json`);
  if (!url.startsWith("file:")) {
    throw new SandboxStartError(
      `Cannot find Pyodide: npm:pyodide@${PYODIDE_VERSION} is not installed; run: deno cache npm:pyodide@${PYODIDE_VERSION}`,
    );
  }
  return toPath(new URL("./", url));
}

/**
 * Folder for the start-up snapshot: Deno's own cache when Pyodide lies there, else `node_modules/.cache`.
 * Derived from Pyodide's place, so that no environment variable has to be read.
 */
export function defaultCacheFolder(pyodide: string): string {
  const normal = pyodide.replaceAll("\\", "/");
  const global = /^(.*)\/npm\/[^/]+\/pyodide\/[^/]+\/$/.exec(normal);
  if (global) return `${global[1]}/rlm/`;
  const local = /^(.*\/node_modules)\/(?:\.deno\/.*|pyodide\/)$/.exec(normal);
  return local ? `${local[1]}/.cache/rlm/` : `${normal}.rlm/`;
}

/** A `file:` URL as a path of this system. */
function toPath(url: URL): string {
  const path = decodeURIComponent(url.pathname);
  return Deno.build.os === "windows" ? path.slice(1).replaceAll("/", "\\") : path;
}
