/** Compaction: long conversations are made short, and nothing that the REPL holds is lost. */
import {
  assert,
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertStringIncludes,
} from "@std/assert";
import { Conversation } from "../lib/engine/conversation.ts";
import { ModelError } from "../lib/errors.ts";
import type { Completion, CompletionRequest, LanguageModel } from "../lib/models/language_model.ts";
import { RLM } from "../lib/rlm.ts";
import {
  type FakeCell,
  FakeSandbox,
  ReplayModel,
  ScriptedModel,
  submitLiterals,
} from "../lib/testing.ts";
import { readJournal } from "../lib/trace/journal_reader.ts";
import type { Turn } from "../lib/trace/trajectory.ts";
import { cellReply, eventsOf, fakeRun } from "./fixtures/fake_run.ts";
import { completion, temporaryFolder } from "./fixtures/run_events.ts";

function turn(number: number): Turn {
  return {
    turn: number,
    reasoning: "",
    code: `x${number} = ${number}`,
    output: "",
    error: null,
    durationMs: 1,
    subCalls: [],
    notes: [],
  };
}

Deno.test("Conversation.compact keeps the system prompt, the question with a note, and the last turns", () => {
  const conversation = new Conversation();
  conversation.begin("system", "question");
  for (let number = 1; number <= 4; number++) {
    conversation.add(`reply ${number}`, `feedback ${number}`, turn(number));
  }
  assertEquals(conversation.compact(1, "note"), 6);
  assertEquals(conversation.messages, [
    { role: "system", content: "system" },
    { role: "user", content: "question\n\nnote" },
    { role: "assistant", content: "reply 4" },
    { role: "user", content: "feedback 4" },
  ]);
  assertEquals(conversation.log.length, 4);
  assertEquals(conversation.compact(1, "other"), 0, "nothing is left to leave out");
  assertStringIncludes(conversation.messages[1]?.content ?? "", "note");
});

Deno.test("Conversation.compact keeps the question that is being answered, not an earlier one", () => {
  const conversation = new Conversation();
  conversation.begin("system", "first question");
  conversation.add("reply", "feedback", turn(1));
  conversation.ask("second question");
  conversation.add("reply 2", "feedback 2", turn(2));
  conversation.compact(1, "note");
  assertEquals(conversation.messages[1], { role: "user", content: "second question\n\nnote" });
});

Deno.test("C156: near the window the conversation is compacted; the log is bound, and the last turns stay", async () => {
  const script = (index: number) =>
    index < 12 ? cellReply(`step_${index} = ${index}`) : cellReply("SUBMIT(answer=1)");
  const lm = new ScriptedModel((_, index) => script(index), {
    name: "small",
    contextWindow: 6_000,
  });
  const { result, events, sandboxes } = await fakeRun({
    cell: (code) => code.startsWith("step") ? { stdout: "y".repeat(3_000) } : submitLiterals(code),
    options: { lm, profile: "smallWindow" },
  });
  assertEquals(result?.answer, 1);
  const compactions = eventsOf(events, "compaction");
  assert(compactions.length > 0 && compactions.every(({ droppedMessages }) => droppedMessages > 0));
  for (const { messages } of lm.requests) {
    const chars = messages.reduce((sum, { content }) => sum + content.length, 0);
    assert(chars / 4 < 6_000, `${chars} characters were sent`);
    assertEquals(messages[0], lm.requests[0]?.messages[0]);
    assertStringIncludes(messages[1]?.content ?? "", "How many?");
  }
  const compacted = lm.requests.find(({ messages }) =>
    messages[1]?.content.includes("Where this stands")
  );
  assertStringIncludes(compacted?.messages[1]?.content ?? "", "step_0, step_1");
  assertStringIncludes(compacted?.messages[1]?.content ?? "", "`run_log`");
  const log = sandboxes[0]?.values.run_log;
  assert(Array.isArray(log) && log.length > 3);
  assertEquals(log[0], {
    turn: 1,
    reasoning: "",
    code: "step_0 = 0",
    output: "y".repeat(3_000) + "\n",
    error: null,
    notes: [],
  });
  assertEquals(sandboxes[0]?.values.context, "text", "the inputs are as they were");
});

