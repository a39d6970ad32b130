/**
 * Prints what becomes of runs in a real sandbox that are killed by SIGKILL at random moments and resumed.
 * Run with `deno run -A tests/bench/resume_kills.ts [kills]`; 100 kills take some minutes.
 */
import { runAndKill } from "../fixtures/killing.ts";
import { temporaryFolder } from "../fixtures/run_events.ts";

/** Kills of one run; then it is let go on to its end, and another one begins. */
const KILLS_PER_RUN = 10;

const wanted = Number(Deno.args[0] ?? 100);
const answers: number[] = [];
const paidTwice: string[] = [];
let kills = 0;
for (let run = 0; kills < wanted; run++) {
  await using folder = await temporaryFolder();
  const result = await runAndKill(folder.path, Math.min(KILLS_PER_RUN, wanted - kills), {
    checkpoint: run % 2 === 1,
    moment: () => 300 + Math.random() * 1_500,
  });
  kills += result.kills;
  answers.push(result.answer);
  paidTwice.push(...result.paidTwice);
}
const [first] = answers;
const same = answers.filter((answer) => answer === first).length;
const figures = `kills: ${kills}; runs: ${answers.length}, with the same answer: ${same}; ` +
  `calls paid twice: ${paidTwice.length}\n`;
await Deno.stdout.write(new TextEncoder().encode(figures));
