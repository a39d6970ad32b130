/** The loop: how turns go on, and the ways in which a run ends. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  BudgetError,
  ModelError,
  SandboxError,
  SandboxStartError,
  SubmissionError,
} from "../lib/errors.ts";
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

Deno.test("C148: maxIterations 0 is refused when the RLM is made", () => {
  const error = assertThrows(() => new RLM("a -> b", { maxIterations: 0 }), RangeError);
  assertEquals(error.message, "set maxIterations: 0 is not a whole number of at least 1");
});

Deno.test("C148: maxIterations 1 means one turn and then the fallback, flagged in the result", async () => {
  const { result, events } = await fakeRun({
    replies: [cellReply("look"), 'The answer:\n```json\n{"answer": "42"}\n```'],
    options: { maxIterations: 1 },
  });
  assertEquals(result?.answer, 42);
  assertEquals(result?.stopReason, "extracted");
  assertEquals(result?.stoppedBy, "maxIterations");
  assertEquals(result?.usage.rows.map(({ role }) => role), ["root", "extract"]);
  assertEquals(
    eventsOf(events, "budget").map(({ cap, used, allowed }) => ({ cap, used, allowed })),
    [
      { cap: "maxIterations", used: 1, allowed: 1 },
    ],
  );
});

Deno.test("C149: the fallback sees the task, the previews and the whole history, and is asked for the schema", async () => {
  const { lm } = await fakeRun({
    replies: [cellReply("print('seen')"), '{"answer": 1}'],
    cell: () => ({ stdout: "seen it" }),
    options: { maxIterations: 1 },
  });
  const request = lm.requests[1];
  const text = request?.messages.map(({ content }) => content).join("\n") ?? "";
  for (
    const part of [
      "How many?",
      "`context`: str, 4 characters",
      "print('seen')",
      "seen it",
      "The run ends here",
    ]
  ) {
    assertStringIncludes(text, part);
  }
  assertEquals(request?.schema?.type, "object");
  assertEquals(request?.messages.map(({ role }) => role), ["system", "user", "assistant", "user"]);
});

Deno.test("C149: a fallback that does not fit is asked once more, then is a SubmissionError with the trace", async () => {
  const { error, lm } = await fakeRun({
    replies: [cellReply("look"), "no idea", '{"answer": "none"}'],
    options: { maxIterations: 1 },
  });
  assertInstanceOf(error, SubmissionError);
  assertStringIncludes(error.message, "take an answer from the run");
  assertEquals(error.issues.map(({ path, wanted }) => ({ path, wanted })), [{
    path: "answer",
    wanted: "int",
  }]);
  assertEquals(error.trajectory.length, 1);
  assertEquals(error.usage?.calls, 3);
  assertStringIncludes(lastMessage(lm, 2), "This does not fit");
});

Deno.test("C150: a sandbox that fails is a SandboxError with the trace, and the fallback is not asked", async () => {
  const { error, lm, events } = await fakeRun({
    replies: [cellReply("a"), cellReply("b")],
    cell: (code) => {
      if (code === "b") throw new Error("the pipe is broken");
      return undefined;
    },
  });
  assertInstanceOf(error, SandboxError);
  assertEquals(error.message, "run a cell: the pipe is broken");
  assertEquals(error.trajectory.length, 1);
  assertEquals(error.usage?.calls, 2);
  assertEquals(lm.requests.length, 2);
  assertEquals(eventsOf(events, "run_end").map(({ stopReason }) => stopReason), ["error"]);
});

Deno.test("C150: three guests lost in a row are the sandbox's fault; one is told to the model", async () => {
  const restored = { from: "inputs", back: ["context"], gone: ["x"] } as const;
  const lost = () => ({ status: "lost", restored } as const);
  const once = await fakeRun({
    replies: [cellReply("a"), SUBMIT],
    cell: (code) => code === "a" ? lost() : submitLiterals(code),
  });
  assertEquals(once.result?.answer, 1);
  assertStringIncludes(lastMessage(once.lm, 1), "Variables that are back: context. Gone: x.");
  const always = await fakeRun({ replies: (index) => cellReply(`cell_${index}`), cell: lost });
  assertInstanceOf(always.error, SandboxError);
  assertEquals(always.lm.requests.length, 3);
});

Deno.test("a sandbox that does not start is a SandboxStartError, and no model is asked", async () => {
  const { error, lm } = await fakeRun({
    options: { sandbox: () => Promise.reject(new Error("no such program")) },
  });
  assertInstanceOf(error, SandboxStartError);
  assertStringIncludes(error.message, "no such program");
  assertEquals(lm.requests.length, 0);
});

Deno.test("a root model that fails ends the run with its error, which carries the trace", async () => {
  const failure = new ModelError("ask root: 401", { code: "auth", model: "root", status: 401 });
  const { error, events } = await fakeRun({ replies: [cellReply("a"), failure] });
  assertEquals(error, failure);
  assertEquals(failure.trajectory.length, 1);
  assertEquals(failure.usage?.rows[0]?.failedCalls, 1);
  assertEquals(eventsOf(events, "run_end")[0]?.error, {
    type: "ModelError",
    message: "ask root: 401",
  });
});

Deno.test("C153: an abort while the model thinks rejects with the signal's reason, which carries the trace", async () => {
  const controller = new AbortController();
  const reason = new DOMException("stop", "AbortError");
  const run = await fakeRun({
    replies: (index) => {
      if (index === 1) setTimeout(() => controller.abort(reason), 5);
      return index === 1 ? { text: cellReply("late") } : cellReply("first");
    },
    options: {},
    run: { signal: controller.signal },
    cell: async (code, { signal }) => {
      if (code !== "late") return;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
  });
  assertEquals(run.error, reason);
  assert("trajectory" in reason && Array.isArray(reason.trajectory));
  assertEquals(reason.trajectory.map(({ code }) => code), ["first", "late"]);
  assert("usage" in reason);
  assert(run.sandboxes[0]?.closed);
  assertEquals(eventsOf(run.events, "run_end").map(({ stopReason }) => stopReason), ["aborted"]);
});

Deno.test("C153: a model and a sandbox that ignore the abort do not hold it up", async () => {
  for (const stage of ["start", "model", "cell"]) {
    const controller = new AbortController();
    const never = new Promise<never>(() => {});
    const lm = new ScriptedModel(() => stage === "model" ? never : SUBMIT);
    const rlm = new RLM("query -> answer: int", {
      lm,
      sandbox: () => stage === "start" ? never : Promise.resolve(new FakeSandbox(() => never)),
    });
    setTimeout(() => controller.abort(), 10);
    const started = performance.now();
    const error = await assertRejects(() => rlm.run({ query: "?" }, { signal: controller.signal }));
    assertEquals(error, controller.signal.reason, stage);
    assert(performance.now() - started < 1_000, stage);
  }
});

Deno.test("C147: a sandbox that starts only after the abort is closed", async () => {
  const controller = new AbortController();
  const sandbox = new FakeSandbox();
  const late = Promise.withResolvers<FakeSandbox>();
  const rlm = new RLM("query -> answer: int", {
    lm: new ScriptedModel([]),
    sandbox: () => late.promise,
  });
  const run = rlm.run({ query: "?" }, { signal: controller.signal });
  await new Promise((resolve) => setTimeout(resolve, 1));
  controller.abort();
  await assertRejects(() => run);
  late.resolve(sandbox);
  await new Promise((resolve) => setTimeout(resolve, 1));
  assert(sandbox.closed);
});

Deno.test("C151: maxTokens ends the turns before a call that would pass it, and leaves room for the last one", async () => {
  const { result, lm, events } = await fakeRun({
    replies: (index, { schema }) =>
      schema === undefined ? cellReply(`print(${index})`) : '{"answer": 5}',
    cell: () => ({ stdout: "x".repeat(8_000) }),
    options: { maxTokens: 30_000 },
  });
  assertEquals(result?.stopReason, "budget");
  assertEquals(result?.stoppedBy, "maxTokens");
  assertEquals(result?.answer, 5);
  const { inputTokens = 0, outputTokens = 0 } = result?.usage ?? {};
  assert(inputTokens + outputTokens <= 30_000, `${inputTokens + outputTokens} tokens`);
  assert(lm.requests.length > 2);
  assertEquals(eventsOf(events, "budget").map(({ cap }) => cap), ["maxTokens"]);
});

Deno.test("C151: maxSeconds ends the cell that is running, and the last call gives what is known", async () => {
  const { result } = await fakeRun({
    replies: [cellReply("wait"), '{"answer": 5}'],
    cell: async (_code, { signal }) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
    options: { maxSeconds: 0.3 },
  });
  assertEquals(result?.stopReason, "budget");
  assertEquals(result?.stoppedBy, "maxSeconds");
  assertEquals(result?.answer, 5);
  assertEquals(result?.trajectory.map(({ code }) => code), ["wait"]);
});

Deno.test("C151: maxErrors ends the turns", async () => {
  const error = { type: "NameError", message: "x", traceback: "NameError: x" };
  const { result } = await fakeRun({
    replies: [cellReply("a"), cellReply("b"), '{"answer": 5}'],
    cell: () => ({ error }),
    options: { maxErrors: 2 },
  });
  assertEquals(result?.stopReason, "budget");
  assertEquals(result?.stoppedBy, "maxErrors");
});

Deno.test("C151: a cap that leaves no room for the first call is a BudgetError, and nothing is sent", async () => {
  const { error, lm } = await fakeRun({ options: { maxTokens: 100 } });
  assertInstanceOf(error, BudgetError);
  assertEquals(error.cap, "maxTokens");
  assertEquals([error.used, error.allowed], [0, 100]);
  assertEquals(lm.requests.length, 0);
  assertEquals(error.usage?.calls, 0);
});

Deno.test("C152: maxCost with a model of unknown price is refused before anything is started", async () => {
  const lm = new ScriptedModel([SUBMIT], { name: "mystery", pricePerToken: null });
  const { error, sandboxes } = await fakeRun({ options: { lm, maxCost: 1 } });
  assertInstanceOf(error, BudgetError);
  assertEquals(error.cap, "maxCost");
  assertStringIncludes(error.message, "the price of mystery is not known");
  assertEquals([lm.requests.length, sandboxes.length], [0, 0]);
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
