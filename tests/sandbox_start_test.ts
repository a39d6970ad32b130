/** Starts that meet a bad world: a full disk, a damaged snapshot, files that are missing, a caller that gives up (R97). */
import { assert, assertEquals, assertFalse, assertInstanceOf, assertRejects } from "@std/assert";
import { fileURLToPath } from "node:url";
import { SandboxStartError } from "../lib/errors.ts";
import { createSandbox } from "../lib/host/mod.ts";
import { SandboxSession } from "../lib/host/session.ts";
import { readSettings } from "../lib/host/settings.ts";
import { storeSnapshot } from "../lib/host/snapshot.ts";
import { readSnapshot } from "../sandbox/snapshot_file.ts";
import { Random } from "./fixtures/random.ts";
import { copyOfSnapshot } from "./fixtures/snapshots.ts";
import { temporaryFolder } from "./fixtures/temporary_folder.ts";

Deno.test("a start that is given up rejects with the signal's reason", async () => {
  const reason = new Error("no time");
  const controller = new AbortController();
  const starting = createSandbox({ signal: controller.signal });
  setTimeout(() => controller.abort(reason), 30);
  assertEquals(await assertRejects(() => starting), reason);
});

Deno.test({
  name: "a disk that is full when the snapshot is stored costs time, and keeps no part of a file",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await temporaryFolder();
    const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
    const args = ["run", "-A", "--no-check", "--no-code-cache", "--config", path("../deno.json")];
    // No file may pass 8 MB; that signal ignored, writing on is an error as it is on a full disk.
    const limited = `trap '' XFSZ; ulimit -f 16384; exec "$0" "$@"`;
    const program = [path("fixtures/start_in_cache.ts"), `${folder.path}/cache`];
    const { stdout, stderr } = await new Deno.Command("/bin/sh", {
      args: ["-c", limited, Deno.execPath(), ...args, ...program],
    }).output();
    const said = new TextDecoder().decode(stderr);
    assertEquals(new TextDecoder().decode(stdout), `{"value":"42","saved":true}`, said);
    assertEquals(await Array.fromAsync(Deno.readDir(`${folder.path}/cache`)), []);
  },
});

Deno.test("a cache folder that can't be written is told and not thrown", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/file`, "");
  const refused = await storeSnapshot(`${folder.path}/file/below/snapshot`, new Uint8Array(9));
  assertInstanceOf(refused, Error);
  assertEquals(await Array.fromAsync(Deno.readDir(folder.path), ({ name }) => name), ["file"]);
});

Deno.test("a snapshot that several store at once is one whole file, and no draft is left", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/made/snapshot`;
  const memories = [1, 2, 3, 4].map((seed) => new Random(seed).bytes(3_000_000));
  const stored = await Promise.all(memories.map((memory) => storeSnapshot(file, memory)));
  assertEquals(stored, [null, null, null, null]);
  const kept = (await readSnapshot(file))?.bytes;
  assert(kept && memories.some((memory) => equal(memory, kept)));
  const names = await Array.fromAsync(Deno.readDir(`${folder.path}/made`), ({ name }) => name);
  assertEquals(names, ["snapshot"]);
});

Deno.test("storing a snapshot removes those of other versions that were not used for a month, and nothing else", async () => {
  await using folder = await temporaryFolder();
  const nameOf = (digit: string) => `snapshot-${digit.repeat(32)}.bin`;
  const draft = `${nameOf("c")}.${crypto.randomUUID()}`;
  const now = Date.now();
  const written = async (name: string, days: number) => {
    await Deno.writeTextFile(`${folder.path}/${name}`, "x");
    const at = new Date(now - days * 24 * 60 * 60 * 1_000);
    await Deno.utime(`${folder.path}/${name}`, at, at);
  };
  for (const name of [nameOf("a"), draft, "other.bin"]) await written(name, 31);
  await written(nameOf("b"), 29);
  assertEquals(await storeSnapshot(`${folder.path}/${nameOf("d")}`, new Uint8Array(9)), null);
  const left = await Array.fromAsync(Deno.readDir(folder.path), ({ name }) => name);
  assertEquals(left.sort(), ["other.bin", nameOf("b"), nameOf("d")]);
});

Deno.test("what cells about texts and tables import is there from the start, and is none of the guest's names", async () => {
  await using sandbox = await createSandbox();
  const common = ["csv", "difflib", "html.parser", "pprint", "statistics"];
  const { value } = await sandbox.execute(
    `import sys\n[name for name in ${
      JSON.stringify(common)
    } if name not in sys.modules], sorted(dir())[-1]`,
  );
  assertEquals(value, "([], 'sys')");
});

Deno.test("a snapshot that was altered is made anew by the next start", async () => {
  await using folder = await temporaryFolder();
  const file = await copyOfSnapshot(folder.path);
  const bytes = await Deno.readFile(file);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  await Deno.writeFile(file, bytes);
  await using sandbox = await createSandbox({ cacheDir: folder.path, startTimeoutMs: 120_000 });
  assertEquals((await sandbox.execute("1 + 1")).value, "2");
  assertFalse(equal(await Deno.readFile(file), bytes));
  assert(await readSnapshot(file) !== null);
});

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

Deno.test("Pyodide that is missing or damaged is an error of the start (R97, C141)", async () => {
  await using folder = await temporaryFolder();
  const settings = { ...await readSettings({ cacheDir: false }), pyodide: `${folder.path}/` };
  const missing = await assertRejects(() => SandboxSession.start(settings, {}), SandboxStartError);
  assert(missing.message.startsWith("Cannot start sandbox: "));
  const { pyodide } = await readSettings({});
  for (const name of ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"]) {
    await Deno.copyFile(pyodide + name, `${folder.path}/${name}`);
  }
  await Deno.truncate(`${folder.path}/pyodide.asm.wasm`, 1_000_000);
  const damaged = await assertRejects(() => SandboxSession.start(settings, {}), SandboxStartError);
  assert(damaged.message.startsWith("Cannot start sandbox: "));
});
