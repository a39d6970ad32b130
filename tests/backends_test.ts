/** What a sandbox does is the same in a process of its own and in a worker of the program's. */
import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { SandboxLostError } from "../lib/errors.ts";
import { createSandbox, restoreSandbox, type Sandbox } from "../lib/host/mod.ts";
import { toolOf } from "./fixtures/attacks.ts";
import { BACKENDS, WORKER_BACKEND } from "./fixtures/backends.ts";
import { temporaryFolder } from "./fixtures/temporary_folder.ts";

/** A sandbox under test. */
interface Subject {
  readonly sandbox: Sandbox;
  /** Name of its backend. */
  readonly name: string;
  /** A file that it may write. */
  readonly path: string;
}

/** What is done to one sandbox, one after the other. */
const STEPS: Readonly<Record<string, (subject: Subject) => Promise<void>>> = {
  async "a cell prints, gives its last expression, and keeps what it set (C20)"({ sandbox }) {
    const cell = await sandbox.execute("x = 41\nprint('hi')\nx + 1");
    assertEquals([cell.status, cell.stdout, cell.value], ["ok", "hi\n", "42"]);
    const failed = await sandbox.execute("x = 43\nx / 0");
    assertEquals([failed.status, failed.error?.type], ["error", "ZeroDivisionError"]);
    assertEquals((await sandbox.execute("x")).value, "43");
  },

  async "a granted file is there, and what is written is on the disk (C133)"({ sandbox, path }) {
    await Deno.writeTextFile(path, "before");
    const name = JSON.stringify(path);
    const cell = await sandbox.execute(`open(${name}, "a").write(" and after")`);
    assertEquals([cell.status, cell.notes], ["ok", []]);
    assertEquals(await Deno.readTextFile(path), "at the start and after");
  },

  async "eight tool calls are open at once, and each gets its own answer (C122)"({ sandbox }) {
    let open = 0;
    const all = Promise.withResolvers<void>();
    const meet = toolOf(["n"], async ({ n }) => {
      if (++open === 8) all.resolve();
      await all.promise;
      return n;
    });
    const cell = await sandbox.execute(
      "import asyncio\nawait asyncio.gather(*[meet.aio(n) for n in range(8)])",
      { tools: { meet } },
    );
    assertEquals(cell.value, "[0, 1, 2, 3, 4, 5, 6, 7]");
  },

  async "fifty million characters arrive whole, and come back (C67)"({ sandbox }) {
    const text = "0123456789".repeat(5_000_000);
    await sandbox.bind({ text });
    const same = "(len(text), text[:10], text[-10:], text.count('0123456789'))";
    const echo = toolOf(["value"], ({ value }) => value);
    const cell = await sandbox.execute(`${same}, echo(text) == text`, { tools: { echo } });
    assertEquals(cell.value, "((50000000, '0123456789', '0123456789', 5000000), True)");
    await sandbox.bind({ text: "short" });
  },

  async "a cell that runs too long is stopped, and its variables are kept (C44)"({ sandbox }) {
    for (const code of ["while True: pass", "import re\nre.match('(a+)+$', 'a' * 40 + 'b')"]) {
      const cell = await sandbox.execute(code, { timeoutMs: 300 });
      assertEquals([cell.status, cell.error?.type], ["timeout", "TimeoutError"]);
    }
    assertEquals((await sandbox.execute("x")).value, "43");
  },

  async "a cell that is aborted rejects with the reason, and the next one runs"({ sandbox }) {
    const reason = new Error("no longer needed");
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 100);
    const { signal } = controller;
    const running = sandbox.execute("while True: pass", { signal });
    assertEquals(await assertRejects(() => running), reason);
    assertEquals((await sandbox.execute("x")).value, "43");
  },

  async "memory has a cap, which Python sees (C144)"({ sandbox }) {
    const cell = await sandbox.execute("taken = []\nwhile True: taken.append(bytearray(2**25))");
    assertEquals(cell.error?.type, "MemoryError");
    assertEquals((await sandbox.execute("del taken\nx")).value, "43");
  },

  async "a guest that breaks down is replaced, and the cell says what is back (C143)"({ sandbox }) {
    const cell = await sandbox.execute("import os; os.abort()");
    assertEquals(cell.status, "lost");
    assertEquals(cell.restored?.back.includes("text"), true);
    assertEquals((await sandbox.execute("text")).value, "'short'");
  },

  async "a checkpoint is restored where the other kind of sandbox is"({ sandbox, name }) {
    // Several chunks long, and what can't be compressed.
    await sandbox.execute(
      "import os, zlib\nnoise = os.urandom(6_000_000)\nsum = zlib.crc32(noise)",
    );
    await sandbox.execute("squares = (n * n for n in range(9)); next(squares); next(squares)");
    const backend = name === "worker" ? "subprocess" : WORKER_BACKEND;
    await using other = await restoreSandbox(await sandbox.checkpoint(), { backend });
    const cell = await other.execute("next(squares), zlib.crc32(noise) == sum");
    assertEquals(cell.value, "(4, True)");
  },

  async "closing while a cell runs ends it within two seconds (C145)"({ sandbox }) {
    const running = sandbox.execute("while True: pass");
    const ended = assertRejects(() => running, SandboxLostError);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const startedAt = performance.now();
    await sandbox.close();
    assertLess(performance.now() - startedAt, 2_000);
    assertEquals((await ended).reason, "closed");
  },
};

for (const [name, backend] of Object.entries(BACKENDS)) {
  Deno.test(`in a ${name} a sandbox does all that it promises`, async (t) => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/notes.txt`;
    await Deno.writeTextFile(path, "at the start");
    // A busy machine is not what this is about.
    const patience = { startTimeoutMs: 120_000, graceMs: 20_000 };
    await using sandbox = await createSandbox({
      backend,
      memoryMb: 512,
      write: [path],
      ...patience,
    });
    for (const [title, fn] of Object.entries(STEPS)) {
      await t.step({
        name: title,
        fn: () => fn({ sandbox, name, path }),
        // A guest that is replaced outlives the step; the test as a whole must leave nothing.
        sanitizeResources: false,
        sanitizeOps: false,
      });
    }
  });
}