Deno.test("C156: a provider that refuses the length brings one compaction and a second try", async () => {
  const tooLong = new ModelError("ask root: too long", { code: "context_length", model: "root" });
  const { result, events } = await fakeRun({
    replies: (index) =>
      index < 5
        ? cellReply(`a_${index} = 1`)
        : index === 5
        ? tooLong
        : cellReply("SUBMIT(answer=1)"),
  });
  assertEquals(result?.answer, 1);
  assertEquals(eventsOf(events, "compaction").length, 1);
});

Deno.test("C156: a first request that is too long ends the run, since there is nothing to leave out", async () => {
  const lm = new ScriptedModel([cellReply("SUBMIT(answer=1)")], {
    name: "tiny",
    contextWindow: 100,
  });
  const { error } = await fakeRun({ options: { lm } });
  assertInstanceOf(error, ModelError);
  assertEquals(error.code, "context_length");
  assertEquals(lm.requests.length, 0);
});

Deno.test("C156: an input called run_log keeps its name", async () => {
  const tooLong = new ModelError("ask root: too long", { code: "context_length", model: "root" });
  const { sandboxes } = await fakeRun({
    signature: "run_log -> answer: int",
    inputs: { run_log: "mine" },
    replies: (index) =>
      index < 5
        ? cellReply(`a_${index} = 1`)
        : index === 5
        ? tooLong
        : cellReply("SUBMIT(answer=1)"),
  });
  assertEquals(sandboxes[0]?.values.run_log, "mine");
  assert(Array.isArray(sandboxes[0]?.values.run_log_));
});

Deno.test("C156, C160, C161: a compacted run replays and resumes, also with a model that knows its window only after a call", async () => {
  await using folder = await temporaryFolder();
  const journal = `${folder.path}/run.jsonl`;
  const cell: FakeCell = (code) =>
    code.startsWith("step") ? { stdout: `${code} ${"y".repeat(3_000)}` } : submitLiterals(code);
  const make = (lm: LanguageModel) =>
    new RLM("context, query -> answer: int", {
      ...{ lm, profile: "smallWindow", verify: false },
      sandbox: () => Promise.resolve(new FakeSandbox(cell)),
    });
  const inputs = { context: "text", query: "How many?" };
  const whole = await make(new LateWindow(6_000)).run(inputs, { journal });
  const { events } = await readJournal(journal);
  assertGreater(eventsOf(events, "compaction").length, 1);
  assertEquals(
    new Set(eventsOf(events, "compaction").map(({ contextWindow }) => contextWindow)),
    new Set([6_000]),
  );
  const replay = new ReplayModel(events);
  assertEquals((await make(replay).run(inputs)).trajectory.length, whole.trajectory.length);
  assertEquals(replay.unused, []);
  const lines = (await Deno.readTextFile(journal)).trimEnd().split("\n");
  const last = lines.findLastIndex((line) => line.includes('"type":"compaction"'));
  for (const kept of [last, last + 1, lines.length - 20]) {
    await Deno.writeTextFile(journal, lines.slice(0, kept).join("\n") + "\n");
    const paid = eventsOf((await readJournal(journal)).events, "model_reply").length;
    const lm = new LateWindow(6_000);
    const { usage } = await make(lm).resume(journal);
    assertEquals([usage.calls, lm.calls], [13, 13 - paid]);
  }
});

/** A model that knows its window once it has been asked, as those of most providers do. */
class LateWindow implements LanguageModel {
  readonly name = "late";
  calls = 0;
  readonly #window: number;
  constructor(window: number) {
    this.#window = window;
  }
  get contextWindow(): number | undefined {
    return this.calls > 0 ? this.#window : undefined;
  }
  complete({ messages }: CompletionRequest): Promise<Completion> {
    this.calls++;
    const turn = Number(/\[Turn (\d+) of/.exec(messages.at(-1)?.content ?? "")?.[1]);
    return Promise.resolve(
      completion(cellReply(turn < 13 ? `step_${turn} = ${turn}` : "SUBMIT(answer=1)")),
    );
  }
}
