/** RLM with a real sandbox: Python runs in the subprocess, only the models are scripted. */
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { tool } from "../lib/engine/tool.ts";
import { RLM } from "../lib/rlm.ts";
import { cell, ScriptedModel } from "../lib/testing.ts";
import type { RlmEvent } from "../lib/trace/events.ts";
import { eventsOf, lastMessage } from "./fixtures/fake_run.ts";

/** About five million characters, in which every thousandth line holds a name. */
const CONTEXT = Array.from(
  { length: 100_000 },
  (_, line) =>
    line % 1_000 === 500
      ? `line ${line}: the keeper is person-${line}.`
      : `line ${line}: nothing to see here, move on.`,
).join("\n");

Deno.test("a typed answer comes from five million characters by probing, filtering, a batch and SUBMIT", async () => {
  assert(CONTEXT.length > 4_000_000);
  const lm = new ScriptedModel([
    cell("print(len(context)); print(context[:100])", "Look first."),
    cell([
      "lines = [line for line in context.splitlines() if 'keeper' in line]",
      "parts = ['\\n'.join(lines[i:i + 20]) for i in range(0, len(lines), 20)]",
      "found = llm_query_batched([f'Name each keeper.\\n{part}' for part in parts])",
      "names = sorted({name for reply in found for name in reply.split()})",
      "print(len(lines), len(names))",
    ].join("\n")),
    cell("SUBMIT(names=names, count=len(names))"),
  ]);
  const subLm = new ScriptedModel(({ messages }) =>
    (messages.at(-1)?.content.match(/person-\d+/g) ?? []).join("\n")
  );
  const rlm = new RLM("context, query -> names: list[str], count: int", { lm, subLm });
  const result = await rlm.run({ context: CONTEXT, query: "Who are the keepers?" });
  const { names, count }: { names: string[]; count: number } = result;
  assertEquals(count, 100);
  assertEquals(names[0], "person-10500");
  assertEquals(result.stopReason, "submitted");
  assertEquals(subLm.requests.length, 5);
  assertEquals(result.trajectory[1]?.subCalls.length, 5);
  assertStringIncludes(lastMessage(lm, 1), String(CONTEXT.length));
  assertStringIncludes(lastMessage(lm, 2), "100 100");
  const seen = lm.requests.at(-1)?.messages.reduce((sum, { content }) => sum + content.length, 0) ??
    0;
  assert(seen < 10_000, `the model saw ${seen} characters`);
});

Deno.test("C22, C82, C83: errors and refusals are told in the guest's words, and the run goes on", async () => {
  const lm = new ScriptedModel([
    cell("print('before')\nx = 1\nraise KeyError('gone')"),
    cell("print(x)\nSUBMIT(nothing=1)"),
    cell("SUBMIT(pages=['one'], answer='a')"),
    cell("SUBMIT('a', [1, '2'])"),
  ]);
  const rlm = new RLM("query -> answer: str, pages: list[int]", { lm });
  const { answer, pages } = await rlm.run({ query: "?" });
  assertEquals([answer, pages], ["a", [1, 2]]);
  const first = lastMessage(lm, 1);
  for (const part of ["before", "KeyError", "line 3"]) assertStringIncludes(first, part);
  assertStringIncludes(lastMessage(lm, 2), "nothing");
  assertStringIncludes(lastMessage(lm, 3), "pages[0]: wanted int");
});

Deno.test("C107: a plain comprehension over llm_query runs its calls together, and says so", async () => {
  let open = 0;
  let most = 0;
  const subLm = new ScriptedModel(async () => {
    most = Math.max(most, ++open);
    await new Promise((resolve) => setTimeout(resolve, 50));
    open--;
    return "yes";
  });
  const lm = new ScriptedModel([
    cell("replies = [llm_query(f'part {i}') for i in range(8)]\nprint(replies)"),
    cell("SUBMIT(answer=len(replies))"),
  ]);
  const rlm = new RLM("query -> answer: int", { lm, subLm });
  const { answer, trajectory } = await rlm.run({ query: "?" });
  assertEquals(answer, 8);
  assertEquals(most, 8);
  assertStringIncludes(trajectory[0]?.notes.join() ?? "", "line 1");
  const again = new ScriptedModel([
    cell("replies = [llm_query(f'part {i}') for i in range(3)]\nprint(replies)"),
    cell("SUBMIT(answer=len(replies))"),
  ]);
  const plain = await rlm.withOptions({ lm: again, rewrite: false }).run({ query: "?" });
  assertEquals(plain.trajectory[0]?.notes, []);
});

