/** What the journal adds to a run: one turn's events written and waited for, and a thousand sub-calls at once. */
import { Journal } from "../../lib/trace/journal.ts";
import { EventScript, reply, rootRequest, runStart, subRequest } from "../fixtures/run_events.ts";
import { temporaryFolder } from "../fixtures/run_events.ts";
import { smallRun } from "../fixtures/small_journal.ts";

for (const durable of [false, true]) {
  Deno.bench(`write a turn of 12 events${durable ? ", to the disk itself" : ""}`, async (bench) => {
    await using folder = await temporaryFolder();
    await using journal = await Journal.open(`${folder.path}/run.jsonl`, { durable });
    const events = smallRun();
    bench.start();
    for (const event of events) await journal.write(event);
    bench.end();
  });
}

Deno.bench("write a thousand sub-calls of 10,000 characters that end together", async (bench) => {
  await using folder = await temporaryFolder();
  await using journal = await Journal.open(`${folder.path}/run.jsonl`);
  const script = new EventScript();
  script.add(runStart());
  script.add(rootRequest("m", []));
  for (let n = 0; n < 1_000; n++) {
    script.add(subRequest(`c${n}`, `${n} ${"text ".repeat(2_000)}`));
    script.add(reply(`c${n}`, "a reply"));
  }
  bench.start();
  await Promise.all(script.events.map((event) => journal.write(event)));
  bench.end();
});
