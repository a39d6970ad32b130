/** Runs that were stopped, and go on. */
import {
  assert,
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { JournalError, ModelError } from "../lib/errors.ts";
import { type FakeCell, FakeSandbox } from "../lib/host/fake_sandbox.ts";
import { ReplayModel } from "../lib/models/replay.ts";
import { ScriptedModel } from "../lib/models/scripted.ts";
import { RLM } from "../lib/rlm.ts";
import { Journal } from "../lib/trace/journal.ts";
import { readJournal } from "../lib/trace/journal_reader.ts";
import { usageOf } from "../lib/trace/usage.ts";
import { addingGuest, answered, countedRun, type Counts, INPUTS } from "./fixtures/counted_run.ts";
import { temporaryFolder } from "./fixtures/run_events.ts";

/** A finished run in a journal, and what it asked for. */
async function finishedRun(folder: string) {
  const path = `${folder}/whole.jsonl`;
  const live: Counts = new Map();
  const { rlm } = countedRun(live);
  const result = await rlm.run(INPUTS, { journal: path });
  const lines = (await Deno.readTextFile(path)).trimEnd().split("\n");
  return { path, live, result, lines };
}

type Finished = Awaited<ReturnType<typeof finishedRun>>;

/** Writes a journal that was stopped in the middle of the line after those kept. */
async function stopAfter(kept: number, lines: readonly string[], path: string): Promise<void> {
  const half = (lines[kept] ?? "").slice(0, (lines[kept]?.length ?? 0) / 2);
  await Deno.writeTextFile(path, [...lines.slice(0, kept), half].join("\n"));
}

/** Resumes a journal, and compares everything with the run that was never stopped. */
async function resumeAndCompare(path: string, whole: Finished): Promise<void> {
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

/** Resumes with a guest that is not the recorded one; the error, after a check that nothing was paid. */
async function divergence(guest: () => FakeCell): Promise<{ error: JournalError; path: string }> {
  await using folder = await temporaryFolder();
  const { lines } = await finishedRun(folder.path);
  const path = `${folder.path}/cut.jsonl`;
  await stopAfter(70, lines, path);
  const before = (await Deno.readTextFile(path)).split("\n").slice(0, 70);
  const live: Counts = new Map();
  const { rlm } = countedRun(live, { guest: guest() });
  const error = await assertRejects(() => rlm.resume(path), JournalError);
  assertEquals(live, new Map());
  assertEquals((await Deno.readTextFile(path)).trimEnd().split("\n"), before);
  assertEquals([error.path, error.line], [path, null]);
  assertEquals(error.usage?.rows.every(({ failedCalls, calls }) => failedCalls < calls), true);
  return { error, path };
}

const ENDING = "; nothing was paid and the journal is as it was, run anew or resume as it was then";

Deno.test("A cell that prints something else when it runs again is named, with the first difference", async () => {
  const { error, path } = await divergence(() => {
    const real = addingGuest();
    return async (code, guest) => {
      const result = await real(code, guest);
      return code.includes("turn(2)") ? { ...result, stdout: "total 0\n" } : result;
    };
  });
  assertStringIncludes(
    error.message,
    `Cannot resume ${path}: the output of the cell of turn 2 differs from character 7 on: recorded "total `,
  );
  assert(error.message.endsWith(`given "total 0\\n"${ENDING}`));
  assertEquals(error.trajectory[0]?.turn, 1);
});

Deno.test("A cell that asks a model something else is stopped before anything is sent", async () => {
  const { error } = await divergence(() => async (code, { call }) => {
    await call("llm_query", { prompt: "something else" });
    return { stdout: code };
  });
  assertStringIncludes(
    error.message,
    "a sub-call of turn 1 was not recorded; the closest one: message 2 differs",
  );
  assert(error.message.endsWith(ENDING));
});

Deno.test("A cell that calls a tool otherwise is stopped before the tool runs", async () => {
  const { error, path } = await divergence(() => async (code, { call }) => {
    await call("lookup", { key: 99 });
    return { stdout: code };
  });
  assertEquals(
    error.message,
    `Cannot resume ${path}: a cell calls lookup() as it did not when it was recorded${ENDING}`,
  );
});

Deno.test("An input that is not the recorded one is named, and nothing is started", async () => {
  await using folder = await temporaryFolder();
  const { lines } = await finishedRun(folder.path);
  const path = `${folder.path}/cut.jsonl`;
  await stopAfter(30, lines, path);
  const { rlm, sandboxes } = countedRun(new Map());
  const error = await assertRejects(
    () => rlm.resume(path, { context: "another text" }),
    JournalError,
  );
  assertEquals(
    error.message,
    `Cannot resume ${path}: input 'context' is not what it was in the recorded run, give the same or run anew`,
  );
  assertEquals([error.path, error.line], [path, null]);
  assertEquals(sandboxes, []);
  await rlm.resume(path, { context: INPUTS.context });
});

Deno.test("An input that was too large for the journal must be given again, and is checked", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  const context = Array.from({ length: 65 }, (_, n) => String(n % 10).repeat(1024 * 1024));
  const answer = () =>
    new RLM("context: list[str], query -> answer: int", {
      lm: new ScriptedModel(["```python\nSUBMIT(answer=7)\n```"]),
      sandbox: () => Promise.resolve(new FakeSandbox()),
      verify: false,
    });
  await answer().run({ context, query: "How?" }, { journal: path });
  const error = await assertRejects(() => answer().resume(path), JournalError);
  assertEquals(
    error.message,
    `Cannot resume ${path}: input 'context' was too large to be kept in the journal, give it again`,
  );
  const other = await assertRejects(() => answer().resume(path, { context: ["x"] }), JournalError);
  assertStringIncludes(other.message, "input 'context' is not what it was");
  assertEquals((await answer().resume(path, { context })).answer, 7);
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
