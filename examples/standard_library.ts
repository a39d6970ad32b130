// deno task demo
import { strFromU8, unzipSync } from "fflate";
import pyodide from "pyodide/package.json" with { type: "json" };

/** Reads the source of Python's standard library, which Pyodide ships: texts by path. */
export async function readStandardLibrary(): Promise<
  { sources: Record<string, string>; description: string; characters: number }
> {
  const archive = await Deno.readFile(new URL(import.meta.resolve("pyodide/python_stdlib.zip")));
  const files = unzipSync(archive, { filter: ({ name }) => name.endsWith(".py") });
  const texts = Object.entries(files).sort(([a], [b]) => a < b ? -1 : 1)
    .map(([path, bytes]): [string, string] => [path, strFromU8(bytes)]);
  const characters = texts.reduce((sum, [, { length }]) => sum + length, 0);
  const size = `${texts.length} files, ${characters.toLocaleString("en-US")} characters`;
  const description =
    `Python's standard library, as shipped in pyodide ${pyodide.version}: ${size}`;
  return { sources: Object.fromEntries(texts), description, characters };
}
