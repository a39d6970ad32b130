// deno task demo
import { strFromU8, unzipSync } from "fflate";
import pyodide from "pyodide/package.json" with { type: "json" };

/** Where the texts come from. */
export const ORIGIN = `Python's standard library as shipped in pyodide ${pyodide.version}`;

/** Reads the source of Python's standard library, which Pyodide ships: file names and their texts. */
export async function readStandardLibrary(): Promise<Record<string, string>> {
  const archive = await Deno.readFile(new URL(import.meta.resolve("pyodide/python_stdlib.zip")));
  const files = unzipSync(archive, { filter: ({ name }) => name.endsWith(".py") });
  const names = Object.keys(files).sort();
  return Object.fromEntries(
    names.map((name) => [name, strFromU8(files[name] ?? new Uint8Array())]),
  );
}
