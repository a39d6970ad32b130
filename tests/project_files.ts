/** The project's own files and what they import, as Deno itself reads them. */
import { fileURLToPath } from "node:url";
import type { Import, SourceFile } from "./layering_checks.ts";
import { filesUnder } from "./tasks/files.ts";

/** The project's root folder. */
export const ROOT: URL = new URL("../", import.meta.url);

/** Files that are no part of the program: the stand-ins for JSR. */
const DATA = /^tests\/jsr\//;

/** Parts of `deno info --json` that are read here. */
interface ModuleGraph {
  modules: { specifier: string; dependencies?: Dependency[] }[];
}

interface Dependency {
  code?: { specifier?: string };
  type?: { specifier?: string };
}

/** All sources of the project, Python included; the stand-ins for JSR and recorded data are not among them. */
export async function projectFiles(): Promise<SourceFile[]> {
  const paths = await filesUnder(ROOT);
  const sources = paths.filter((path) => /\.(ts|py)$/.test(path) && !DATA.test(path));
  const imports = await importsOf(sources.filter((path) => path.endsWith(".ts")));
  return await Promise.all(sources.map(async (path) => ({
    path,
    text: await Deno.readTextFile(new URL(path, ROOT)),
    imports: imports.get(path) ?? [],
  })));
}

/** Imports by file, from one call of `deno info` on a program that imports them all. */
async function importsOf(paths: readonly string[]): Promise<Map<string, Import[]>> {
  const root = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const program = paths.map((path) => `import ${JSON.stringify(new URL(path, ROOT).href)};\n`)
      .join("");
    await Deno.writeTextFile(root, program);
    const { modules } = await denoInfo(root);
    return new Map(
      modules.map((
        { specifier, dependencies = [] },
      ) => [relative(specifier), dependencies.flatMap(importOf)]),
    );
  } finally {
    await Deno.remove(root);
  }
}

async function denoInfo(program: string): Promise<ModuleGraph> {
  const config = fileURLToPath(new URL("deno.json", ROOT));
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--config", config, program],
  }).output();
  if (!success) throw new Error(`deno info: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

function importOf({ code, type }: Dependency): Import[] {
  const target = code?.specifier ?? type?.specifier;
  return target === undefined ? [] : [{ target: relative(target), typeOnly: code === undefined }];
}

/** Files of the project by their path from its root; anything else by its specifier. */
function relative(specifier: string): string {
  return specifier.startsWith(ROOT.href) ? specifier.slice(ROOT.href.length) : specifier;
}
