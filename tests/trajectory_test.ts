/** The turns of a run, rebuilt from its events. */
import { assertEquals } from "@std/assert";
import { cell as reply, FakeSandbox, ScriptedModel } from "../lib/testing.ts";
import { RLM } from "../lib/rlm.ts";
import type { RlmEvent } from "../lib/trace/events.ts";
import { readJournal } from "../lib/trace/journal_reader.ts";
import type { Turn } from "../lib/trace/trajectory.ts";
import { trajectoryOf } from "../lib/trace/trajectory_of.ts";
import { usageOf } from "../lib/trace/usage.ts";
import { countedRun, INPUTS } from "./fixtures/counted_run.ts";
import { temporaryFolder } from "./fixtures/run_events.ts";

/** Turns without what depends on the clock, sub-calls in one order. */
function timeless(turns: readonly Turn[]): unknown {
  return turns.map(({ durationMs: _, subCalls, ...turn }) => ({
    ...turn,
    subCalls: subCalls.map(({ durationMs: _, ...call }) => call)
      .toSorted((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1),
  }));
}

Deno.test("A journal alone gives the trajectory and the usage that the run returned", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  const result = await countedRun(new Map()).rlm.run(INPUTS, { journal: path });
  const { events } = await readJournal(path);
  assertEquals(timeless(trajectoryOf(events)), timeless(result.trajectory));
  assertEquals(usageOf(events), result.usage);
});

Deno.test("Children, failed cells, refused answers and replies without code are in the rebuilt trajectory", async () => {
  const events: RlmEvent[] = [];
  const replies = [
    "I do not know yet.",
    reply("child"),
    reply("fail"),
    reply("refused"),
    reply("SUBMIT(answer=3)"),
  ];
  const rlm = new RLM("query -> answer: int", {
    lm: new ScriptedModel(({ messages }) => {
      const isChild = messages[1]?.content.includes("part of it") ?? false;
      return isChild ? reply('SUBMIT(answer="part")') : replies.shift() ?? "";
    }),
    maxDepth: 2,
    verify: false,
    sandbox: () =>
      Promise.resolve(
        new FakeSandbox(async (code, { call }) => {
          if (code === "child") {
            return { stdout: String(await call("rlm_query", { query: "part of it" })) };
          }
          if (code === "fail") {
            return {
              stderr: "oh",
              error: { type: "ValueError", message: "no", traceback: "line 1" },
            };
          }
          if (code === "refused") return { submission: { answer: "three" } };
          return { submission: { answer: code.includes("part") ? "part" : 3 }, value: "7" };
        }),
      ),
  });
  const result = await rlm.run({ query: "?" }, { onEvent: (event) => events.push(event) });
  const turns = trajectoryOf(events);
  assertEquals(turns.map(({ turn }) => turn), [1, 2, 3, 4, 5]);
  assertEquals(timeless(turns.slice(1)), timeless(result.trajectory.slice(1)));
  assertEquals([turns[0]?.reasoning, turns[0]?.code], ["I do not know yet.", ""]);
  assertEquals(turns[0]?.notes.length, 1);
  const child = events.find((event) => event.type === "run_start" && event.depth === 1);
  assertEquals(trajectoryOf(events, child?.runId).map(({ code }) => code), [
    'SUBMIT(answer="part")',
  ]);
});

Deno.test("A run that was stopped in a cell gives the turns so far, with what that cell had printed", async () => {
  const events: RlmEvent[] = [];
  await countedRun(new Map()).rlm.run(INPUTS, { onEvent: (event) => events.push(event) });
  const stopped = events.findIndex((event) =>
    event.type === "cell_output" && event.stepId.endsWith("/3")
  );
  const turns = trajectoryOf(events.slice(0, stopped + 1));
  assertEquals(turns.map(({ turn }) => turn), [1, 2, 3]);
  assertEquals(turns[2]?.output, trajectoryOf(events)[2]?.output);
  assertEquals(trajectoryOf([]), []);
});
