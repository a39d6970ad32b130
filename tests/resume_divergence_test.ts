/** Runs that cannot go on as they were: other cells, other inputs. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { JournalError } from "../lib/errors.ts";
import { type FakeCell, FakeSandbox } from "../lib/host/fake_sandbox.ts";
import { ScriptedModel } from "../lib/models/scripted.ts";
import { RLM } from "../lib/rlm.ts";
import { addingGuest, countedRun, type Counts, INPUTS } from "./fixtures/counted_run.ts";
import { finishedRun, stopAfter } from "./fixtures/finished_run.ts";
import { temporaryFolder } from "./fixtures/run_events.ts";

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
