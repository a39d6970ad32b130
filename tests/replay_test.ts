/** Recorded runs as models. */
import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { JournalError, ModelError } from "../lib/errors.ts";
import type { Message } from "../lib/models/language_model.ts";
import { ReplayModel } from "../lib/models/replay.ts";
import { Journal } from "../lib/trace/journal.ts";
import { NO_USAGE } from "../lib/trace/usage.ts";
import {
  cell,
  completion,
  EventScript,
  reply,
  rootRequest,
  runStart,
  subRequest,
  temporaryFolder,
} from "./fixtures/run_events.ts";

const user = (content: string): Message => ({ role: "user", content });
const assistant = (content: string): Message => ({ role: "assistant", content });
const system: Message = { role: "system", content: "Rules" };
const FIRST = [system, user("Task")];
const SECOND = [...FIRST, assistant("one"), user("Output: 41")];
const THIRD = [...SECOND, assistant("two"), user("Output: 42")];

/** Three turns; the cell of the first asks three sub-calls, two of them the same. */
function recorded(): EventScript {
  const script = new EventScript();
  script.add(runStart());
  const turn = (number: number, messages: readonly Message[], text: string) => {
    script.add({ type: "turn_start", stepId: `s${number}`, turn: number, maxIterations: 20 });
    script.add({ ...rootRequest(`m${number}`, messages), stepId: `s${number}` });
    script.add(reply(`m${number}`, text));
    script.add({ type: "cell_start", stepId: `s${number}`, code: text, reasoning: "" });
    if (number === 1) subCalls();
    script.add({ type: "cell_end", stepId: `s${number}`, cell: cell("41\n") });
    script.add({ type: "turn_end", stepId: `s${number}`, feedback: "Output: 41" });
  };
  const subCalls = () => {
    for (const [callId, prompt] of [["a", "same"], ["b", "same"], ["c", "other"]] as const) {
      script.add({ ...subRequest(callId, prompt), stepId: "s1" });
    }
    script.add(reply("c", "reply c", { cost: null }));
    script.add(reply("b", "reply b"));
    script.add(reply("a", "reply a"));
  };
  turn(1, FIRST, "one");
  turn(2, SECOND, "two");
  turn(3, THIRD, "three");
  return script;
}

async function texts(model: ReplayModel, ...asked: (readonly Message[])[]): Promise<string[]> {
  const replies: string[] = [];
  for (const messages of asked) replies.push((await model.complete({ messages })).text);
  return replies;
}

Deno.test("C160 a recorded run answers the same requests with the same replies, usage and cost", async () => {
  const model = new ReplayModel(recorded().events);
  assertEquals([model.name, model.sub.name], ["test/big", "test/small"]);
  assertEquals(model.unused.length, 6);
  assertEquals(await model.complete({ messages: FIRST }), completion("one"));
  assertEquals(
    await model.sub.complete({ messages: [user("other")] }),
    completion("reply c", { cost: null }),
  );
  assertEquals(await texts(model, [user("same")], [user("same")]), ["reply a", "reply b"]);
  assertEquals(await texts(model, SECOND, THIRD), ["two", "three"]);
  assertEquals(model.unused, []);
});

Deno.test("Answers that nobody asked for can be listed", async () => {
  const model = new ReplayModel(recorded().events);
  await texts(model, FIRST, [user("same")]);
  const unused = model.unused.map(({ request, turn }) => [request.callId, turn]);
  assertEquals(unused, [["b", 1], ["c", 1], ["m2", 2], ["m3", 3]]);
});

Deno.test("A replayed journal file is as good as its events", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  {
    await using journal = await Journal.open(path);
    for (const event of recorded().events) await journal.write(event);
  }
  assertEquals(await texts(await ReplayModel.open(path), FIRST, SECOND, THIRD), [
    "one",
    "two",
    "three",
  ]);
  await assertRejects(() => ReplayModel.open(`${path}.none`), JournalError);
});

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

