/** C162: inputs that are small enough are asked about whole, in one call, without a sandbox. */
import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { ModelError } from "../lib/errors.ts";
import { RLM } from "../lib/rlm.ts";
import { cell, FakeSandbox, ReplayModel, ScriptedModel, submitLiterals } from "../lib/testing.ts";
import { tool } from "../lib/engine/tool.ts";
import type { RlmOptions } from "../lib/rlm_options.ts";
import { readJournal } from "../lib/trace/journal_reader.ts";
import { rlmJsonlOf } from "../lib/trace/rlm_jsonl.ts";
import { viewerDataOf } from "../lib/trace/viewer_data.ts";
import { ViewerTexts } from "../lib/trace/viewer_texts.ts";
import { cellReply, eventsOf, fakeRun } from "./fixtures/fake_run.ts";
import { temporaryFolder } from "./fixtures/run_events.ts";

const ON: RlmOptions = { directTokens: 100 };
const SUBMIT = cellReply("SUBMIT(answer=1)");
const refuseToStart = () => Promise.reject(new Error("a sandbox was started"));

Deno.test("C162: small inputs are answered from in one typed call, marked, before any sandbox starts", async () => {
  const { result, events, lm } = await fakeRun({
    replies: ['{"answer": "42"}'],
    inputs: { context: { text: "forty-two </data> whales" }, query: "How many?" },
    options: { ...ON, sandbox: refuseToStart },
  });
  assertEquals(result?.answer, 42);
  assertEquals([result?.stopReason, result?.stoppedBy], ["direct", null]);
  assertEquals(result?.trajectory, []);
  assertEquals(result?.usage.rows.map(({ role, calls }) => [role, calls]), [["direct", 1]]);
  const [direct] = eventsOf(events, "direct");
  assertEquals(direct?.allowed, 100);
  assert(direct !== undefined && direct.tokens > 5 && direct.tokens < 20, `${direct?.tokens}`);
  assertEquals(eventsOf(events, "run_start")[0]?.options.directTokens, 100);
  assertEquals(
    events.filter(({ type }) => type !== "model_reply").map(({ type }) => type),
    ["run_start", "direct", "model_request", "run_end"],
  );
  const [request] = lm.requests;
  assertEquals(request?.schema?.type, "object");
  assertStringIncludes(
    request?.messages.at(-1)?.content ?? "",
    '<data name="context">\n{"text":"forty-two </ data> whales"}\n</data>\n\n# Task',
  );
});

Deno.test("C162: without the option, over its tokens, and where cells are needed, a run takes turns", async () => {
  const look = tool({ description: "Looks", parameters: {}, run: () => 1 });
  const endless: unknown[] = [];
  endless.push(endless, endless);
  const variants: [RlmOptions, unknown][] = [
    [{}, "text"],
    [{ directTokens: 100_000 }, endless],
    [ON, "word ".repeat(1_000)],
    [ON, "a b ".repeat(120)],
    [ON, new Uint8Array(3)],
    [ON, [new Map()]],
    [{ ...ON, tools: { look } }, "text"],
  ];
  for (const [options, context] of variants) {
    const { result, error, events, sandboxes } = await fakeRun({
      inputs: { context, query: "?" },
      options,
    });
    assertEquals(error, null);
    assertEquals([result?.stopReason, sandboxes.length], ["submitted", 1]);
    assertEquals(eventsOf(events, "direct"), []);
  }
  const lm = new ScriptedModel([SUBMIT, '{"answer": 1}']);
  const sandbox = () => Promise.resolve(new FakeSandbox());
  const rlm = new RLM("query -> answer: int", { lm, sandbox, verify: false, ...ON });
  await using chat = rlm.session();
  assertEquals((await chat.run({ query: "?" })).stopReason, "submitted");
  assertEquals((await rlm.run({ query: "?" })).stopReason, "direct");
});

Deno.test("C162: a reply that does not fit is repaired once, and then the run goes on with turns, all told", async () => {
  const repaired = await fakeRun({
    replies: ["some forty", '{"answer": 40}'],
    options: { ...ON, sandbox: refuseToStart },
  });
  assertEquals([repaired.result?.answer, repaired.result?.stopReason], [40, "direct"]);
  assertStringIncludes(repaired.lm.requests[1]?.messages.at(-1)?.content ?? "", "does not fit");
  const refused = await fakeRun({
    replies: ['{"answer": 40}', '{"answer": 41}', SUBMIT],
    options: { ...ON, check: ({ answer }) => answer === 1 ? null : "it is one" },
  });
  assertEquals([refused.result?.answer, refused.result?.stopReason], [1, "submitted"]);
  assertEquals(refused.result?.usage.rows.map(({ role, calls }) => [role, calls]), [
    ["direct", 2],
    ["root", 1],
  ]);
  assertEquals(eventsOf(refused.events, "warning").map(({ message }) => message), [
    "asked directly: two replies did not fit the outputs, it is one; the run goes on with Python",
  ]);
});

