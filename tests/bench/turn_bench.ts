/** What this package adds to a turn when the model answers at once: prompt, parsing, cell, journal. Bar: 5 ms median. */
import { RLM } from "../../lib/rlm.ts";
import { cell, ScriptedModel } from "../../lib/testing.ts";
import { figure } from "./figure.ts";

const TURNS = 200;

/** Milliseconds of each turn, the first ones left out: Python compiles what it needs in them. */
async function turnTimes(journal: string | null): Promise<number[]> {
  const lm = new ScriptedModel((_, index) =>
    index < TURNS ? cell(`x = ${index}\nprint(x)`) : cell("SUBMIT(answer=x)")
  );
  const rlm = new RLM("context, query -> answer: int", { lm, maxIterations: TURNS + 1 });
  const inputs = { context: "some text ".repeat(100_000), query: "How many?" };
  const { trajectory } = await rlm.run(inputs, journal === null ? {} : { journal });
  return trajectory.slice(20).map(({ durationMs }) => durationMs);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? NaN;
}

const folder = await Deno.makeTempDir();
try {
  for (
    const [what, journal] of [["without a journal", null], [
      "with a journal",
      `${folder}/run.jsonl`,
    ]] as const
  ) {
    const times = await turnTimes(journal);
    const [median, p95] = [quantile(times, 0.5), quantile(times, 0.95)];
    await figure(
      `turn ${what}: median ${median.toFixed(2)} ms, 95th percentile ${
        p95.toFixed(2)
      } ms (bar: median 5 ms)`,
    );
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
