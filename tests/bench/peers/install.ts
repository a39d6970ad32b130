/** Installs the peers where git ignores them, and says which versions that gave. */
import { fileURLToPath } from "node:url";

/** Where the peers are, and what the bench keeps of its runs; git ignores it. */
export const FOLDER = fileURLToPath(new URL("../.peers/", import.meta.url));
/** Newest versions that PyPI has, each with the extra that its rows need. */
const PACKAGES = ["dspy==3.4.1", "rlms[ipython]==0.1.3", "fast-rlm==0.5.0"];

/** The Python program that has the peers. */
export const PYTHON = `${FOLDER}venv/bin/python`;

/** What fast-rlm's guests load from a CDN, in the versions that its Pyodide names. */
const WHEELS = [
  "micropip==0.11.0",
  "requests==2.32.4",
  "charset-normalizer==3.4.4",
  "idna==3.10",
  "urllib3==2.5.0",
  "certifi==2026.1.4",
  "httpx==0.28.1",
];
const FAST_RLM_CACHE = `${FOLDER}fast_rlm_deno`;

/** Installs what is not there yet; gives versions as `name version`, or why there is none. */
export async function installPeers(progress: (text: string) => void): Promise<string[]> {
  await Deno.mkdir(FOLDER, { recursive: true });
  const stamp = `${FOLDER}installed`;
  const installed = await Deno.readTextFile(stamp).catch(() => "");
  const failures: string[] = [];
  if (installed !== PACKAGES.join()) {
    for (const old of [`${FOLDER}venv`, FAST_RLM_CACHE]) {
      await Deno.remove(old, { recursive: true }).catch(() => {});
    }
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
    await fillCache(progress).catch((error) => failures.push(String(error)));
    if (failures.length === 0) await Deno.writeTextFile(stamp, PACKAGES.join());
  }
  return await versionsOf(PACKAGES);
}

/**
 * Fills the cache of fast-rlm's engine: its modules with the import map that the driver gives too, and the wheels
 * where its Pyodide looks before it asks the CDN.
 */
async function fillCache(progress: (text: string) => void): Promise<void> {
  progress("filling the cache of fast-rlm");
  const find = "import fast_rlm._runner as runner; print(runner._find_engine_dir())";
  const engine = (await output(PYTHON, "-c", find)).trim();
  const map = fileURLToPath(new URL("fast_rlm_imports.json", import.meta.url));
  const cache = ["cache", "--no-lock", `--import-map=${map}`, `${engine}/src/subagents.ts`];
  await output("env", `DENO_DIR=${FAST_RLM_CACHE}`, Deno.execPath(), ...cache);
  const pip = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"];
  const place = `${FAST_RLM_CACHE}/npm/registry.npmjs.org/pyodide/0.29.3`;
  const forGuests = ["--platform", "any", "--python-version", "3.13", "--dest", place];
  await output(PYTHON, ...pip, ...forGuests, ...WHEELS);
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
