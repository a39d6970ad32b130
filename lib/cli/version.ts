/** The line that `rlm --version` prints. */
import config from "../../deno.json" with { type: "json" };

/** The versions of this package, of the runtime and of the interpreter. */
export function versionLine(): string {
  const pyodide = config.imports.pyodide.split("@").at(-1);
  return `rlm ${config.version} (deno ${Deno.version.deno}, pyodide ${pyodide})`;
}