Deno.test("C112: a child run works in a process of its own", async () => {
  const isChild = (text: string) => text.includes("Count the words");
  const lm = new ScriptedModel(({ messages }) => {
    const turn = messages.length / 2;
    if (isChild(messages[1]?.content ?? "")) {
      return turn === 1
        ? cell("print(context[:20], 'secret' in globals())")
        : cell("SUBMIT(answer=len(context.split()))");
    }
    return turn === 1
      ? cell(
        "secret = 1\nn = rlm_query('Count the words', context='a b c', schema='int')\nprint(n)",
      )
      : cell("SUBMIT(answer=n)");
  });
  const events: RlmEvent[] = [];
  const rlm = new RLM("query -> answer: int", { lm, maxDepth: 2, profile: "deep" });
  const result = await rlm.run({ query: "How many words?" }, {
    onEvent: (event) => events.push(event),
  });
  assertEquals(result.answer, 3);
  assertEquals(eventsOf(events, "run_start").map(({ depth }) => depth), [0, 1]);
  assertEquals(
    eventsOf(events, "cell_output").filter(({ text }) => text.includes("False")).length,
    1,
  );
});

Deno.test("tools are called by name, with their arguments checked; budget() and FINAL_VAR work", async () => {
  const pages = tool({
    description: "Gives a page",
    parameters: "number: int, style: str = 'plain'",
    run: ({ number, style }) => `${style} page ${number}`,
  });
  const lm = new ScriptedModel([
    cell("print(pages(3), pages('4', style='bold'))\nprint(budget()['turns'], budget()['tokens'])"),
    cell("try:\n    pages('x')\nexcept TypeError as error:\n    print('TypeError:', error)"),
    cell("result = pages(5)\nFINAL_VAR('result')"),
  ]);
  const { answer } = await new RLM("query -> answer", { lm, tools: { pages } }).run({ query: "?" });
  assertEquals(answer, "plain page 5");
  assertStringIncludes(lastMessage(lm, 1), "plain page 3 bold page 4\n19 None");
  assertStringIncludes(lastMessage(lm, 2), "TypeError:");
});

Deno.test("a session keeps Python's variables from run to run", async () => {
  const lm = new ScriptedModel([
    cell("table = sorted(context.split())\nprint(table)"),
    cell("SUBMIT(answer=len(table))"),
    cell("print(table[0])\nSUBMIT(answer=len(table[0]))"),
  ]);
  await using chat = new RLM("context, query -> answer: int", { lm }).session();
  const first = await chat.run({ context: "pear apple fig", query: "How many?" });
  const second = await chat.run({ query: "How long is the first?" });
  assertEquals([first.answer, second.answer], [3, 5]);
});

Deno.test("C156: the log of a compacted run is readable from Python", async () => {
  const lm = new ScriptedModel(
    (_, index) =>
      index < 6
        ? cell(`step_${index} = ${index}\nprint('z' * 2_500)`)
        : cell("print(len(run_log), run_log[0]['code'], step_0)\nSUBMIT(answer=len(run_log))"),
    { contextWindow: 5_500 },
  );
  const rlm = new RLM("query -> answer: int", { lm, profile: "smallWindow" });
  const { answer, trajectory } = await rlm.run({ query: "?" });
  assert(answer > 1 && answer < 7);
  assertStringIncludes(trajectory.at(-1)?.output ?? "", "step_0 = 0");
});

Deno.test("C153: an abort ends a cell that loops for ever, and the process with it", async () => {
  const controller = new AbortController();
  const lm = new ScriptedModel([cell("print('going', flush=True)\nwhile True: pass")]);
  const run = new RLM("query -> answer", { lm }).run({ query: "?" }, {
    signal: controller.signal,
    onEvent: (event) => {
      if (event.type === "cell_output") controller.abort();
    },
  });
  const error = await assertRejects(() => run, DOMException);
  assertEquals(error, controller.signal.reason);
  assert("trajectory" in error && Array.isArray(error.trajectory));
  assertEquals(error.trajectory.length, 1);
});

Deno.test("C35: a guest that is lost comes back with its inputs, and the run goes on", async () => {
  const lm = new ScriptedModel([
    cell("y = 2\nprint(len(context))"),
    cell("import ctypes\nctypes.string_at(0xfffffff0, 8)\nprint('alive')"),
    cell("print(len(context))\nSUBMIT(answer=len(context))"),
  ]);
  const rlm = new RLM("context -> answer: int", { lm });
  const { answer, trajectory } = await rlm.run({ context: "abc" });
  assertEquals(answer, 3);
  assertEquals(trajectory.length, 3);
  const told = lastMessage(lm, 2);
  assertStringIncludes(told, "Variables that are back: context.");
  assertMatch(told, /Gone: .*\by\b/);
});
