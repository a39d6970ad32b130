/** What a sandbox does when its guest is lost: real processes, really killed. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readSettings } from "../lib/host/settings.ts";
import { SandboxSession } from "../lib/host/session.ts";
import { readSnapshot, sealSnapshot } from "../sandbox/snapshot_file.ts";
import { copyOfSnapshot } from "./fixtures/snapshots.ts";
import { temporaryFolder } from "./fixtures/temporary_folder.ts";

async function start(cacheDir?: string): Promise<SandboxSession> {
  return await SandboxSession.start(
    await readSettings(cacheDir === undefined ? {} : { cacheDir }),
    {},
  );
}

/** Longer than the rest after which a checkpoint is taken, also where the start was slow. */
const REST = 2_500;

Deno.test("a guest killed in a cell comes back from its last checkpoint, and the cell says what is back and what is gone (C143)", async () => {
  await using sandbox = await start();
  await sandbox.bind({ book: "call me Ishmael" });
  await sandbox.execute("kept = 1\ndef twice(n): return 2 * n");
  await new Promise((resolve) => setTimeout(resolve, REST));
  await sandbox.execute("late = 2");
  const running = sandbox.execute("print('started')\nimport time\nwhile True: time.sleep(0.01)");
  setTimeout(() => Deno.kill(sandbox.pid, "SIGKILL"), 300);
  const cell = await running;
  assertEquals(cell.status, "lost");
  assertEquals(cell.stdout, "started\n");
  assertEquals(cell.error?.type, "SandboxLost");
  assertEquals(cell.error?.message, "Sandbox ended: the process got SIGKILL");
  assertEquals(cell.restored?.from, "checkpoint");
  assertEquals(cell.restored?.gone, ["late"]);
  assert(["book", "kept", "twice"].every((name) => cell.restored?.back.includes(name)));
  assertEquals((await sandbox.execute("twice(kept), book[:4]")).value, "(2, 'call')");
});

Deno.test("without a checkpoint the inputs come back", async () => {
  await using sandbox = await start();
  await sandbox.bind({ book: "call me Ishmael" });
  const running = sandbox.execute("while True: pass");
  setTimeout(() => Deno.kill(sandbox.pid, "SIGKILL"), 200);
  const cell = await running;
  assertEquals(cell.restored, { from: "inputs", back: ["book"], gone: [] });
  assertEquals((await sandbox.execute("len(book)")).value, "15");
});

Deno.test("a guest that died between cells is replaced, and the next cell's notes say so", async () => {
  await using sandbox = await start();
  await sandbox.bind({ n: 41 });
  Deno.kill(sandbox.pid, "SIGKILL");
  await new Promise((resolve) => setTimeout(resolve, 500));
  const cell = await sandbox.execute("n + 1");
  assertEquals(cell.status, "ok");
  assertEquals(cell.value, "42");
  assertStringIncludes(cell.notes[0] ?? "", "restored from inputs: back: n; gone: none");
});

Deno.test("a checkpoint whose snapshot has been replaced is not trusted: the inputs come back instead", async () => {
  await using folder = await temporaryFolder();
  const file = await copyOfSnapshot(folder.path);
  await using sandbox = await start(folder.path);
  await sandbox.bind({ book: "call me Ishmael" });
  await sandbox.execute("kept = 1");
  await sandbox.checkpoint();
  const snapshot = await readSnapshot(file);
  // One byte more at its end makes another snapshot that works as well.
  assert(snapshot !== null);
  const bytes = new Uint8Array(snapshot.bytes.length + 1);
  bytes.set(snapshot.bytes);
  await Deno.writeFile(file, await sealSnapshot(bytes));
  const running = sandbox.execute("while True: pass");
  setTimeout(() => Deno.kill(sandbox.pid, "SIGKILL"), 200);
  assertEquals((await running).restored, { from: "inputs", back: ["book"], gone: ["kept"] });
});

Deno.test("code that can't be interrupted is ended at the hard deadline, and the sandbox goes on (C46)", async () => {
  const settings = await readSettings({ graceMs: 300 });
  await using sandbox = await SandboxSession.start(settings, {});
  const cell = await sandbox.execute("x = 10 ** (10 ** 8)\nstr(x)", { timeoutMs: 300 });
  assert(cell.status === "lost" || cell.status === "timeout");
  assert(cell.durationMs < 6_000);
  assertEquals((await sandbox.execute("1 + 1")).value, "2");
});
