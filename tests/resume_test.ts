/** Runs that were stopped, and go on. */
import {
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { JournalError, ModelError } from "../lib/errors.ts";
import { FakeSandbox } from "../lib/host/fake_sandbox.ts";
import { ReplayModel } from "../lib/models/replay.ts";
import { ScriptedModel } from "../lib/models/scripted.ts";
import { RLM } from "../lib/rlm.ts";
import { Journal } from "../lib/trace/journal.ts";
import { readJournal } from "../lib/trace/journal_reader.ts";
import { usageOf } from "../lib/trace/usage.ts";
import { answered, countedRun, type Counts, INPUTS } from "./fixtures/counted_run.ts";
import { type FinishedRun, finishedRun, stopAfter } from "./fixtures/finished_run.ts";
import { temporaryFolder } from "./fixtures/run_events.ts";

/** Resumes a journal, and compares everything with the run that was never stopped. */
async function resumeAndCompare(path: string, whole: FinishedRun): Promise<void> {
  const before = await readJournal(path);
  const recorded = answered(before.attempts);
  const live: Counts = new Map();
  const { rlm } = countedRun(live);
  const { answer, usage, trajectory } = await rlm.resume(
    path,
    before.inputs === null ? INPUTS : {},
  );
  assertEquals(answer, whole.result.answer);
  assertEquals(usage.calls, whole.result.usage.calls);
  assertEquals(
    trajectory.map(({ output }) => output),
    whole.result.trajectory.map(({ output }) => output),
  );
  for (const [key, total] of whole.live) {
    // What failed in a cell that did not end is asked again: nothing builds on the failure.
    if (key.includes("refused")) continue;
    assertEquals((live.get(key) ?? 0) + (recorded.get(key) ?? 0), total, key);
  }
  const { events } = await readJournal(path);
  assertEquals(events.at(-1)?.type, "run_end");
  assertEquals(usageOf(events), usage);
}

Deno.test("C161 a run stopped at any line goes on to the same answer and pays for nothing twice", async () => {
  await using folder = await temporaryFolder();
  const whole = await finishedRun(folder.path);
  assertGreater(whole.lines.length, 80);
  for (let kept = 0; kept <= whole.lines.length; kept++) {
    const path = `${folder.path}/cut-${kept}.jsonl`;
    await stopAfter(kept, whole.lines, path);
    await resumeAndCompare(path, whole);
  }
});

Deno.test("C161 a run stopped again and again, also while it is told again, still pays for nothing twice", async () => {
  await using folder = await temporaryFolder();
  const whole = await finishedRun(folder.path);
  for (let round = 0; round < 15; round++) {
    const path = `${folder.path}/round-${round}.jsonl`;
    await stopAfter(20 + round * 5, whole.lines, path);
    for (let stop = 0; stop < 3; stop++) {
      const length = (await Deno.readTextFile(path)).trimEnd().split("\n").length;
      await countedRun(new Map()).rlm.resume(path);
      const lines = (await Deno.readTextFile(path)).trimEnd().split("\n");
      assertGreater(lines.length, length);
      // Anywhere in what the resumed run has added.
      await stopAfter(length + (lines.length - length) * (stop + round) % 17, lines, path);
    }
    await resumeAndCompare(path, whole);
  }
});

Deno.test("C160 the journal of a resumed run replays offline to the same answer", async () => {
  await using folder = await temporaryFolder();
  const whole = await finishedRun(folder.path);
  const path = `${folder.path}/cut.jsonl`;
  await stopAfter(45, whole.lines, path);
  await countedRun(new Map()).rlm.resume(path);
  const replay = await ReplayModel.open(path);
  const { rlm } = countedRun(new Map());
  const { answer, usage } = await rlm.withOptions({ lm: replay, subLm: replay.sub }).run(INPUTS);
  assertEquals(answer, whole.result.answer);
  assertEquals(usage, whole.result.usage);
  assertEquals(replay.unused, []);
});

Deno.test("A run that had ended gives its result again, pays for nothing and leaves its journal as it is", async () => {
  await using folder = await temporaryFolder();
  const whole = await finishedRun(folder.path);
  const live: Counts = new Map();
  const { outputs, stopReason, runId } = await countedRun(live).rlm.resume(whole.path);
  assertEquals(live, new Map());
  assertEquals([outputs, stopReason], [whole.result.outputs, whole.result.stopReason]);
  assertEquals(runId, whole.result.runId);
  assertEquals((await Deno.readTextFile(whole.path)).trimEnd().split("\n"), whole.lines);
});

Deno.test("A resumed run that is aborted while it is told again leaves the journal as it is", async () => {
  await using folder = await temporaryFolder();
  const { lines } = await finishedRun(folder.path);
  const path = `${folder.path}/cut.jsonl`;
  await stopAfter(70, lines, path);
  const controller = new AbortController();
  const { rlm } = countedRun(new Map());
  const resuming = rlm.resume(path, {}, {
    signal: controller.signal,
    onEvent: ({ type }) => type === "cell_end" && controller.abort(),
  });
  const error = await assertRejects(() => resuming);
  assertEquals((error as Error).name, "AbortError");
  assertEquals((await Deno.readTextFile(path)).trimEnd().split("\n"), lines.slice(0, 70));
});

Deno.test("A run that ended in a model's failure goes on with the call that failed", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  let isDown = true;
  const asked: number[] = [];
  const make = () =>
    new RLM("query -> answer: int", {
      lm: new ScriptedModel(({ messages }) => {
        const turn = messages.filter(({ role }) => role === "assistant").length + 1;
        asked.push(turn);
        if (turn === 2 && isDown) {
          return new ModelError("down", { code: "unreachable", model: "m" });
        }
        return turn === 1 ? "```python\nprint(1)\n```" : "```python\nSUBMIT(answer=1)\n```";
      }),
      sandbox: () =>
        Promise.resolve(
          new FakeSandbox((code) =>
            code.includes("SUBMIT") ? { submission: { answer: 1 } } : { stdout: "1\n" }
          ),
        ),
    });
  await assertRejects(() => make().run({ query: "?" }, { journal: path }), ModelError);
  isDown = false;
  assertEquals((await make().resume(path)).answer, 1);
  assertEquals(asked, [1, 2, 2]);
});

