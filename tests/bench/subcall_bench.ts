/** Sub-calls: 1,000 of 100 ms each at concurrency 64. Bar: 0.95 of the ideal, which is ⌈N/c⌉ × t. */
import { Semaphore } from "../../lib/engine/semaphore.ts";
import { RLM } from "../../lib/rlm.ts";
import { cell, ScriptedModel } from "../../lib/testing.ts";
import type { RlmEvent } from "../../lib/trace/events.ts";
import { figure } from "./figure.ts";

const CALLS = 1_000;
const CONCURRENCY = 64;
const MILLISECONDS = 100;
const IDEAL = Math.ceil(CALLS / CONCURRENCY) * MILLISECONDS;

const FORMS = {
  "llm_query_batched": `r = llm_query_batched([f"part {i}" for i in range(${CALLS})])`,
  "a comprehension over llm_query": `r = [llm_query(f"part {i}") for i in range(${CALLS})]`,
};

/** The same waits without anything of ours, to tell the machine's share of the time. */
async function plainWaits(): Promise<number> {
  const started = performance.now();
  const slots = new Semaphore(CONCURRENCY);
  const signal = new AbortController().signal;
  const wait = () => new Promise((resolve) => setTimeout(resolve, MILLISECONDS));
  await Promise.all(Array.from({ length: CALLS }, () => slots.run(wait, signal)));
  return Math.round(performance.now() - started);
}

await figure(`${CALLS} plain waits: ${await plainWaits()} ms, ideal ${IDEAL} ms`);
for (const [form, code] of Object.entries(FORMS)) {
  const lm = new ScriptedModel([
    cell("print(1)"),
    cell(`${code}\nprint(len(r))`),
    cell("SUBMIT(answer=len(r))"),
  ]);
  const subLm = new ScriptedModel(() => "yes", { delayMs: MILLISECONDS });
  const rlm = new RLM("query -> answer: int", {
    lm,
    subLm,
    concurrency: CONCURRENCY,
    maxLlmCalls: CALLS,
  });
  const events: RlmEvent[] = [];
  await rlm.run({ query: "?" }, { onEvent: (event) => events.push(event) });
  const sub = new Set(
    events.flatMap((event) =>
      event.type === "model_request" && event.role === "sub" ? [event.callId] : []
    ),
  );
  const ends = events.filter((event) => event.type === "model_reply" && sub.has(event.callId)).map((
    { time },
  ) => time);
  const starts = events.filter((event) => event.type === "tool_call").map(({ time }) => time);
  const took = Math.max(...ends) - Math.min(...starts);
  await figure(
    `${CALLS} sub-calls by ${form}: ${took} ms, ideal ${IDEAL} ms, ratio ${
      (IDEAL / took).toFixed(3)
    } (bar: 0.95)`,
  );
}
