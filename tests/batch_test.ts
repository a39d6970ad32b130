/** Batches: many runs with a bound, each with a result or an error of its own. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type BatchProgress, runBatch } from "../lib/engine/batch.ts";
import { RLM } from "../lib/rlm.ts";
import { cell, FakeSandbox, ScriptedModel } from "../lib/testing.ts";

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

Deno.test("runBatch keeps the order, bounds what is under way, and tells of progress", async () => {
  let open = 0;
  let most = 0;
  const progress: BatchProgress[] = [];
  const results = await runBatch([5, 1, 3, 2, 4], async (item) => {
    most = Math.max(most, ++open);
    await wait(item);
    open--;
    if (item === 3) throw new Error("three");
    return item * 10;
  }, { concurrency: 2, onProgress: (each) => progress.push(each) });
  assertEquals(results.map((each) => each.ok ? each.result : String(each.error)), [
    50,
    10,
    "Error: three",
    20,
    40,
  ]);
  assertEquals(most, 2);
  assertEquals(progress.at(-1), { done: 5, failed: 1, total: 5 });
  assertEquals(progress.length, 5);
});

Deno.test("runBatch gives up what has not ended after maxErrors", async () => {
  let started = 0;
  const results = await runBatch([1, 2, 3, 4, 5, 6], async () => {
    started++;
    await wait(1);
    throw new Error("no");
  }, { concurrency: 1, maxErrors: 2 });
  assertEquals(started, 2);
  assertEquals(results.map(({ ok }) => ok), [false, false, false, false, false, false]);
  const last = results.at(-1);
  assert(last !== undefined && !last.ok && last.error instanceof DOMException);
  assertEquals(last.error.message, "The batch was given up after 2 errors");
});

Deno.test("runBatch rejects with the signal's reason, and gives it to the runs", async () => {
  const controller = new AbortController();
  const reasons: unknown[] = [];
  const batch = runBatch([1, 2], async (_, signal) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    reasons.push(signal.reason);
    throw signal.reason;
  }, { signal: controller.signal });
  await wait(1);
  controller.abort(new Error("enough"));
  await assertRejects(() => batch, Error, "enough");
  assertEquals(reasons.map(String), ["Error: enough", "Error: enough"]);
});

for (const concurrency of [1, 4]) {
  Deno.test(`runBatch starts a straggler among ${concurrency} at a time again, and takes what ends first`, async () => {
    let tries = 0;
    const aborted: string[] = [];
    const results = await runBatch(["a", "b", "c", "slow"], async (item, signal) => {
      if (item !== "slow") return await wait(5).then(() => item);
      const mine = ++tries;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, mine === 1 ? 5_000 : 5);
        signal.addEventListener("abort", () => {
          clearTimeout(timer);
          resolve();
        });
      });
      if (signal.aborted) aborted.push(`try ${mine}`);
      return `try ${mine}`;
    }, { concurrency, stragglerFactor: 3 });
    assertEquals(results.map((each) => each.ok && each.result), ["a", "b", "c", "try 2"]);
    assertEquals([tries, aborted], [2, ["try 1"]]);
  });
}

Deno.test("runBatch tells of a failure at once when no second try was started", async () => {
  const [result] = await runBatch([1], () => Promise.reject(new Error("no")), {
    stragglerFactor: 3,
  });
  assertEquals(result?.ok === false && String(result.error), "Error: no");
});

Deno.test("runBatch refuses a concurrency that is none, and runs nothing for no items", async () => {
  await assertRejects(
    () => runBatch([1], () => Promise.resolve(1), { concurrency: 0 }),
    RangeError,
    "set concurrency: 0",
  );
  assertEquals(await runBatch([], () => Promise.resolve(1)), []);
});

Deno.test("RLM.batch gives each input its typed result", async () => {
  const lm = new ScriptedModel(({ messages }) => {
    const number = /number (\d+)/.exec(messages[1]?.content ?? "")?.[1];
    return cell(`SUBMIT(answer=${number === "2" ? '"none"' : number})`);
  });
  const sandbox = () => Promise.resolve(new FakeSandbox());
  const rlm = new RLM("query -> answer: int", { lm, sandbox, verify: false, maxIterations: 1 });
  const runs = new Set<string>();
  const results = await rlm.batch(
    [1, 2, 3].map((number) => ({ query: `number ${number}` })),
    { onEvent: ({ runId }) => runs.add(runId) },
  );
  const answers: (number | null)[] = results.map((each) => each.ok ? each.result.answer : null);
  assertEquals(answers, [1, null, 3]);
  assertEquals(runs.size, 3);
});
