/** What this package adds to a turn when the model answers at once: prompt, parsing, cell, events, journal. */
import { createSandbox } from "../../lib/host/mod.ts";
import { RLM } from "../../lib/rlm.ts";
import { cell, ScriptedModel } from "../../lib/testing.ts";
import type { Effort, Figure } from "./figure.ts";
import { spreadOf, timesOf } from "./measure.ts";

/** Turns at the start that are left out: in them Python and V8 compile what all later ones use. */
const WARM_UP = 20;

const codeOf = (turn: number): string => `x = ${turn}\nprint(x)`;

/** Turns from one request to the next, with a journal. */
export async function* turn({ full }: Effort): AsyncGenerator<Figure> {
  const turns = WARM_UP + (full ? 1_000 : 150);
  const folder = await Deno.makeTempDir();
  try {
    const times = await turnTimes(turns, `${folder}/run.jsonl`);
    yield {
      what: "added to a turn by an instant model, journal on",
      unit: "ms",
      spread: spreadOf(times),
      bar: { most: 5 },
      floor: { what: "the same cells in a bare sandbox", spread: spreadOf(await cellTimes(turns)) },
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Milliseconds between the requests of a run. */
async function turnTimes(turns: number, journal: string): Promise<number[]> {
  const asked: number[] = [];
  const lm = new ScriptedModel((_, index) => {
    asked.push(performance.now());
    return index < turns ? cell(codeOf(index)) : cell("SUBMIT(answer=x)");
  });
  const rlm = new RLM("context, query -> answer: int", { lm, maxIterations: turns + 1 });
  const inputs = { context: "some text ".repeat(100_000), query: "How many?" };
  await rlm.run(inputs, { journal });
  return asked.slice(1).map((time, index) => time - (asked[index] ?? NaN)).slice(WARM_UP);
}

async function cellTimes(turns: number): Promise<number[]> {
  await using sandbox = await createSandbox();
  return await timesOf(turns, (index) => sandbox.execute(codeOf(index)), { warmUp: WARM_UP });
}
