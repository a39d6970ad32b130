/** The child process from outside: why it does not start, what it says, how it ends. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertLess,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { SandboxStartError } from "../lib/errors.ts";
import type { Child } from "../lib/host/child.ts";
import { spawnChild } from "../lib/host/subprocess.ts";
import { type Frame, FramingError } from "../sandbox/framing.ts";
import { temporaryFolder } from "./fixtures/temporary_folder.ts";
import { runDeno } from "./run_deno.ts";

const TOKEN = "0123456789abcdef";

/** A child that runs this program in place of the gateway. */
function spawn(program: string): Child {
  const args = [
    "run",
    "--quiet",
    "--no-config",
    `data:text/javascript,${encodeURIComponent(program)}`,
  ];
  return spawnChild(Deno.execPath(), { args, env: { NO_COLOR: "1" } }, TOKEN);
}

/** What a frame that the program writes begins with. */
const SEALED = (sequence: number) => `Token: ${TOKEN}\\r\\nSequence: ${sequence}\\r\\n`;

async function frames(child: Child): Promise<Frame[]> {
  return await Array.fromAsync(child.transport.frames);
}

function assertStartError(error: unknown, message: string): void {
  assertInstanceOf(error, SandboxStartError);
  const { name, trajectory, usage } = error;
  assertEquals({ name, message: error.message, trajectory, usage }, {
    name: "SandboxStartError",
    message,
    trajectory: [],
    usage: null,
  });
  assertInstanceOf(error.cause, Error);
}

Deno.test("a program that is not there is named, with what to set (R97, C141)", () => {
  const missing = "/no/such/deno";
  const error = assertThrows(() => spawnChild(missing, { args: [], env: {} }, TOKEN));
  assertStartError(
    error,
    "Cannot start sandbox: no program at /no/such/deno; set denoPath to a Deno of 2.7.12 or newer",
  );
});

Deno.test("a program that can't be run is named, with the reason", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/deno`;
  await Deno.writeTextFile(path, "#!/bin/sh", { mode: 0o600 });
  const error = assertThrows(() => spawnChild(path, { args: [], env: {} }, TOKEN));
  assertInstanceOf(error, SandboxStartError);
  assert(error.message.startsWith(`Cannot start sandbox: ${path}: `), error.message);
  assert(/permission denied/i.test(error.message), error.message);
  assert(!error.message.includes("\n"));
});

/** What a program with these permissions is told when it starts a sandbox. */
async function startWith(permissions: string[], env: string[] = []): Promise<unknown> {
  const program = "tests/fixtures/start_sandbox.ts";
  const { text } = await runDeno([
    "run",
    "--no-prompt",
    "--no-check",
    ...permissions,
    program,
    ...env,
  ]);
  return JSON.parse(text);
}

Deno.test("a program without --allow-run is told that flag in one line", async () => {
  const deno = Deno.execPath();
  assertEquals(await startWith([]), {
    name: "SandboxStartError",
    message: `Cannot start sandbox: running Deno is not permitted; add --allow-run=${deno}`,
  });
});

Deno.test("a variable that the program may not read itself is named, with the flag; with both flags it starts, and needs no network (C142)", async () => {
  const allowRun = `--allow-run=${Deno.execPath()}`;
  assertEquals(await startWith([allowRun], ["RLM_TEST"]), {
    name: "SandboxStartError",
    message: "Cannot grant env: reading RLM_TEST is not permitted; add --allow-env=RLM_TEST",
  });
  assertEquals(await startWith([allowRun, "--allow-env=RLM_TEST"], ["RLM_TEST"]), { value: "2" });
});

Deno.test("frames that carry the token arrive, and the end of the process ends them", async () => {
  const child = spawn(`
    const text = "Content-Length: 2\\r\\n${SEALED(0)}\\r\\n{}Content-Length: 2\\r\\n${
    SEALED(1)
  }\\r\\n[]";
    await Deno.stdout.write(new TextEncoder().encode(text));
  `.replaceAll("\\\\", "\\"));
  assertEquals(await frames(child), [{ kind: "message", text: "{}" }, {
    kind: "message",
    text: "[]",
  }]);
  assertEquals(await child.exited, { how: "the process left with code 0", leftRunning: false });
});

Deno.test("a frame without the token, as guest code might print one, is refused (C130)", async () => {
  const forged = `{"jsonrpc":"2.0","id":1,"result":null}`;
  for (const output of [forged, `Content-Length: ${forged.length}\r\n\r\n${forged}`]) {
    const child = spawn(`console.log(${JSON.stringify(output)});`);
    await assertRejects(() => frames(child), FramingError);
    await child.exited;
  }
});

Deno.test("what the child writes to stderr never blocks it, and the last of it is kept", async () => {
  const child = spawn(`
    const line = new TextEncoder().encode("noise ".repeat(1_000) + "é\\n");
    for (let n = 0; n < 1_000; n++) await Deno.stderr.write(line);
    await Deno.stderr.write(new TextEncoder().encode("the end"));
    Deno.exit(3);
  `.replaceAll("\\\\", "\\"));
  assertEquals(await frames(child), []);
  assertEquals(await child.exited, { how: "the process left with code 3", leftRunning: false });
  const tail = child.stderrTail();
  assertEquals(tail.length, 4096);
  assert(tail.endsWith("noise é\nthe end"), tail.slice(-30));
});

Deno.test("a killed child is gone from the process table, and killing it again does nothing", async () => {
  const child = spawn("await new Promise(() => setInterval(() => {}, 1_000));");
  assert(child.pid > 0);
  child.kill();
  child.kill();
  assertEquals(await child.exited, { how: "the process got SIGKILL", leftRunning: false });
  child.kill();
  assertThrows(() => Deno.kill(child.pid, "SIGCONT"));
  assertEquals(await frames(child), []);
});

Deno.test("a child that never reads lets a write wait, and killing it ends the wait", async () => {
  const child = spawn("setInterval(() => {}, 1_000);");
  const bytes = new Uint8Array(4 * 1024 * 1024);
  const sending = child.transport.send({
    kind: "chunk",
    blob: 1,
    type: "bytes",
    offset: 0,
    total: bytes.length,
    bytes,
  });
  const waited = await Promise.race([
    Promise.resolve(sending).then(() => "sent"),
    new Promise((resolve) => setTimeout(() => resolve("waits"), 300)),
  ]);
  assertEquals(waited, "waits");
  const startedAt = performance.now();
  child.kill();
  await assertRejects(async () => await sending);
  await child.exited;
  assertLess(performance.now() - startedAt, 1_000);
  await assertRejects(async () => await child.transport.send({ kind: "message", text: "{}" }));
  assertEquals(await frames(child), []);
});

Deno.test({
  name: "a child that closes its output and lives on ends its frames",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const args = ["-c", "exec >&-; exec sleep 100"];
    const child = spawnChild("/bin/sh", { args, env: {} }, TOKEN);
    assertEquals(await frames(child), []);
    child.kill();
    assertEquals((await child.exited).how, "the process got SIGKILL");
  },
});
