/** Faults of the world around a sandbox: processes killed and stopped, tools that hang, hosts that die or don't read (R50, R91–R95). */
import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertLess,
  assertRejects,
} from "@std/assert";
import { fileURLToPath } from "node:url";
import { SandboxError, SandboxLostError } from "../lib/errors.ts";
import type { SandboxOptions } from "../lib/host/mod.ts";
import { SandboxSession } from "../lib/host/session.ts";
import { readSettings } from "../lib/host/settings.ts";
import { isRunning, toolOf } from "./fixtures/attacks.ts";
import { testsSharing } from "./fixtures/sharing.ts";

const pass = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function start(options: SandboxOptions = {}): Promise<SandboxSession> {
  const settings = await readSettings({ timeoutMs: 5_000, startTimeoutMs: 120_000, ...options });
  return await SandboxSession.start(settings, {});
}

/** A sandbox whose guest is killed again and again; at the end none of its processes is left. */
class Victim implements AsyncDisposable {
  readonly sandbox: SandboxSession;
  readonly #pids = new Set<number>();

  private constructor(sandbox: SandboxSession) {
    this.sandbox = sandbox;
  }

  static async open(): Promise<Victim> {
    const victim = new Victim(await start());
    await victim.sandbox.bind({ input: 41 });
    return victim;
  }

  /** Kills the present guest; one that has ended already is fine. */
  kill(): void {
    const { pid } = this.sandbox;
    this.#pids.add(pid);
    try {
      Deno.kill(pid, "SIGKILL");
    } catch (error) {
      assertInstanceOf(error, Deno.errors.NotFound);
    }
  }

  /** Sees that the guest is one that works, with its input. */
  async works(): Promise<void> {
    let cell = await this.sandbox.execute("input + 1");
    // A death that the host has not heard of yet is told by the cell that meets it.
    if (cell.status === "lost") cell = await this.sandbox.execute("input + 1");
    assertEquals(cell.value, "42");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#pids.add(this.sandbox.pid);
    await this.sandbox.close();
    for (const pid of this.#pids) assertFalse(await isRunning(pid), String(pid));
  }
}

/** What a sandbox is asked for in these tests. Each settles, with a result or a typed error. */
const OPERATIONS: Record<string, (sandbox: SandboxSession) => Promise<unknown>> = {
  "a cell": (sandbox) => sandbox.execute("import time\nfor _ in range(30): time.sleep(0.01)"),
  "a tool call": (sandbox) =>
    sandbox.execute("wait()", { tools: { wait: toolOf([], () => pass(300)) } }),
  "a checkpoint": (sandbox) => sandbox.checkpoint(),
  "a bind": (sandbox) => sandbox.bind({ large: new Uint8Array(40_000_000) }),
};

const testVictim = testsSharing("a guest that is killed again and again", () => Victim.open());

for (const [name, operation] of Object.entries(OPERATIONS)) {
  testVictim(
    `kill -9 before, during and after ${name} ends in a typed error or a restored guest (R91)`,
    async (victim) => {
      for (const moment of ["before", "during", "after"]) {
        if (moment === "before") victim.kill();
        const running = operation(victim.sandbox).catch((error) =>
          assertInstanceOf(error, SandboxError)
        );
        if (moment === "during") {
          await pass(20);
          victim.kill();
        }
        await running;
        if (moment === "after") victim.kill();
        await victim.works();
      }
    },
  );
}

testVictim(
  "a guest killed at random moments leaves no promise open and no process behind (R91)",
  async (victim) => {
    // What the tests before have bound would be bound again at each start.
    await victim.sandbox.bind({ large: 0 });
    const operations = Object.values(OPERATIONS);
    for (let round = 0; round < 8; round++) {
      const operation = operations[round % operations.length];
      assert(operation);
      const running = operation(victim.sandbox).catch((error) =>
        assertInstanceOf(error, SandboxError)
      );
      await pass((round * 37) % 160);
      victim.kill();
      await running;
    }
    await victim.works();
  },
);

Deno.test({
  name: "a guest that is stopped in a cell is ended at the hard deadline (R92)",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using sandbox = await start({ timeoutMs: 500, graceMs: 500 });
    const running = sandbox.execute("while True: pass");
    await pass(100);
    Deno.kill(sandbox.pid, "SIGSTOP");
    const cell = await running;
    assertEquals(cell.status, "lost");
    assertEquals(cell.error?.message, "Sandbox ended: it did not stop at its deadline");
    assertEquals((await sandbox.execute("1 + 1")).value, "2");
  },
});

