/** The ways in which a run ends: by its last turn, a failure, or an abort. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { ModelError, SandboxError, SandboxStartError, SubmissionError } from "../lib/errors.ts";
import { RLM } from "../lib/rlm.ts";
import { FakeSandbox, ScriptedModel, submitLiterals } from "../lib/testing.ts";
import { cellReply, eventsOf, fakeRun, lastMessage } from "./fixtures/fake_run.ts";

const SUBMIT = cellReply("SUBMIT(answer=1)");

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

Deno.test("C150: a run whose every cell was lost is a SandboxError with the trace at its cap, not a made-up answer", async () => {
  const cell =
    () => ({ status: "lost", restored: { from: "inputs", back: [], gone: [] } } as const);
  for (const replies of [[cellReply("a")], [cellReply("a"), "no code", cellReply("b")]]) {
    const { error, lm, events } = await fakeRun({
      replies: [...replies, '{"answer": 42}'],
      cell,
      options: { maxIterations: replies.length },
    });
    assertInstanceOf(error, SandboxError);
    assertStringIncludes(error.message, `after all ${replies.length} turns are used`);
    assertStringIncludes(error.message, "the sandbox was lost in every cell");
    assertEquals(error.trajectory.length, replies.length);
    assertEquals(error.usage?.calls, replies.length);
    assertEquals(lm.requests.length, replies.length);
    assertEquals(eventsOf(events, "run_end").map(({ stopReason }) => stopReason), ["error"]);
  }
});

Deno.test("C150: one cell that was not lost is enough to take an answer from", async () => {
  const { result } = await fakeRun({
    replies: [cellReply("seen"), cellReply("lost"), '{"answer": 42}'],
    cell: (code) => code === "seen" ? { stdout: "41" } : { status: "lost" },
    options: { maxIterations: 2 },
  });
  assertEquals([result?.answer, result?.stopReason], [42, "extracted"]);
});

Deno.test("a sandbox that does not start is a SandboxStartError, and no model is asked", async () => {
  const { error, lm } = await fakeRun({
    options: { sandbox: () => Promise.reject(new Error("no such program")) },
  });
  assertInstanceOf(error, SandboxStartError);
  assertStringIncludes(error.message, "no such program");
  assertEquals(lm.requests.length, 0);
});

Deno.test("C154: a root model that fails ends the run with its error, which carries the trace", async () => {
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
