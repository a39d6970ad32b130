/** Installs the peers where git ignores them, and says which versions that gave. */
import { fileURLToPath } from "node:url";

/** Where the peers are, and what the bench keeps of its runs; git ignores it. */
export const FOLDER = fileURLToPath(new URL("../.peers/", import.meta.url));
/** Newest versions that PyPI has, each with the extra that its rows need. */
const PACKAGES = ["dspy==3.4.1", "rlms[ipython]==0.1.3", "fast-rlm==0.5.0"];

/** The Python program that has the peers. */
export const PYTHON = `${FOLDER}venv/bin/python`;

/** Installs what is not there yet; gives versions as `name version`, or why there is none. */
export async function installPeers(progress: (text: string) => void): Promise<string[]> {
  await Deno.mkdir(FOLDER, { recursive: true });
  const stamp = `${FOLDER}installed`;
  const installed = await Deno.readTextFile(stamp).catch(() => "");
  const failures: string[] = [];
  if (installed !== PACKAGES.join()) {
    await Deno.remove(`${FOLDER}venv`, { recursive: true }).catch(() => {});
    await output("python3", "-m", "venv", `${FOLDER}venv`);
    for (const name of PACKAGES) {
      progress(`installing ${name}`);
      // One that cannot be installed fails its own rows, with this as the reason.
      await output(PYTHON, "-m", "pip", "install", "--quiet", "--no-compile", name).catch(
        (error) => {
          failures.push(String(error));
          progress(String(error));
        },
      );
    }
    if (failures.length === 0) await Deno.writeTextFile(stamp, PACKAGES.join());
  }
  return await versionsOf(PACKAGES);
}

/** What is really there: the packages, their Python, and Deno, which runs both this project and its peers. */
async function versionsOf(packages: readonly string[]): Promise<string[]> {
  const names = packages.map((name) => name.replace(/(\[.*\])?==.*/, ""));
  const list = JSON.parse(await output(PYTHON, "-m", "pip", "list", "--format", "json"));
  const found = new Map<string, string>(
    list.map(({ name, version }: { name: string; version: string }) => [name, version]),
  );
  return [
    ...names.map((name) => `${name} ${found.get(name) ?? "(not installed)"}`),
    (await output(PYTHON, "--version")).trim(),
    `Deno ${Deno.version.deno}`,
  ];
}

async function output(program: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args }).output();
  const decoder = new TextDecoder();
  if (!success) {
    throw new Error(
      `Cannot run ${program} ${args.join(" ")}: ${decoder.decode(stderr).slice(-500)}`,
    );
  }
  return decoder.decode(stdout);
}
