/** Who is measured, and by which command. */
import { fileURLToPath } from "node:url";
import { PYTHON } from "./install.ts";

/** What kind of place its cells run in. */
export type Kind = "ours" | "sandbox" | "no sandbox" | "floor";

/** One who is measured. */
interface About {
  readonly title: string;
  readonly kind: Kind;
  readonly command: readonly string[];
}

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const CONFIG = here("../../../deno.json");
const deno = (name: string) => [
  Deno.execPath(),
  "run",
  "-A",
  "--no-check",
  "--config",
  CONFIG,
  here(name),
];
const python = (name: string, ...args: string[]) => [PYTHON, here(name), ...args];

const ALL: Readonly<Record<string, About>> = {
  rlm: { title: "this project", kind: "ours", command: deno("rlm_driver.ts") },
  dspy: { title: "DSPy", kind: "sandbox", command: python("dspy_driver.py") },
  "fast-rlm": { title: "fast-rlm", kind: "sandbox", command: python("fast_rlm_driver.py") },
  "dspy-local": {
    title: "DSPy, LocalInterpreter (no sandbox)",
    kind: "no sandbox",
    command: python("dspy_driver.py", "local"),
  },
  rlms: {
    title: "alexzhang13/rlm (no sandbox)",
    kind: "no sandbox",
    command: python("rlms_driver.py"),
  },
  pyodide: { title: "floor: plain Pyodide", kind: "floor", command: deno("pyodide_driver.ts") },
  cpython: { title: "floor: plain CPython", kind: "floor", command: python("cpython_driver.py") },
};

/** Names of all; the first is this project, the last are the floors. */
export const CONTESTANTS: readonly string[] = Object.keys(ALL);

/** The command that starts a contestant's driver. */
export function commandOf(name: string): readonly string[] {
  return ALL[name]?.command ?? [];
}

/** How the table calls a contestant. */
export function titleOf(name: string): string {
  return ALL[name]?.title ?? name;
}

/** Those of a kind among some. */
export function ofKind(names: readonly string[], kind: Kind): string[] {
  return names.filter((name) => ALL[name]?.kind === kind);
}