Deno.test({
  name: "a guest that is stopped between cells is ended when it does not answer (R92)",
  ignore: Deno.build.os === "windows",
  async fn() {
    const settings = await readSettings({ memoryMb: 64 });
    await using sandbox = await SandboxSession.start({ ...settings, startTimeoutMs: 6_000 }, {});
    Deno.kill(sandbox.pid, "SIGSTOP");
    const error = await assertRejects(() => sandbox.bind({ x: 1 }), SandboxLostError);
    assertEquals(error.message, "Sandbox ended: it did not answer in 9200 ms");
    assertEquals(error.reason, "killed");
    assertEquals((await sandbox.execute("1 + 1")).value, "2");
  },
});

Deno.test({
  name: "a host that is killed takes its guest with it, whatever Python is doing (R93, R94)",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
    const args = ["run", "-A", "--no-check", "--config", path("../deno.json")];
    const host = new Deno.Command(Deno.execPath(), {
      args: [...args, path("fixtures/busy_host.ts")],
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reader = host.stdout.getReader();
    const { value: bytes } = await reader.read();
    const pid = Number(new TextDecoder().decode(bytes));
    assert(await isRunning(pid));
    host.kill("SIGKILL");
    await host.status;
    await reader.cancel();
    const killedAt = performance.now();
    while (await isRunning(pid)) {
      assertLess(performance.now() - killedAt, 2_000, "the guest is an orphan");
      await pass(20);
    }
  },
});

Deno.test("a host that does not read for a while makes a flooding guest wait, and neither runs full (R95)", async () => {
  const memoryMb = 128;
  await using sandbox = await start({ memoryMb, timeoutMs: 4_000, graceMs: 10_000 });
  let held = 0;
  const cell = await sandbox.execute(
    'import js\nfor _ in range(1200): js.rlm.output("stdout", "x" * 1_000_000)',
    {
      onOutput: () => {
        if (held > 0) return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_000);
        held = Deno.build.os === "linux" ? rssOf(sandbox.pid) : 1;
      },
    },
  );
  assert(["ok", "timeout"].includes(cell.status), cell.status);
  assertLess(held, (3 * memoryMb + 512) * 1024 ** 2);
  assertEquals((await sandbox.execute("1 + 1")).value, "2");
});

/** Bytes that a process holds, read without giving the event loop a turn. */
function rssOf(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
}

Deno.test("a tool that never settles holds up neither its cell nor the sandbox's end (R50, C145)", async () => {
  const hang = toolOf([], () => new Promise(() => {}));
  const sandbox = await start({ tools: { hang }, toolTimeoutMs: 150 });
  const cell = await sandbox.execute("try: hang()\nexcept TimeoutError: print('gave up')");
  assertEquals(cell.stdout, "gave up\n");
  const running = sandbox.execute("hang()", { tools: { hang: { ...hang, timeoutMs: 60_000 } } });
  await pass(100);
  const closedAt = performance.now();
  await sandbox.close();
  assertLess(performance.now() - closedAt, 2_000);
  assertEquals((await assertRejects(() => running, SandboxLostError)).reason, "closed");
});

Deno.test("closing while a lost guest is being replaced leaves no process behind (C145)", async () => {
  const sandbox = await start();
  const first = sandbox.pid;
  const running = sandbox.execute("import os; os.abort()");
  while (await isRunning(first)) await pass(5);
  await sandbox.close();
  await running.catch((error) => assertInstanceOf(error, SandboxLostError));
  assertFalse(await isRunning(sandbox.pid));
  assertFalse(sandbox.alive);
});
