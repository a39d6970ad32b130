/** How a run that leaves its recording is told where. */
import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { ModelError } from "../lib/errors.ts";
import { ReplayModel } from "../lib/models/replay.ts";
import {
  assistant,
  FIRST,
  recorded,
  SECOND,
  system,
  texts,
  THIRD,
  user,
} from "./fixtures/recorded_turns.ts";
import { EventScript, reply, rootRequest, runStart, subRequest } from "./fixtures/run_events.ts";

Deno.test("C160 a cell with another output is named, with the first difference, and nothing more is answered", async () => {
  const model = new ReplayModel(recorded().events);
  await texts(model, FIRST, SECOND);
  const messages = [...SECOND, assistant("two"), user("Output: 43")];
  const error = await assertRejects(() => model.complete({ messages }), ModelError);
  assertEquals(
    error.message,
    "Cannot replay: the output of the cell of turn 2 is not the recorded one: message 6 differs from " +
      'character 10 on: recorded "Output: 42", given "Output: 43"; record the run again if this is wanted',
  );
  assertEquals(
    [error.code, error.model, error.status, error.retryable, error.attempts, error.spent],
    ["replay", "test/big", null, false, 0, null],
  );
  assertEquals([error.usage, error.trajectory], [null, []]);
  const again = await assertRejects(
    () => model.sub.complete({ messages: [user("same")] }),
    ModelError,
  );
  assertStrictEquals(again, error);
});

for (
  const [title, before, messages, wanted] of [
    [
      "another task",
      [],
      [system, user("Another task")],
      'the request of turn 1 is not the recorded one: message 2 differs from character 1 on: recorded "Task", ' +
      'given "Another task"',
    ],
    [
      "a sub-call that was not recorded",
      [FIRST],
      [user("othello")],
      "a sub-call of turn 1 was not recorded; the closest one: message 1 differs from character 5 on: " +
      'recorded "other", given "othello"',
    ],
    [
      "a message that is missing",
      [FIRST],
      [...FIRST, assistant("one")],
      "the output of the cell of turn 1 is not the recorded one: message 4 differs from character 1 on: " +
      'recorded "Output: 41", given ""',
    ],
    [
      "a turn that was left out",
      [FIRST],
      THIRD,
      "the request of turn 3 came before that of turn 2",
    ],
    [
      "the same question once more",
      [[user("other")]],
      [user("other")],
      '"other" is asked more often than it was recorded',
    ],
    [
      "a request after the end",
      [FIRST, [user("other")], [user("same")], [user("same")], SECOND, THIRD],
      [user("x".repeat(100))],
      `the recording has no more calls, and "${"x".repeat(60)}…" is asked`,
    ],
  ] as const
) {
  Deno.test(`A replay tells ${title} from what was recorded`, async () => {
    const model = new ReplayModel(recorded().events);
    await texts(model, ...before);
    const error = await assertRejects(() => model.complete({ messages }), ModelError);
    assertEquals(error.code, "replay");
    assertEquals(error.message, `Cannot replay: ${wanted}; record the run again if this is wanted`);
  });
}

Deno.test("A difference deep in a long text is shown with what is around it", async () => {
  const long = Array.from({ length: 500 }, (_, n) => `line ${n}`).join("\n");
  const script = new EventScript();
  script.add(runStart());
  script.add({ type: "turn_start", stepId: "step", turn: 1, maxIterations: 20 });
  script.add(rootRequest("m", [user(long)]));
  script.add(reply("m", "ok"));
  const changed = long.replace("line 250", "LINE 250");
  const error = await assertRejects(
    () => new ReplayModel(script.events).complete({ messages: [user(changed)] }),
    ModelError,
  );
  const at = long.indexOf("line 250");
  const around = (text: string) => JSON.stringify(`…${text.slice(at - 40, at + 60)}…`);
  assertEquals(
    error.message,
    `Cannot replay: the request of turn 1 is not the recorded one: message 1 differs from character ${
      at + 1
    } on: ` +
      `recorded ${around(long)}, given ${around(changed)}; record the run again if this is wanted`,
  );
});

Deno.test("The same prompt with another schema is another question", async () => {
  const script = new EventScript();
  script.add(runStart());
  script.add({ ...subRequest("a", "list"), schema: { type: "array" } });
  script.add(reply("a", "[]"));
  const messages = [user("list")];
  const replay = new ReplayModel(script.events);
  assertEquals((await replay.complete({ messages, schema: { type: "array" } })).text, "[]");
  const error = await assertRejects(
    () => new ReplayModel(script.events).complete({ messages }),
    ModelError,
  );
  assertEquals(
    error.message,
    "Cannot replay: a sub-call was not recorded; the closest one: the schema differs from " +
      'character 1 on: recorded "{\\"type\\":\\"array\\"}", given "null"; record the run again if this is wanted',
  );
});