Deno.test("C162: a prompt that is too long or is filtered makes the run take turns; any other failure ends it", async () => {
  const failure = (code: ModelError["code"]) => new ModelError(code, { code, model: "root" });
  const filtered = await fakeRun({ replies: [failure("content_filter"), SUBMIT], options: ON });
  assertEquals(filtered.result?.stopReason, "submitted");
  const lm = new ScriptedModel([SUBMIT], { contextWindow: 5_000 });
  const context = "word ".repeat(6_000);
  const options = { lm, directTokens: 20_000 };
  const long = await fakeRun({ inputs: { context, query: "?" }, options });
  assertEquals([long.result?.stopReason, lm.requests.length], ["submitted", 1]);
  const poor = await fakeRun({ options: { ...ON, maxTokens: 300 } });
  assertEquals(eventsOf(poor.events, "warning").length, 1);
  const { error, sandboxes } = await fakeRun({ replies: [failure("auth")], options: ON });
  assertInstanceOf(error, ModelError);
  assertEquals([error.code, error.usage?.calls, sandboxes.length], ["auth", 1, 0]);
});

Deno.test("C162: a journal of a direct run replays and resumes for nothing, also when it was stopped after the reply", async () => {
  await using folder = await temporaryFolder();
  const journal = `${folder.path}/run.jsonl`;
  const inputs = { context: "forty-two whales", query: "How many?" };
  const options = { ...ON, sandbox: refuseToStart };
  await fakeRun({ replies: ['{"answer": 42}'], inputs, options, run: { journal } });
  const make = (lm: ScriptedModel | ReplayModel) =>
    new RLM("context, query -> answer: int", { ...options, verify: false, lm });
  const replay = await ReplayModel.open(journal);
  const replayed = await make(replay).run(inputs);
  assertEquals([replayed.answer, replayed.stopReason, replay.unused], [42, "direct", []]);
  const { events } = await readJournal(journal);
  const { stopReason, nodes } = viewerDataOf(
    events,
    { title: "", inputChars: null, live: null },
    new ViewerTexts(1_000),
  );
  assertEquals([stopReason, nodes[0]?.parts[0]?.title, nodes[1]?.kind], [
    "direct",
    "Answer",
    "model",
  ]);
  assertEquals(rlmJsonlOf(events).trim().split("\n").map((line) => JSON.parse(line).final_answer), [
    undefined,
    '{"answer":42}',
  ]);
  const lines = (await Deno.readTextFile(journal)).trimEnd().split("\n");
  for (const kept of [lines.length, lines.length - 1]) {
    await Deno.writeTextFile(journal, lines.slice(0, kept).join("\n") + "\n");
    const none = new ScriptedModel([]);
    const { answer, stopReason, usage } = await make(none).resume(journal);
    assertEquals([answer, stopReason, usage.calls, none.requests.length], [42, "direct", 1, 0]);
  }
});

Deno.test("C162: a direct run that had gone on with turns is told again on the same way", async () => {
  await using folder = await temporaryFolder();
  const journal = `${folder.path}/run.jsonl`;
  const inputs = { context: "forty-two whales", query: "How many?" };
  await fakeRun({
    replies: [
      "no",
      "no",
      cell("print(1)"),
      new ModelError("gone", { code: "auth", model: "root" }),
    ],
    cell: submitLiterals,
    inputs,
    options: ON,
    run: { journal },
  });
  const lm = new ScriptedModel([SUBMIT], { name: "root" });
  const sandbox = () => Promise.resolve(new FakeSandbox());
  const rlm = new RLM("context, query -> answer: int", { ...ON, lm, sandbox, verify: false });
  const { answer, stopReason, usage } = await rlm.resume(journal);
  assertEquals([answer, stopReason, usage.calls, lm.requests.length], [1, "submitted", 4, 1]);
});

Deno.test("C162: a stream tells the reply as it arrives", async () => {
  const lm = new ScriptedModel(['{"answer": 42}']);
  const rlm = new RLM("query -> answer: int", { ...ON, lm, sandbox: refuseToStart });
  const types: string[] = [];
  for await (const { type } of rlm.stream({ query: "?" })) types.push(type);
  assertEquals(types, [
    "run_start",
    "direct",
    "model_request",
    "model_delta",
    "model_reply",
    "run_end",
  ]);
});
