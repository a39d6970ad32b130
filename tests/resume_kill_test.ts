/** Runs in a real sandbox whose process is killed. */
import { assertEquals, assertGreater } from "@std/assert";
import { runAndKill } from "./fixtures/killing.ts";
import { temporaryFolder } from "./fixtures/run_events.ts";

for (const checkpoint of [false, true]) {
  const how = checkpoint ? "goes on from its checkpoint" : "runs its cells again";
  Deno.test(`C161 a run killed by SIGKILL at random moments ${how} and pays for nothing twice`, async () => {
    await using folder = await temporaryFolder();
    const moment = () => 600 + Math.random() * 900;
    const { kills, answer, calls, paidTwice } = await runAndKill(folder.path, 4, {
      checkpoint,
      moment,
    });
    assertEquals([answer, calls, paidTwice], [477, 31, []]);
    assertGreater(kills, 0);
  });
}
