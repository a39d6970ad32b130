/** Recorded runs as models. */
import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { JournalError, ModelError } from "../lib/errors.ts";
import { ReplayModel } from "../lib/models/replay.ts";
import { Journal } from "../lib/trace/journal.ts";
import { NO_USAGE } from "../lib/trace/usage.ts";
import { FIRST, recorded, SECOND, texts, THIRD, user } from "./fixtures/recorded_turns.ts";
import {
  completion,
  EventScript,
  reply,
  runStart,
  subRequest,
  temporaryFolder,
} from "./fixtures/run_events.ts";

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

Deno.test("A replay costs what the recorded run did on average, and nothing known where a price was unknown", async () => {
  const script = new EventScript();
  script.add(runStart());
  script.add(subRequest("a", "q"));
  script.add(reply("a", "r", { cost: 0.6 }));
  const tokens = { ...NO_USAGE, inputTokens: 20, outputTokens: 4 };
  const replay = new ReplayModel(script.events);
  assertEquals(await replay.price(tokens), 1.2);
  assertEquals(await replay.sub.price?.(tokens), 1.2);
  assertEquals(await new ReplayModel(recorded().events).price(tokens), null);
  assertEquals(await new ReplayModel([]).price(tokens), null);
});
