/** The pool with real processes: warm, clean, bounded, and gone when it is closed. */
import { assertEquals, assertLess, assertRejects, assertThrows } from "@std/assert";
import { SandboxLostError, SandboxStartError } from "../lib/errors.ts";
import { SandboxPool } from "../lib/host/mod.ts";
import { childrenOf } from "./fixtures/children.ts";

Deno.test("a lease from a warm pool is clean, and knows nothing of the lease before (R80)", async () => {
  await using pool = new SandboxPool({ size: 1 });
  await pool.ready;
  {
    await using first = await pool.lease();
    await first.execute(
      "import builtins\nbuiltins.leak = 1\nopen('/tmp/leak', 'w').write('x')\nleft = 2",
    );
  }
  await using second = await pool.lease();
  const cell = await second.execute(
    "import os\n'left' in globals(), hasattr(__builtins__, 'leak'), os.path.exists('/tmp/leak')",
  );
  assertEquals(cell.value, "(False, False, False)");
});

Deno.test("tools are those of the lease", async () => {
  await using pool = new SandboxPool({ size: 1 });
  const parameters = { type: "object", properties: {} };
  const tools = { mine: { description: "Mine", parameters, invoke: () => "yes" } };
  {
    await using first = await pool.lease({ tools });
    assertEquals((await first.execute("mine()")).value, "'yes'");
  }
  await using second = await pool.lease();
  assertEquals((await second.execute("mine()")).error?.type, "NameError");
});

Deno.test("no more than max live at once: a lease beyond it waits for one to come back", async () => {
  await using pool = new SandboxPool({ size: 0, max: 1 });
  const first = await pool.lease();
  let served = false;
  const waiting = pool.lease().then((sandbox) => {
    served = true;
    return sandbox;
  });
  await first.execute("1");
  assertEquals(served, false);
  await first.close();
  await using second = await waiting;
  assertEquals((await second.execute("2")).value, "2");
});

Deno.test("a lease that is given up while it waits rejects with the signal's reason and keeps no place", async () => {
  await using pool = new SandboxPool({ size: 0, max: 1 });
  await using first = await pool.lease();
  const reason = new Error("no longer needed");
  const controller = new AbortController();
  const waiting = pool.lease({ signal: controller.signal });
  controller.abort(reason);
  assertEquals(await assertRejects(() => waiting), reason);
  await first.close();
  await using next = await pool.lease();
  assertEquals((await next.execute("3")).value, "3");
});

Deno.test("a warm sandbox that died is replaced before it is handed out", async () => {
  await using pool = new SandboxPool({ size: 1, max: 2 });
  await pool.ready;
  for (const pid of await childrenOf(Deno.pid)) Deno.kill(pid, "SIGKILL");
  await new Promise((resolve) => setTimeout(resolve, 200));
  await using sandbox = await pool.lease();
  assertEquals((await sandbox.execute("1 + 1")).value, "2");
});

Deno.test("a pool whose sandboxes don't start says so at each lease, and does not try for ever", async () => {
  await using pool = new SandboxPool({ size: 1, denoPath: "/nowhere/deno" });
  await assertRejects(() => pool.ready, SandboxStartError);
  const error = await assertRejects(() => pool.lease(), SandboxStartError);
  assertEquals(
    error.message,
    "Cannot start sandbox: no program at /nowhere/deno; set denoPath to a Deno of 2.7.12 or newer",
  );
});

Deno.test("a lease that waits is served where the one before it is given up, or did not start", async () => {
  const broken = new SandboxPool({ size: 0, max: 1, denoPath: "/nowhere/deno" });
  const leases = [broken.lease(), broken.lease(), broken.lease()];
  await Promise.all(
    leases.map((lease) => assertRejects(() => lease, SandboxStartError, "/nowhere/deno")),
  );
  await broken.close();
  await using pool = new SandboxPool({ size: 0, max: 1 });
  const giveUp = new AbortController();
  const first = pool.lease({ signal: giveUp.signal });
  const second = pool.lease();
  giveUp.abort(new Error("enough"));
  await assertRejects(() => first, Error, "enough");
  await using sandbox = await second;
  assertEquals((await sandbox.execute("1 + 1")).value, "2");
});

Deno.test("a closed pool ends its sandboxes and refuses leases; closing twice is fine", async () => {
  const pool = new SandboxPool({ size: 2 });
  await pool.ready;
  const startedAt = performance.now();
  await Promise.all([pool.close(), pool.close()]);
  assertLess(performance.now() - startedAt, 2_000);
  assertEquals(await childrenOf(Deno.pid), []);
  const error = await assertRejects(() => pool.lease(), SandboxLostError);
  assertEquals(error.message, "Cannot lease sandbox: the pool was closed");
  assertEquals(error.reason, "closed");
});

Deno.test({
  name: "closing ends sandboxes that are still starting, also for a lease, which is refused",
  ignore: Deno.build.os !== "linux",
  async fn() {
    for (const size of [0, 2]) {
      const pool = new SandboxPool({ size });
      const refused = assertRejects(() => pool.lease(), SandboxLostError);
      let started: number[] = [];
      while (started.length === 0) started = await childrenOf(Deno.pid);
      await pool.close();
      // At once: what was killed and not waited for is gone a moment later too.
      for (const pid of started) assertThrows(() => Deno.statSync(`/proc/${pid}`));
      assertEquals(await childrenOf(Deno.pid), []);
      const { message, reason } = await refused;
      assertEquals([message, reason], ["Cannot lease sandbox: the pool was closed", "closed"]);
    }
  },
});

Deno.test("sizes that are no counts are refused", () => {
  const size = assertThrows(() => new SandboxPool({ size: -1 }), RangeError);
  assertEquals(size.message, "Cannot use size: -1 is not a count");
  const max = assertThrows(() => new SandboxPool({ size: 3, max: 2 }), RangeError);
  assertEquals(max.message, "Cannot use max: 2 is less than 1 or than size 3");
});
