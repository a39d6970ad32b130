/** Whether sub-calls keep their lanes full: 1,000 of 100 ms, 64 at once, against the shortest that can be. */
import { RLM } from "../../lib/rlm.ts";
import { cell, ScriptedModel } from "../../lib/testing.ts";
import type { Effort, Figure } from "./figure.ts";
import { millisecondsOf, spreadOf } from "./measure.ts";

const CALLS = 1_000;
const CONCURRENCY = 64;
const CALL_MS = 100;
const IDEAL_MS = Math.ceil(CALLS / CONCURRENCY) * CALL_MS;

const FORMS = {
  "llm_query_batched": `llm_query_batched([f"part {n}" for n in range(${CALLS})])`,
  "a comprehension over llm_query": `[llm_query(f"part {n}") for n in range(${CALLS})]`,
};

/** Both ways in which a cell asks a thousand questions; the floor is timers that do nothing else. */
export async function* schedule({ full }: Effort): AsyncGenerator<Figure> {
  const repetitions = full ? 7 : 2;
  for (const [form, code] of Object.entries(FORMS)) {
    const shares: number[] = [];
    const floors: number[] = [];
    for (let round = 0; round < repetitions; round++) {
      shares.push(IDEAL_MS / await cellMs(code));
      floors.push(IDEAL_MS / await millisecondsOf(timersOnly));
    }
    yield {
      what: `${CALLS} sub-calls of ${CALL_MS} ms by ${form}: ideal time ÷ ours`,
      unit: "shares",
      spread: spreadOf(shares),
      bar: { least: 0.95 },
      floor: { what: "timers alone", spread: spreadOf(floors) },
    };
  }
}

/** Milliseconds of the cell that asks, from its start to its end. */
async function cellMs(code: string): Promise<number> {
  const lm = new ScriptedModel([
    cell("print('ready')"),
    cell(`replies = ${code}\nprint(len(replies))`),
    cell("SUBMIT(answer=len(replies))"),
  ]);
  const subLm = new ScriptedModel(() => "yes", { delayMs: CALL_MS });
  const rlm = new RLM("query -> answer: int", {
    lm,
    subLm,
    concurrency: CONCURRENCY,
    maxLlmCalls: CALLS,
  });
  let milliseconds = NaN;
  const { answer } = await rlm.run({ query: "?" }, {
    onEvent: (event) => {
      if (event.type === "cell_end" && event.cell.stdout === `${CALLS}\n`) {
        milliseconds = event.cell.durationMs;
      }
    },
  });
  if (answer !== CALLS) throw new Error(`Cannot measure: ${answer} of ${CALLS} replies`);
  return milliseconds;
}

async function timersOnly(): Promise<void> {
  let left = CALLS;
  const lane = async () => {
    while (left-- > 0) await new Promise((resolve) => setTimeout(resolve, CALL_MS));
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
}
