/** The loop: how turns go on, what is told after each, and which events there are. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { RLM } from "../lib/rlm.ts";
import { FakeSandbox, ScriptedModel, submitLiterals } from "../lib/testing.ts";
import { cellReply, eventsOf, fakeRun, lastMessage } from "./fixtures/fake_run.ts";

const SUBMIT = cellReply("SUBMIT(answer=1)");

Deno.test("a run ends with the outputs as properties, the trajectory, the stop reason and the usage", async () => {
  const { result, sandboxes } = await fakeRun({
    replies: ["Look.\n" + cellReply("print(1)"), SUBMIT],
    cell: (code) => code === "print(1)" ? { stdout: "1\n" } : submitLiterals(code),
  });
  assert(result !== null);
  assertEquals(result.answer, 1);
  assertEquals(result.outputs, { answer: 1 });
  assertEquals(result.stopReason, "submitted");
  assertEquals(result.stoppedBy, null);
  assertEquals(result.usage.calls, 2);
  assertEquals(
    result.usage.rows.map(({ role, model, depth, calls }) => ({ role, model, depth, calls })),
    [
      { role: "root", model: "root", depth: 0, calls: 2 },
    ],
  );
  const [first, second] = result.trajectory;
  assertEquals(first?.turn, 1);
  assertEquals(first?.reasoning, "Look.");
  assertEquals(first?.code, "print(1)");
  assertEquals(first?.output, "1\n");
  assertEquals(first?.error, null);
  assertEquals(second?.code, "SUBMIT(answer=1)");
  assert(sandboxes[0]?.closed, "the sandbox is closed with the run");
});

Deno.test("C23: what a cell printed before SUBMIT is in the trajectory", async () => {
  const { result } = await fakeRun({
    replies: [SUBMIT],
    cell: () => ({ stdout: "looked\n", submission: { answer: 1 } }),
    options: { verify: false },
  });
  assertEquals(result?.trajectory.map(({ output }) => output), ["looked\n"]);
});

Deno.test("C66: inputs are bound once, before the first turn", async () => {
  const { sandboxes } = await fakeRun({ replies: [cellReply("a"), cellReply("b"), SUBMIT] });
  assertEquals(sandboxes[0]?.bindings, [["context", "query"]]);
  assertEquals(sandboxes[0]?.cells, ["a", "b", "SUBMIT(answer=1)"]);
});

Deno.test("C64: a missing and an unknown input are refused before anything is started", async () => {
  const lm = new ScriptedModel([SUBMIT]);
  let started = false;
  const signature: string = "context, query -> answer: int";
  const rlm = new RLM(signature, {
    lm,
    sandbox: () => {
      started = true;
      return Promise.resolve(new FakeSandbox());
    },
  });
  const error = await assertRejects(() => rlm.run({ context: "a", nonsense: 1 }), TypeError);
  assertStringIncludes(error.message, "'query' is missing");
  assertStringIncludes(error.message, "'nonsense' is unknown");
  assertEquals(started, false);
  assertEquals(lm.requests.length, 0);
});

Deno.test("C60: a tool with an input's name is refused before anything is started", async () => {
  const { error, lm, sandboxes } = await fakeRun({
    options: { tools: { context: { description: "", parameters: {}, invoke: () => 1 } } },
  });
  assertInstanceOf(error, TypeError);
  assertStringIncludes(error.message, "context");
  assertEquals([lm.requests.length, sandboxes.length], [0, 0]);
});

Deno.test("C55: a cell that prints nothing brings a hint", async () => {
  const { lm } = await fakeRun({ replies: [cellReply("x = 1"), SUBMIT] });
  assertStringIncludes(lastMessage(lm, 1), "The cell printed nothing. Print what you want to see.");
});

Deno.test("C22: what was printed before an exception is shown together with the error", async () => {
  const error = { type: "KeyError", message: "'a'", traceback: "Cell 1, line 2\nKeyError: 'a'" };
  const { lm, result } = await fakeRun({
    replies: [cellReply("boom"), SUBMIT],
    cell: (code) => code === "boom" ? { stdout: "before\n", error } : submitLiterals(code),
  });
  assertStringIncludes(lastMessage(lm, 1), "before");
  assertStringIncludes(lastMessage(lm, 1), "KeyError: 'a'");
  assertEquals(result?.trajectory[0]?.error, error);
  assertEquals(result?.trajectory[0]?.output, "before\n");
});

Deno.test("C10: a reply without code counts as a turn, brings a repair message, and the run goes on", async () => {
  const { lm, result } = await fakeRun({ replies: ["It is 1.", SUBMIT] });
  assertStringIncludes(lastMessage(lm, 1), "Nothing ran");
  assertStringIncludes(lastMessage(lm, 1), "[Turn 2 of 20");
  assertEquals(result?.trajectory.length, 2);
  assertEquals(result?.trajectory[0]?.code, "");
});

Deno.test("C10: a second reply without code brings a stronger nudge, and a third ends the turns", async () => {
  const { lm, result } = await fakeRun({ replies: ["Hm.", "Well.", "So.", '{"answer": 7}'] });
  assertStringIncludes(lastMessage(lm, 2), "second reply without a cell");
  assertEquals(result?.answer, 7);
  assertEquals(result?.stopReason, "extracted");
  assertEquals(result?.stoppedBy, null);
});

Deno.test("C155: the third identical cell brings a nudge, and the fifth ends the turns", async () => {
  const same = cellReply("print(x)");
  const { lm, result } = await fakeRun({
    replies: [same, same, same, same, same, '{"answer": 7}'],
  });
  assert(!lastMessage(lm, 2).includes("the same cell"));
  assertStringIncludes(lastMessage(lm, 3), "This is the same cell for the third time");
  assertEquals(result?.trajectory.length, 5);
  assertEquals(result?.stopReason, "extracted");
});

Deno.test("C83: a submission of the wrong type is refused with field, wanted and got; the next one wins", async () => {
  const { lm, result, events } = await fakeRun({
    replies: [cellReply('SUBMIT(answer="many")'), SUBMIT],
  });
  const message = lastMessage(lm, 1);
  for (const part of ["SUBMIT was refused", "answer", "int", '"many"']) {
    assertStringIncludes(message, part);
  }
  assertEquals(result?.answer, 1);
  assertEquals(eventsOf(events, "submission").map(({ accepted }) => accepted), [false, true]);
});

Deno.test("C97: a caller's own check may refuse an answer with a message", async () => {
  const { lm, result } = await fakeRun({
    replies: [cellReply("SUBMIT(answer=3)"), SUBMIT],
    options: { check: (outputs) => outputs.answer === 3 ? "three is too many" : null },
  });
  assertStringIncludes(lastMessage(lm, 1), "three is too many");
  assertEquals(result?.answer, 1);
});

Deno.test("C98: after five refusals the answer is extracted", async () => {
  const replies = (index: number) =>
    index < 5 ? cellReply(`SUBMIT(answer="${index}x")`) : '{"answer": 9}';
  const { lm, result } = await fakeRun({ replies });
  assertEquals(lm.requests.length, 6);
  assertEquals(result?.answer, 9);
  assertEquals(result?.stopReason, "extracted");
});

Deno.test("C95: an answer that comes before anything was printed is held back for one look", async () => {
  const { lm, result, events } = await fakeRun({
    replies: [SUBMIT, cellReply("SUBMIT(answer=2)")],
    options: { verify: true },
  });
  assertStringIncludes(lastMessage(lm, 1), "You submitted before you had seen any output");
  assertEquals(result?.answer, 2);
  assertEquals(result?.stopReason, "submitted");
  assertEquals(eventsOf(events, "submission").length, 2);
});

Deno.test("C95: output of the submitting cell itself has not been seen yet", async () => {
  const { lm, result } = await fakeRun({
    replies: [SUBMIT, SUBMIT],
    cell: (code) => ({ stdout: "1", ...submitLiterals(code) }),
    options: { verify: true },
  });
  assertEquals([lm.requests.length, result?.stopReason], [2, "submitted"]);
});

Deno.test("C95: an answer after something was printed is taken at once, and so is one in the last turn", async () => {
  const printed = await fakeRun({
    replies: [cellReply("print(1)"), SUBMIT],
    cell: (code) => code === "print(1)" ? { stdout: "1" } : submitLiterals(code),
    options: { verify: true },
  });
  assertEquals(printed.lm.requests.length, 2);
  const last = await fakeRun({ options: { verify: true, maxIterations: 1 } });
  assertEquals(last.result?.stopReason, "submitted");
});

Deno.test("C95: the answer held back is kept when the turns run out without another", async () => {
  const { result, lm } = await fakeRun({
    replies: [SUBMIT, cellReply("a"), cellReply("b")],
    options: { verify: true, maxIterations: 3 },
  });
  assertEquals(result?.answer, 1);
  assertEquals(result?.stopReason, "extracted");
  assertEquals(result?.stoppedBy, "maxIterations");
  assertEquals(lm.requests.length, 3, "no further call is paid for");
});

Deno.test("C159: events come in order with ids and parents, and a throwing listener does no harm", async () => {
  const { result, events } = await fakeRun({
    replies: [cellReply("ask"), SUBMIT],
    cell: async (code, guest) => {
      if (code !== "ask") return submitLiterals(code);
      return { stdout: String(await guest.call("llm_query", { prompt: "What?" })) };
    },
    options: { subLm: new ScriptedModel(["Something"], { name: "sub" }) },
    run: {
      onEvent: (event) => {
        if (event.type === "turn_start") throw new Error("a bad listener");
      },
    },
  });
  assertEquals(result?.answer, 1);
  assertEquals(events.map(({ seq }) => seq), events.map((_, index) => index));
  assertEquals(new Set(events.map(({ runId }) => runId)).size, 1);
  assertEquals(events.map(({ type }) => type), [
    "run_start",
    "turn_start",
    "warning",
    "model_request",
    "model_reply",
    "cell_start",
    "tool_call",
    "model_request",
    "model_reply",
    "tool_result",
    "cell_output",
    "cell_end",
    "turn_end",
    "turn_start",
    "model_request",
    "model_reply",
    "cell_start",
    "cell_end",
    "submission",
    "turn_end",
    "run_end",
  ]);
  const [tool] = eventsOf(events, "tool_call");
  const [root, sub] = eventsOf(events, "model_request");
  const [turn] = eventsOf(events, "turn_start");
  assertEquals(root?.parentCallId, null);
  assertEquals(sub?.parentCallId, tool?.callId);
  assertEquals([root?.stepId, sub?.stepId, tool?.stepId], [
    turn?.stepId,
    turn?.stepId,
    turn?.stepId,
  ]);
  assertStringIncludes(eventsOf(events, "warning")[0]?.message ?? "", "a bad listener");
});

Deno.test("a model's caution is shown once as a warning", async () => {
  const base = new ScriptedModel([SUBMIT]);
  const lm = {
    name: "r",
    caution: "this model is a recording",
    complete: base.complete.bind(base),
  };
  const { events } = await fakeRun({ options: { lm } });
  assertEquals(eventsOf(events, "warning").map(({ message }) => message), [
    "this model is a recording",
  ]);
});
