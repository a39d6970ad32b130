/** Programs of this folder that must be measured in a process of their own. */
import { fileURLToPath } from "node:url";

const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));

/** Runs `programs/<name>.ts` to its end and gives the JSON that it printed. */
export async function runProgram(name: string, ...args: string[]): Promise<unknown> {
  const path = fileURLToPath(new URL(`programs/${name}.ts`, import.meta.url));
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--config", CONFIG, "--v8-flags=--expose-gc", path, ...args],
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`Cannot measure with ${name}: ${decoder.decode(stderr)}`);
  return JSON.parse(decoder.decode(stdout));
}

/** A number that a program printed under a name. */
export function numberOf(printed: unknown, name: string): number {
  if (typeof printed === "object" && printed !== null) {
    const value: unknown = Reflect.get(printed, name);
    if (typeof value === "number") return value;
  }
  throw new TypeError(`Cannot read ${name}: ${JSON.stringify(printed)}`);
}
