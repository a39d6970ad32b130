/** Sessions of runs: one REPL and one conversation for several questions, with journals that bring them back. */
import { assertEquals, assertRejects } from "@std/assert";
import { JournalError } from "../lib/errors.ts";
import { RLM } from "../lib/rlm.ts";
import { readJournal } from "../lib/trace/journal_reader.ts";
import { cell, FakeSandbox, ScriptedModel } from "../lib/testing.ts";
import { stopAfter } from "./fixtures/finished_run.ts";
import { temporaryFolder } from "./fixtures/run_events.ts";

const SIGNATURE = "context, query -> answer: int";

/** What the model writes turn by turn, over all runs of the session. */
const CELLS = [
  cell("table = sorted(context.split())\nprint(llm_query(f'How many? {table}'))"),
  cell("SUBMIT(answer=len(table))"),
  cell("longest = max(table, key=len)\nprint(llm_query(f'Is it long? {longest}'))"),
  cell("SUBMIT(answer=len(longest))"),
  cell("print(table[0], longest)\nSUBMIT(answer=len(table[0] + longest))"),
];

/** Makes an RLM whose model answers by how far the conversation is. */
function chatty() {
  const subLm = new ScriptedModel(({ messages }) => `${messages.at(-1)?.content.length}`);
  const lm = new ScriptedModel(({ messages }) =>
    CELLS[messages.filter(({ role }) => role === "assistant").length] ?? "nothing left to say"
  );
  return { rlm: new RLM(SIGNATURE, { lm, subLm }), asked: [lm.requests, subLm.requests] as const };
}

Deno.test("C161: a session that was stopped comes back from its journals, pays for nothing twice, and goes on", async () => {
  await using folder = await temporaryFolder();
  const [one, two, cut] = ["one", "two", "cut"].map((name) => `${folder.path}/${name}.jsonl`);
  const [first, second, third] = [
    { context: "pear apple fig banana", query: "How many?" },
    { query: "How long is the longest?" },
    { query: "And with the first?" },
  ];
  {
    await using chat = chatty().rlm.session();
    assertEquals((await chat.run(first, { journal: one ?? "" })).answer, 4);
    assertEquals((await chat.run(second, { journal: two ?? "" })).answer, 6);
  }
  const lines = (await Deno.readTextFile(two ?? "")).trimEnd().split("\n");
  const submitting = lines.findLastIndex((line) => line.includes('"model_request"'));
  await stopAfter(submitting, lines, cut ?? "");
  const { rlm, asked: [root, sub] } = chatty();
  await using chat = rlm.session();
  assertEquals((await chat.resume(one ?? "")).answer, 4);
  assertEquals([root.length, sub.length], [0, 0]);
  assertEquals((await chat.resume(cut ?? "")).answer, 6);
  assertEquals([root.length, sub.length], [1, 0]);
  assertEquals((await chat.run(third)).answer, 11);
  const { events } = await readJournal(cut ?? "");
  const start = events.find((event) => event.type === "run_start");
  assertEquals([start?.sessionRun, start?.inputs.map(({ name }) => name)], [2, ["query"]]);
  assertEquals(events.at(-1)?.type, "run_end");
});

Deno.test("a session refuses the journal of another of its runs, and so does a run alone", async () => {
  await using folder = await temporaryFolder();
  const [one, two] = [`${folder.path}/one.jsonl`, `${folder.path}/two.jsonl`];
  const rlm = new RLM(SIGNATURE, {
    lm: new ScriptedModel(() => cell("SUBMIT(answer=1)")),
    sandbox: () => Promise.resolve(new FakeSandbox()),
    verify: false,
  });
  await using chat = rlm.session();
  await chat.run({ context: "text", query: "one?" }, { journal: one });
  await chat.run({ query: "two?" }, { journal: two });
  const alone = await assertRejects(() => rlm.resume(two), JournalError);
  assertEquals([alone.path, alone.line], [two, null]);
  assertEquals(
    alone.message,
    `Cannot resume ${two}: it is run 2 of a session, open one and resume the journals of all its runs in order`,
  );
  await using again = rlm.session();
  const early = await assertRejects(() => again.resume(two), JournalError);
  assertEquals(
    early.message,
    `Cannot resume ${two}: it is run 2 of its session and this session is at run 1, resume them in order`,
  );
  assertEquals((await again.resume(one)).answer, 1);
  const twice = await assertRejects(() => again.resume(one), JournalError);
  assertEquals(
    twice.message,
    `Cannot resume ${one}: it is run 1 of its session and this session is at run 2, resume them in order`,
  );
  assertEquals((await again.resume(two)).answer, 1);
});

Deno.test("a session goes on from a run that had none", async () => {
  await using folder = await temporaryFolder();
  const journal = `${folder.path}/run.jsonl`;
  const { rlm, asked: [root] } = chatty();
  await rlm.run({ context: "fig banana", query: "How many?" }, { journal });
  await using chat = rlm.session();
  const before = root.length;
  assertEquals((await chat.resume(journal)).answer, 2);
  assertEquals(root.length, before);
  assertEquals((await chat.run({ query: "How long is the longest?" })).answer, 6);
});
