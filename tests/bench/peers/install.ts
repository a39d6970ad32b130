/** Installs the peers where git ignores them, and says which versions that gave. */
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../.peers/", import.meta.url));
const PACKAGES = ["dspy==3.3.1", "rlms==0.1.3", "fast-rlm==0.5.0"];

/** The Python program that has the peers. */
export const PYTHON = `${FOLDER}venv/bin/python`;

/** Installs what is not there yet; gives versions as `name version`. */
export async function installPeers(): Promise<string[]> {
  await Deno.mkdir(FOLDER, { recursive: true });
  const stamp = `${FOLDER}installed`;
  const installed = await Deno.readTextFile(stamp).catch(() => "");
  if (installed !== PACKAGES.join()) {
    await output("python3", "-m", "venv", `${FOLDER}venv`);
    await output(PYTHON, "-m", "pip", "install", "--quiet", ...PACKAGES);
    await Deno.writeTextFile(stamp, PACKAGES.join());
  }
  return [
    ...PACKAGES.map((name) => name.replace("==", " ")),
    (await output(PYTHON, "--version")).trim(),
    `Deno ${Deno.version.deno}`,
  ];
}

async function output(program: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args }).output();
  const decoder = new TextDecoder();
  if (!success) {
    throw new Error(`Cannot run ${program} ${args.join(" ")}: ${decoder.decode(stderr)}`);
  }
  return decoder.decode(stdout);
}