Deno.test("A run that had used up a cap goes on from there when the cap is raised", async () => {
  await using folder = await temporaryFolder();
  const whole = await finishedRun(folder.path);
  const path = `${folder.path}/capped.jsonl`;
  const live: Counts = new Map();
  const { rlm } = countedRun(live);
  const capped = await rlm.withOptions({ maxIterations: 2, maxLlmCalls: 40 }).run(INPUTS, {
    journal: path,
  });
  assertEquals([capped.stopReason, capped.stoppedBy], ["extracted", "maxIterations"]);
  for (const maxIterations of [3, 20]) {
    await rlm.withOptions({ maxIterations }).resume(path);
  }
  const result = await rlm.resume(path);
  assertEquals([result.answer, result.stopReason], [whole.result.answer, "submitted"]);
  for (const [key, calls] of whole.live) assertEquals(live.get(key), calls, key);
  const { events } = await readJournal(path);
  assertEquals(usageOf(events), result.usage);
});

Deno.test("Two programs cannot resume the same run at the same time", async () => {
  await using folder = await temporaryFolder();
  const { path } = await finishedRun(folder.path);
  await using _other = await Journal.open(path, { resume: true });
  const error = await assertRejects(() => countedRun(new Map()).rlm.resume(path), JournalError);
  assertEquals(error.message, `Cannot write journal: ${path} is being written by another run`);
});

Deno.test("A journal that does not exist cannot be resumed, and none is made", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/none.jsonl`;
  const error = await assertRejects(() => countedRun(new Map()).rlm.resume(path), JournalError);
  assertInstanceOf(error.cause, Deno.errors.NotFound);
  assertStringIncludes(error.message, `Cannot read journal: ${path}: `);
  assertEquals(await Array.fromAsync(Deno.readDir(folder.path)), []);
});
