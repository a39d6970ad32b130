/** Loads the modules of `--tool`: each has a record of tools as its default export. They run with the command's own permissions. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { isRecord } from "../engine/schema.ts";
import type { Tool } from "../host/sandbox.ts";
import { UsageError } from "./usage_error.ts";

/** Loads all modules; throws {@linkcode UsageError} where one has no tools, or two have one of the same name. */
export async function loadTools(paths: readonly string[]): Promise<Record<string, Tool>> {
  const tools: Record<string, Tool> = {};
  for (const path of paths) {
    for (const [name, tool] of Object.entries(await loadModule(path))) {
      if (Object.hasOwn(tools, name)) {
        throw new UsageError(
          `--tool ${path}: another module has a tool ${name}, rename one of them`,
        );
      }
      tools[name] = tool;
    }
  }
  return tools;
}

async function loadModule(path: string): Promise<Record<string, Tool>> {
  const exported = await importDefault(path);
  const entries = isRecord(exported) ? Object.entries(exported) : [];
  if (entries.length === 0) {
    throw new UsageError(
      `--tool ${path}: it has no tools, write export default { name: tool({ … }) }`,
    );
  }
  return Object.fromEntries(entries.map(([name, value]) => {
    if (isTool(value)) return [name, value];
    throw new UsageError(`--tool ${path}: ${name} is no tool, make it with tool()`);
  }));
}

async function importDefault(path: string): Promise<unknown> {
  try {
    const module: { readonly default?: unknown } = await import(pathToFileURL(resolve(path)).href);
    return module.default;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    const missing = error instanceof TypeError && error.message.startsWith("Module not found");
    const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new UsageError(
      missing
        ? `--tool ${path}: no such module, or one that it imports is missing, check the path`
        : `--tool ${path}: it does not load (${why}), run it with deno run to see where`,
      { cause: error },
    );
  }
}

/** Whether a value is what `tool()` makes. */
function isTool(value: unknown): value is Tool {
  return isRecord(value) && typeof value.description === "string" && isRecord(value.parameters) &&
    typeof value.invoke === "function";
}
