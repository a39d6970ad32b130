/** What `rlm doctor` looks at, in the order in which one thing needs the other. */
import { createSandbox } from "../host/mod.ts";
import {
  defaultCacheFolder,
  PYODIDE_FILES,
  PYODIDE_VERSION,
  pyodideFolder,
} from "../host/pyodide_files.ts";
import { snapshotFile } from "../host/snapshot.ts";
import { readOptional } from "../models/keys.ts";
import { PROVIDERS } from "../models/providers.ts";
import type { RunArguments } from "./arguments.ts";
import { chooseModels } from "./choose_models.ts";
import { MINIMUM_DENO } from "./messages.ts";
import { statusOf } from "./models_command.ts";
import { dollars, duration } from "./tally.ts";

/** What was found; a note is no failure. The detail of a failure ends with its remedy. */
export interface Finding {
  readonly area: "sandbox" | "model";
  readonly title: string;
  readonly status: "ok" | "note" | "failed";
  readonly detail: string;
}

/** One thing to look at; what `look` throws is a failure. */
export interface Check extends Pick<Finding, "area" | "title"> {
  /** Title of the check without which this one would only repeat that failure, and is not made. */
  readonly needs?: string;
  look(run: RunArguments, signal: AbortSignal): Promise<Pick<Finding, "status" | "detail">>;
}

const ok = (detail: string) => ({ status: "ok", detail }) as const;
const note = (detail: string) => ({ status: "note", detail }) as const;
const failed = (detail: string) => ({ status: "failed", detail }) as const;

/** Up to a sandbox that runs Python. */
export const SANDBOX_CHECKS: readonly Check[] = [
  {
    area: "sandbox",
    title: "Deno",
    look: () => Promise.resolve(ok(`${Deno.version.deno}, at least ${MINIMUM_DENO} is needed`)),
  },
  { area: "sandbox", title: "permissions", look: lookAtPermissions },
  { area: "sandbox", title: "Pyodide", look: lookAtPyodide },
  { area: "sandbox", title: "cache folder", needs: "Pyodide", look: lookAtCache },
  { area: "sandbox", title: "sandbox", needs: "Pyodide", look: lookAtSandbox },
  { area: "sandbox", title: "snapshot", needs: "sandbox", look: lookAtSnapshot },
];

/** Up to a model that answers. */
export const MODEL_CHECKS: readonly Check[] = [
  { area: "model", title: "keys", look: lookAtKeys },
  { area: "model", title: "model", look: askModel },
];

/** What `deno task rlm` grants. Only running Deno and reading are needed by every run. */
async function lookAtPermissions() {
  const run: Deno.PermissionDescriptor = { name: "run", command: Deno.execPath() };
  const wanted: [flag: string, descriptor: Deno.PermissionDescriptor][] = [
    [`--allow-run=${Deno.execPath()}`, run],
    ["--allow-read", { name: "read" }],
    ["--allow-write", { name: "write" }],
    ["--allow-net", { name: "net" }],
    ["--allow-env", { name: "env" }],
  ];
  const missing: string[] = [];
  for (const [flag, descriptor] of wanted) {
    if ((await Deno.permissions.query(descriptor)).state !== "granted") missing.push(flag);
  }
  if (missing.length === 0) return ok("run Deno, read, write, net, env");
  const text = `run again with ${missing.join(" ")}`;
  return missing.some((flag) => flag.startsWith("--allow-run"))
    ? failed(`the sandbox may not be started; ${text}`)
    : note(`not all are given, which may be what you want; for all of them ${text}`);
}

async function lookAtPyodide() {
  const folder = pyodideFolder();
  for (const name of PYODIDE_FILES) {
    try {
      await Deno.stat(`${folder}${name}`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      const remedy = `deno cache --reload=npm:pyodide npm:pyodide@${PYODIDE_VERSION}`;
      return failed(`${name} is missing in ${folder}; run: ${remedy}`);
    }
  }
  return ok(folder);
}

async function lookAtCache() {
  const folder = defaultCacheFolder(pyodideFolder());
  try {
    await Deno.mkdir(folder, { recursive: true });
    await Deno.remove(await Deno.makeTempFile({ dir: folder }));
  } catch {
    return note(
      `it cannot be written, so each start takes seconds; run again with --allow-write=${folder}`,
    );
  }
  return ok(folder);
}

async function lookAtSandbox(_run: RunArguments, signal: AbortSignal) {
  const began = performance.now();
  await using sandbox = await createSandbox({ signal });
  const ready = performance.now();
  const { value, error } = await sandbox.execute("import sys\nsys.version.split()[0]", { signal });
  if (value === null) return failed(`Python did not answer: ${error?.message ?? "nothing came"}`);
  return ok(`Python ${value.replaceAll("'", "")}, started in ${duration((ready - began) / 1000)}`);
}

async function lookAtSnapshot() {
  const file = await snapshotFile(defaultCacheFolder(pyodideFolder()));
  try {
    const { size } = await Deno.stat(file);
    return ok(`${(size / 1e6).toFixed(1)} MB, ${file}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return note("none could be kept, so each start takes seconds; make the cache folder writable");
  }
}

function lookAtKeys() {
  const set = PROVIDERS.map(statusOf).flatMap(({ keyVariable }) => keyVariable ?? []);
  return Promise.resolve(
    set.length === 0
      ? note("none is set; see rlm models for the names, a model on this machine needs none")
      : ok(`${set.join(", ")} set`),
  );
}

/** Asks the model for a word, so that address, key and name are known to be right. */
async function askModel(run: RunArguments, signal: AbortSignal) {
  if (run.model === null && readOptional("RLM_MODEL") === null) {
    return note("none is named, so none was asked; give --model NAME or set RLM_MODEL");
  }
  const { lm } = chooseModels(run);
  const began = performance.now();
  const messages = [{ role: "user", content: "Reply with the one word ready." }] as const;
  const { cost } = await lm.complete({ messages, signal });
  const seconds = (performance.now() - began) / 1000;
  return ok(`${lm.name} answered in ${duration(seconds)}, ${dollars(cost)}`);
}
