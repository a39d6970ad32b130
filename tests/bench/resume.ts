/** Runs in a real sandbox that are killed by SIGKILL at random moments and resumed until they end. */
import { runAndKill } from "../fixtures/killing.ts";
import { temporaryFolder } from "../fixtures/run_events.ts";
import type { Effort, Figure } from "./figure.ts";
import { exactly } from "./measure.ts";

/** Kills of one run; then it is let go on to its end, and another one begins. */
const KILLS_PER_RUN = 5;
/** What the run answers when nobody kills it, and the calls that it pays for. */
const ANSWER = 477;
const CALLS = 31;

/** Every other run goes on from checkpoints, the others by running their cells again. */
export async function* resume({ full }: Effort): AsyncGenerator<Figure> {
  const wanted = full ? 100 : 10;
  let [kills, runs, right, paidTwice] = [0, 0, 0, 0];
  while (kills < wanted) {
    await using folder = await temporaryFolder();
    const result = await runAndKill(folder.path, Math.min(KILLS_PER_RUN, wanted - kills), {
      checkpoint: runs % 2 === 1,
      moment: () => Math.random() * 700,
    });
    kills += result.kills;
    runs++;
    if (result.answer === ANSWER && result.calls === CALLS) right++;
    paidTwice += result.paidTwice.length;
  }
  yield {
    what: `runs killed ${kills} times in all that ended with the same answer, of ${runs}`,
    unit: "runs",
    spread: exactly(right),
    bar: { least: runs },
  };
  yield {
    what: "calls that they paid for twice",
    unit: "calls",
    spread: exactly(paidTwice),
    bar: { most: 0 },
  };
}
