/** Many sandboxes at once, most of which nobody waits for: each ends, and so does its process. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { createSandbox } from "../lib/host/mod.ts";
import { Random } from "./fixtures/random.ts";

/** Processes that this one has started and that are still there, as Linux tells. */
async function children(): Promise<Set<string>> {
  const found = new Set<string>();
  if (Deno.build.os !== "linux") return found;
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const status = await Deno.readTextFile(`/proc/${name}/status`).catch(() => "");
    if (/^PPid:\s+(\d+)$/m.exec(status)?.[1] === String(Deno.pid)) found.add(name);
  }
  return found;
}

Deno.test("fifty sandboxes are started at once, most given up at random moments, and none is left", async () => {
  const before = await children();
  const random = new Random(50);
  const given = new Error("given up");
  let most = 0;
  const starts = Array.from({ length: 50 }, async (_, n) => {
    const controller = new AbortController();
    const timer = n < 8 ? undefined : setTimeout(() => controller.abort(given), random.below(400));
    try {
      await using sandbox = await createSandbox({ signal: controller.signal });
      const { value } = await sandbox.execute(`${n} + 1`);
      most = Math.max(most, (await children()).size);
      return value;
    } catch (error) {
      return error;
    } finally {
      clearTimeout(timer);
    }
  });
  const outcomes = await Promise.all(starts);
  assertEquals(outcomes.slice(0, 8), ["1", "2", "3", "4", "5", "6", "7", "8"]);
  for (const [n, outcome] of outcomes.entries()) {
    assert(outcome === given || outcome === String(n + 1), Deno.inspect(outcome));
  }
  assert(outcomes.includes(given));
  if (Deno.build.os === "linux") assertGreater(most, before.size);
  assertEquals(await children(), before);
});