Deno.test("Of identical prompts to several models each name gets its own model's reply", async () => {
  const script = new EventScript();
  script.add(runStart());
  for (const name of ["x", "y", "z"]) {
    script.add({ ...subRequest(name, "vote"), model: `test/${name}` });
    script.add(reply(name, name));
  }
  const replay = new ReplayModel(script.events);
  const messages = [user("vote")];
  assertEquals((await replay.as("test/z").complete({ messages })).text, "z");
  assertEquals((await replay.as("test/y").complete({ messages })).text, "y");
  assertEquals((await replay.as("test/other").complete({ messages })).text, "x");
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

Deno.test("Recorded failures come back as the same failures", async () => {
  const script = new EventScript();
  script.add(runStart());
  script.add(subRequest("a", "q"));
  const spent = { usage: { ...NO_USAGE, inputTokens: 7 }, cost: 0.5 };
  script.add({
    type: "model_error",
    callId: "a",
    error: { type: "ModelError", code: "rate_limit", message: "slow down", status: 429 },
    attempts: 3,
    spent,
    durationMs: 1,
  });
  const replay = new ReplayModel(script.events);
  const error = await assertRejects(() => replay.complete({ messages: [user("q")] }), ModelError);
  assertEquals(
    [error.message, error.code, error.model, error.status, error.attempts, error.retryable],
    ["slow down", "rate_limit", "test/small", 429, 3, false],
  );
  assertEquals(error.spent, spent);
});

Deno.test("A recording that stopped before an answer says where it ends", async () => {
  const script = recorded();
  const replay = new ReplayModel(script.events.slice(0, script.events.length - 4));
  await texts(replay, FIRST, SECOND);
  const error = await assertRejects(() => replay.complete({ messages: THIRD }), ModelError);
  assertEquals(error.code, "replay");
  assertEquals(
    error.message,
    "Cannot replay: the recording ends before turn 3 was answered; record the run again if this is wanted",
  );
});

Deno.test("A call that was given up while its cell ran on waits to be given up again", async () => {
  const script = recorded();
  const events = script.events.filter((event) =>
    event.type !== "model_reply" || event.callId !== "c"
  );
  const replay = new ReplayModel(events);
  const controller = new AbortController();
  const waiting = replay.complete({ messages: [user("other")], signal: controller.signal });
  const reason = new Error("cell ended");
  setTimeout(() => controller.abort(reason), 5);
  assertStrictEquals(await assertRejects(() => waiting), reason);
});

Deno.test("A replay obeys an aborted signal, and hands its text to onDelta", async () => {
  const replay = new ReplayModel(recorded().events);
  const reason = new Error("stop");
  const refused = replay.complete({ messages: FIRST, signal: AbortSignal.abort(reason) });
  assertStrictEquals(await assertRejects(() => refused), reason);
  let text = "";
  await replay.complete({ messages: FIRST, onDelta: (piece) => text += piece });
  assertEquals(text, "one");
});

Deno.test("A reply that came from a cache comes back as one: without attempts, so without cost", async () => {
  const script = new EventScript();
  script.add(runStart());
  script.add(subRequest("a", "q"));
  script.add({ ...reply("a", "again"), cached: true });
  const replay = new ReplayModel(script.events);
  assertEquals(replay.unused, []);
  assertEquals((await replay.complete({ messages: [user("q")] })).attempts, 0);
});

Deno.test("A thousand sub-calls in any order are found in little time", async () => {
  const script = new EventScript();
  script.add(runStart());
  const prompts = Array.from({ length: 1_000 }, (_, n) => `${n} ${"text ".repeat(2_000)}`);
  prompts.forEach((prompt, n) => {
    script.add(subRequest(`c${n}`, prompt));
    script.add(reply(`c${n}`, `${n}`));
  });
  const replay = new ReplayModel(script.events);
  const started = performance.now();
  const replies = await Promise.all(
    prompts.toReversed().map((prompt) => replay.complete({ messages: [user(prompt)] })),
  );
  assertEquals(replies.map(({ text }) => text), prompts.map((_, n) => `${n}`).toReversed());
  assert(performance.now() - started < 2_000);
});
