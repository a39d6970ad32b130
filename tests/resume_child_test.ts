/** Runs with children that were stopped, and go on. */
import { assertEquals, assertGreater } from "@std/assert";
import { cell, FakeSandbox, ScriptedModel } from "../lib/testing.ts";
import { RLM } from "../lib/rlm.ts";
import { readJournal } from "../lib/trace/journal_reader.ts";
import { usageOf } from "../lib/trace/usage.ts";
import { answered, countOne, type Counts } from "./fixtures/counted_run.ts";
import { temporaryFolder } from "./fixtures/run_events.ts";

/** Two turns with two children each, at the same time; a child asks a sub-call and then answers. */
function runWithChildren(live: Counts) {
  const lm = new ScriptedModel(async ({ messages }) => {
    const last = messages.at(-1)?.content ?? "";
    countOne(live, last);
    const turn = messages.filter(({ role }) => role === "assistant").length + 1;
    const child = /part (\d)/.exec(messages[1]?.content ?? "")?.[1];
    await new Promise((resolve) =>
      setTimeout(resolve, child === undefined ? 0 : 3 - Number(child) % 2)
    );
    if (child === undefined) return turn > 2 ? cell("finish") : cell(`parent ${turn}`);
    return turn === 1 ? cell(`child ${child}`) : cell("answer");
  }, { name: "test/root" });
  const subLm = new ScriptedModel(({ messages }) => {
    countOne(live, messages.at(-1)?.content ?? "");
    return `${(messages.at(-1)?.content ?? "").length}`;
  }, { name: "test/sub" });
  return new RLM("query -> answer: str", {
    lm,
    subLm,
    maxDepth: 2,
    sandbox: () => {
      let kept = "";
      return Promise.resolve(
        new FakeSandbox(async (code, { call }) => {
          const [what, n] = code.split(" ");
          if (what === "parent") {
            const parts = [1, 2].map((k) =>
              call("rlm_query", { query: `part ${2 * Number(n) + k}` })
            );
            kept += (await Promise.all(parts)).join();
          } else if (what === "child") {
            kept = String(await call("llm_query", { prompt: "x".repeat(Number(n)) }));
          } else return { submission: { answer: kept } };
          return { stdout: kept };
        }),
      );
    },
  });
}

Deno.test("C161 a run with children stopped at any line goes on, its children too, and pays for nothing twice", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/whole.jsonl`;
  const total: Counts = new Map();
  const whole = await runWithChildren(total).run({ query: "?" }, { journal: path });
  assertEquals(whole.answer, "3,45,6");
  const lines = (await Deno.readTextFile(path)).trimEnd().split("\n");
  assertGreater(lines.length, 80);
  for (let kept = 2; kept < lines.length; kept++) {
    const cut = `${folder.path}/cut-${kept}.jsonl`;
    await Deno.writeTextFile(cut, lines.slice(0, kept).join("\n") + "\n{");
    const recorded = answered((await readJournal(cut)).attempts);
    const live: Counts = new Map();
    const { answer, usage } = await runWithChildren(live).resume(cut);
    assertEquals([answer, usage.calls], [whole.answer, whole.usage.calls]);
    for (const [key, calls] of total) {
      assertEquals(
        (live.get(key) ?? 0) + (recorded.get(key) ?? 0),
        calls,
        `${key} after ${kept} lines`,
      );
    }
    assertEquals(usageOf((await readJournal(cut)).events), usage);
  }
});
