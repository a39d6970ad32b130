/** What a terminal shows of a run at one moment: figures, open calls, child runs. */
import { assertEquals, assertGreater } from "@std/assert";
import { LiveTree } from "../lib/cli/live_tree.ts";
import { Tally } from "../lib/cli/tally.ts";
import type { RlmEvent } from "../lib/trace/events.ts";
import { RunEvents } from "./fixtures/drawn_run.ts";

const WIDE = { columns: 100, lines: 8 };
const BATCH = { prompts: ["a", "b", "c"] };

/** A run in whose second turn a batch and a child run are open. */
function midRun(): RunEvents {
  const run = new RunEvents().start().turn("print(1)").end().turn("llm_query_batched(parts)");
  const { stepId } = run;
  run.add({ type: "tool_call", callId: "t1", stepId, name: "llm_query_batched", args: BATCH });
  run.wait(100).call({ ms: 50 }, { parent: "t1" });
  run.add({ type: "tool_call", callId: "t2", stepId, name: "rlm_query", args: {} });
  const child = new RunEvents("r2", "k").wait(3000).start().turn("llm_query(part)");
  for (const event of child.events) {
    const start = { parentRunId: "r1", parentCallId: "t2", depth: 1 };
    run.events.push(event.type === "run_start" ? { ...event, ...start } : event);
  }
  return run;
}

/** The lines at the end of these events, and some milliseconds later. */
function linesOf(
  events: readonly RlmEvent[],
  { size = WIDE, after = 0, started = 0 } = {},
): string[] {
  const at = (events.at(-1)?.time ?? 0) + after;
  const tally = new Tally((events[0]?.time ?? 0) - started);
  const tree = new LiveTree(tally);
  for (const event of events) {
    tally.add(event);
    tree.add(event);
  }
  return tree.lines(size, at);
}

Deno.test("The first line has turn, state, sub-calls, tokens, cached share, cost and time", () => {
  const run = new RunEvents().start().turn("llm_query_batched(parts)");
  const { stepId } = run;
  run.add({ type: "tool_call", callId: "t1", stepId, name: "llm_query_batched", args: BATCH });
  run.wait(500).call({ ms: 0 }, { parent: "t1" });
  assertEquals(linesOf(run.events, { after: 500 }), [
    "turn 1/20 · cell runs 1.0 s · sub-calls 1/3 · 220 tokens, 40 % cached · $0.0020 · 1.8 s",
    "└ llm_query_batched · 1/3 · 1.0 s",
  ]);
});

Deno.test("Child runs stand below the call that asked for them, with what is open in them", () => {
  const lines = linesOf(midRun().events).slice(1);
  assertEquals(lines.map((line) => line.replace(/ \d+\.\d s/g, " …")), [
    "├ llm_query_batched · 1/3 · …",
    "└ rlm_query · turn 1/20 · cell runs …",
  ]);
});

Deno.test("Calls of one name that are open together are one line; what has ended is gone", () => {
  const run = new RunEvents().start().turn("threads");
  const { stepId } = run;
  for (const callId of ["a", "b", "c"]) {
    run.add({ type: "tool_call", callId, stepId, name: "llm_query", args: { prompt: "?" } });
    run.call({ ms: 0 }, { parent: callId });
  }
  run.add({ type: "tool_result", callId: "a", ok: true, result: "!", durationMs: 1 });
  assertEquals(linesOf(run.events).at(-1), "└ llm_query × 2 · 0.0 s");
  for (const callId of ["b", "c"]) {
    run.add({ type: "tool_result", callId, ok: true, result: "!", durationMs: 1 });
  }
  const [line, ...below] = linesOf(run.events);
  assertEquals([line?.includes("sub-calls 3/3"), below], [true, []]);
});

Deno.test("In a narrow window the figures take more lines, in a low one the tree takes fewer", () => {
  const { events } = midRun();
  const narrow = linesOf(events, { size: { columns: 37, lines: 8 } });
  const figures = narrow.filter((line) => !/^[├└]/.test(line));
  assertGreater(figures.length, 2);
  assertEquals(figures.filter((line) => line.length > 37), []);
  assertEquals(linesOf(events, { size: { columns: 100, lines: 2 } }).at(-1), "… 2 more");
  assertEquals(linesOf(events, { size: { columns: 100, lines: 1 } }).length, 1);
});

Deno.test("Before the run begins the line says what is done, and then that Python starts", () => {
  const tree = new LiveTree(new Tally(0));
  tree.stage("reading the input");
  assertEquals(tree.lines(WIDE, 1500), ["reading the input · 1.5 s"]);
  const { events } = new RunEvents().start();
  assertEquals(linesOf(events, { after: 2000 }), ["Python starts 2.0 s · 0 tokens · 2.0 s"]);
});
