/** Runs in a real sandbox whose process is killed. */
import { assertEquals, assertGreater } from "@std/assert";
import { live, runAndKill } from "./fixtures/killing.ts";
import { temporaryFolder } from "./fixtures/run_events.ts";

for (const checkpoint of [false, true]) {
  const how = checkpoint ? "goes on from its checkpoint" : "runs its cells again";
  Deno.test(`C161 a run killed by SIGKILL at random moments ${how} and pays for nothing twice`, async () => {
    await using folder = await temporaryFolder();
    // The calls of a first life take longer than this, on any machine.
    const moment = () => Math.random() * 250;
    const { kills, answer, calls, paidTwice } = await runAndKill(folder.path, 4, {
      checkpoint,
      moment,
    });
    assertEquals([answer, calls, paidTwice], [477, 31, []]);
    assertGreater(kills, 0);
  });
}

Deno.test("C156, C161 a run of sixty turns killed in its child, at a compaction and at its extraction goes on, and pays for nothing twice", async () => {
  await using folder = await temporaryFolder();
  for (const moment of ["child", "compaction", "extraction"]) {
    const life = await live("long_run.ts", folder.path, { words: [moment] });
    assertEquals([life.killed, life.paidTwice], [true, []], moment);
  }
  const { told, paidTwice } = await live("long_run.ts", folder.path);
  assertEquals(paidTwice, []);
  // As where nobody kills it: 61 calls of the root, 2 of the child, 8 sub-calls.
  const stoppedBy = "maxIterations";
  assertEquals(JSON.parse(told), {
    ...{ answer: 2_147, stoppedBy, turns: 60, calls: 71, compactions: 6 },
  });
});
