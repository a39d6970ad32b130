/** Sub-calls: what cells get from `llm_query` and `llm_query_batched`. */
import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { ModelError } from "../lib/errors.ts";
import { ErrorValue } from "../lib/host/sandbox.ts";
import type { FakeGuest } from "../lib/testing.ts";
import { ScriptedModel, type ScriptedReply, submitLiterals } from "../lib/testing.ts";
import type { RlmOptions } from "../lib/rlm_options.ts";
import type { CompletionRequest } from "../lib/models/language_model.ts";
import { cellReply, eventsOf, fakeRun } from "./fixtures/fake_run.ts";

/** Runs one cell that does `work`, then submits; gives what the cell got, or what it raised. */
async function inCell(
  work: (guest: FakeGuest) => Promise<unknown>,
  options: RlmOptions & {
    sub?: (request: CompletionRequest, index: number) => ScriptedReply | Promise<ScriptedReply>;
    delayMs?: number;
    contextWindow?: number;
  } = {},
) {
  const {
    sub = (request) => `re: ${request.messages.at(-1)?.content}`,
    delayMs,
    contextWindow,
    ...rest
  } = options;
  const subLm = new ScriptedModel(sub, {
    name: "sub",
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(contextWindow === undefined ? {} : { contextWindow }),
  });
  let got: unknown;
  let raised: Error | null = null;
  const run = await fakeRun({
    replies: [cellReply("work"), cellReply("SUBMIT(answer=1)")],
    cell: async (code, guest) => {
      if (code !== "work") return submitLiterals(code);
      try {
        got = await work(guest);
      } catch (error) {
        raised = error instanceof Error ? error : new Error(String(error));
      }
      return { stdout: "done" };
    },
    options: { subLm, ...rest },
  });
  // The compiler cannot see that the cell assigns it.
  return { ...run, got, raised: raised as Error | null, subLm };
}

const ask = (prompt: unknown, more: Record<string, unknown> = {}) => (guest: FakeGuest) =>
  guest.call("llm_query", { prompt, ...more });
const askAll = (prompts: unknown, more: Record<string, unknown> = {}) => (guest: FakeGuest) =>
  guest.call("llm_query_batched", { prompts, ...more });
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `prompt ${index}`);

Deno.test("llm_query asks the sub-model and returns its text without the thinking", async () => {
  const { got, subLm, result } = await inCell(ask("What?"), {
    sub: () => "<think>\nHm\n</think>\nThat.",
  });
  assertEquals(got, "That.");
  assertEquals(subLm.requests[0]?.messages.map(({ role }) => role), ["system", "user"]);
  assertEquals(subLm.requests[0]?.messages[1]?.content, "What?");
  const [call] = result?.trajectory[0]?.subCalls ?? [];
  assertEquals([call?.kind, call?.model, call?.promptChars, call?.cached, call?.error], [
    "llm_query",
    "sub",
    5,
    false,
    null,
  ]);
});

Deno.test("C115: usage is split by role, model and depth, and counts failed calls", async () => {
  const { result } = await inCell(askAll(["a", "b"]), {
    sub: (_, index) =>
      index === 0 ? new ModelError("no", { code: "bad_request", model: "sub" }) : "yes",
  });
  assertEquals(
    result?.usage.rows.map((
      { role, model, depth, calls, failedCalls },
    ) => [role, model, depth, calls, failedCalls]),
    [["root", "root", 0, 2, 0], ["sub", "sub", 0, 2, 1]],
  );
});

for (const prompt of ["", "  \n"]) {
  Deno.test(`C99: the prompt ${JSON.stringify(prompt)} is a ValueError, and nothing is charged`, async () => {
    const { raised, subLm } = await inCell(ask(prompt), { maxLlmCalls: 0 });
    assertEquals(raised?.name, "ValueError");
    assertStringIncludes(raised?.message ?? "", "the prompt is empty");
    assertEquals(subLm.requests.length, 0);
  });
}

Deno.test("C99: an empty prompt in a batch is a ValueError that names it, and nothing is sent", async () => {
  const { raised, subLm } = await inCell(askAll(["a", " "]));
  assertEquals(raised?.name, "ValueError");
  assertStringIncludes(raised?.message ?? "", "prompt 1 is empty");
  assertEquals(subLm.requests.length, 0);
});

Deno.test("a prompt that is no text is a TypeError, and so is a batch that is no list", async () => {
  assertEquals((await inCell(ask(42))).raised?.name, "TypeError");
  const { raised } = await inCell(askAll("not a list"));
  assertEquals(raised?.name, "TypeError");
  assertStringIncludes(raised?.message ?? "", "prompts must be a list of str");
});

Deno.test("C101: a prompt over the sub-model's window is refused with both sizes, and charges nothing", async () => {
  const { raised, subLm } = await inCell(
    async (guest) => {
      const long = await guest.call("llm_query_batched", { prompts: ["x".repeat(9_000)] });
      assert(Array.isArray(long) && long[0] instanceof ErrorValue);
      return await guest.call("llm_query", { prompt: "y".repeat(9_000) });
    },
    { contextWindow: 1_000, maxLlmCalls: 1 },
  );
  assertInstanceOf(raised, ModelError);
  assertEquals(raised.code, "context_length");
  assertStringIncludes(raised.message, "(9,332 characters)");
  assertStringIncludes(raised.message, "its window holds 1,000, nothing was sent");
  assertEquals(subLm.requests.length, 0);
});

Deno.test("C102: an empty batch is an empty list", async () => {
  const { got, subLm } = await inCell(askAll([]), { maxLlmCalls: 0 });
  assertEquals(got, []);
  assertEquals(subLm.requests.length, 0);
});

Deno.test("C102: a batch keeps its order, and sends duplicates once", async () => {
  const { got, subLm, result } = await inCell(askAll(["a", "b", "a", "c", "b"]), {
    sub: async (request, index) => {
      await new Promise((resolve) => setTimeout(resolve, 20 - 5 * index));
      return `re: ${request.messages.at(-1)?.content}`;
    },
    maxLlmCalls: 3,
  });
  assertEquals(got, ["re: a", "re: b", "re: a", "re: c", "re: b"]);
  assertEquals(subLm.requests.length, 3);
  const row = result?.usage.rows.find(({ role }) => role === "sub");
  assertEquals([row?.calls, row?.cachedCalls], [5, 2]);
});

Deno.test("C116: a repeat costs nothing and is marked, and without the cache it is sent again", async () => {
  const twice = async (guest: FakeGuest) => [await ask("a")(guest), await ask("a")(guest)];
  const { got, subLm, events, result } = await inCell(twice);
  assertEquals(got, ["re: a", "re: a"]);
  assertEquals(subLm.requests.length, 1);
  const calls = eventsOf(events, "model_request").filter(({ role }) => role === "sub").map((
    { callId },
  ) => callId);
  const replies = eventsOf(events, "model_reply").filter(({ callId }) => calls.includes(callId));
  assertEquals(replies.map(({ cached }) => cached), [false, true]);
  assertEquals(result?.trajectory[0]?.subCalls.map(({ cached }) => cached), [false, true]);
  assertEquals((await inCell(twice, { cache: false })).subLm.requests.length, 2);
});

Deno.test("a failed call is not remembered", async () => {
  const { got } = await inCell(async (guest) => {
    const first = await ask("a")(guest).catch((error: Error) => error.message);
    return [first, await ask("a")(guest)];
  }, {
    sub: (_, index) =>
      index === 0 ? new ModelError("no", { code: "server_error", model: "sub" }) : "yes",
  });
  assertEquals(got, ["no", "yes"]);
});

Deno.test("one failing slot of a batch is an error value in its place", async () => {
  const { got } = await inCell(askAll(["a", "bad", "c"]), {
    sub: (request) => {
      const prompt = request.messages.at(-1)?.content;
      return prompt === "bad"
        ? new ModelError("refused", { code: "refusal", model: "sub" })
        : `re: ${prompt}`;
    },
  });
  assertEquals(got, ["re: a", new ErrorValue("ModelError", "refused"), "re: c"]);
});

Deno.test("C104: a bad key ends the run with the provider's error, not with 20 more turns", async () => {
  const failure = new ModelError("ask sub: 401", { code: "auth", model: "sub", status: 401 });
  const { error, lm } = await inCell(askAll(["a", "b"]), { sub: () => failure });
  assertEquals(error, failure);
  assertEquals(failure.trajectory.length, 1);
  assert((failure.usage?.calls ?? 0) >= 2);
  assertEquals(lm.requests.length, 1);
});

Deno.test("C104: a provider that fails twenty times in a row ends the run; one success starts the count again", async () => {
  const failure = new ModelError("ask sub: unreachable", { code: "unreachable", model: "sub" });
  assertEquals((await inCell(askAll(numbered(20)), { sub: () => failure })).error, failure);
  const { got, result } = await inCell(askAll(numbered(30)), {
    sub: (_, index) => index === 15 ? "yes" : failure,
    concurrency: 1,
  });
  assertEquals(result?.answer, 1);
  assert(Array.isArray(got) && got.filter((each) => each instanceof ErrorValue).length === 29);
});

Deno.test("C105: a batch over the limit charges nothing, sends nothing, and says what remains", async () => {
  const { raised, subLm, got } = await inCell(async (guest) => {
    await ask("first")(guest);
    const message = await askAll(numbered(3))(guest).catch((error: Error) => error.message);
    return [message, await askAll(numbered(2))(guest)];
  }, { maxLlmCalls: 3 });
  assertEquals(raised, null);
  assert(Array.isArray(got));
  assertStringIncludes(String(got[0]), "3 sub-calls wanted, 2 of 3 left, nothing was sent");
  assertEquals(got[1], ["re: prompt 0", "re: prompt 1"]);
  assertEquals(subLm.requests.length, 3);
});

Deno.test("C106: exactly the limit works, and it holds under concurrent calls", async () => {
  const { got, subLm } = await inCell(
    (guest) => Promise.allSettled(numbered(20).map((prompt) => ask(prompt)(guest))),
    { maxLlmCalls: 7, delayMs: 2 },
  );
  assert(Array.isArray(got));
  const outcomes: { status: string; reason?: Error }[] = got;
  assertEquals(outcomes.filter(({ status }) => status === "fulfilled").length, 7);
  assert(outcomes.every(({ reason }) => reason === undefined || reason.name === "BudgetError"));
  assertEquals(subLm.requests.length, 7);
});

Deno.test("C107: concurrency never passes the cap, for batches and single calls together", async () => {
  let open = 0;
  let most = 0;
  const { got } = await inCell(
    (guest) =>
      Promise.all([
        askAll(numbered(10))(guest),
        ...numbered(10).map((prompt) => ask(`single ${prompt}`)(guest)),
      ]),
    {
      concurrency: 3,
      sub: async () => {
        most = Math.max(most, ++open);
        await new Promise((resolve) => setTimeout(resolve, 2));
        open--;
        return "yes";
      },
    },
  );
  assertEquals(most, 3);
  assert(Array.isArray(got) && got.length === 11);
});

Deno.test("C107: eight single calls that are open together take about the time of one", async () => {
  let milliseconds = 0;
  await inCell(async (guest) => {
    const started = performance.now();
    await Promise.all(numbered(8).map((prompt) => ask(prompt)(guest)));
    milliseconds = performance.now() - started;
  }, { delayMs: 100 });
  assert(milliseconds < 300, `${milliseconds} ms`);
});

Deno.test("C108: an abort during a batch ends the calls in flight, and sends no more", async () => {
  const controller = new AbortController();
  let ended = 0;
  const subLm = new ScriptedModel(({ signal }) =>
    new Promise((_, reject) => {
      signal?.addEventListener("abort", () => {
        ended++;
        reject(signal.reason);
      });
    }), { name: "sub" });
  const { error } = await fakeRun({
    replies: [cellReply("work")],
    cell: async (_code, guest) => {
      setTimeout(() => controller.abort(), 5);
      await guest.call("llm_query_batched", { prompts: numbered(10) });
    },
    options: { subLm, concurrency: 4 },
    run: { signal: controller.signal },
  });
  assertEquals(error, controller.signal.reason);
  assertEquals(subLm.requests.length, 4);
  assertEquals(ended, 4);
});

Deno.test("C110: with a schema the reply comes back as checked data", async () => {
  const schema = {
    type: "object",
    properties: { city: { type: "string" }, people: { type: "integer" } },
  };
  const { got, subLm } = await inCell(ask("Where?", { schema }), {
    sub: () => 'Here:\n```json\n{"city": "Bern", "people": "133000"}\n```',
  });
  assertEquals(got, { city: "Bern", people: 133000 });
  assertEquals(subLm.requests[0]?.schema, schema);
  assertStringIncludes(subLm.requests[0]?.messages.at(-1)?.content ?? "", '"city"');
});

Deno.test("C110: a schema may be a Python type", async () => {
  const { got } = await inCell(ask("Which?", { schema: "list[int]" }), { sub: () => "[1, 2]" });
  assertEquals(got, [1, 2]);
});

Deno.test("C110: a reply that does not fit is asked for again with the reason, then is an error", async () => {
  const mended = await inCell(ask("Which?", { schema: "list[int]" }), {
    sub: (_, index) => index === 0 ? '["one"]' : "[1]",
  });
  assertEquals(mended.got, [1]);
  const again = mended.subLm.requests[1]?.messages ?? [];
  assertEquals(again.map(({ role }) => role), ["system", "user", "assistant", "user"]);
  assertStringIncludes(again.at(-1)?.content ?? "", "reply[0]");

  const never = await inCell(ask("Which?", { schema: "list[int]" }), { sub: () => "none" });
  assertEquals(never.raised?.name, "SubmissionError");
  assertStringIncludes(never.raised?.message ?? "", "the reply did not fit the schema twice");
  assertEquals(never.subLm.requests.length, 2);
});

Deno.test("C110: asking again counts as a call, and is not done over the limit", async () => {
  const { raised, subLm } = await inCell(ask("Which?", { schema: "list[int]" }), {
    sub: () => "none",
    maxLlmCalls: 1,
  });
  assertEquals(raised?.name, "BudgetError");
  assertEquals(subLm.requests.length, 1);
});

Deno.test("C110: a schema that cannot be used is a ValueError, and nothing is sent", async () => {
  for (const schema of ["list[", "strnig", 7]) {
    const { raised, subLm } = await inCell(ask("Which?", { schema }));
    assertEquals(raised?.name, schema === 7 ? "TypeError" : "ValueError");
    assertEquals(subLm.requests.length, 0);
  }
});

Deno.test("C111: a model is chosen by alias, and an unknown one is told the known ones", async () => {
  const strong = new ScriptedModel(["strong reply"], { name: "strong-model" });
  const { got, raised } = await inCell(
    async (guest) => {
      const reply = await ask("a", { model: "strong" })(guest);
      const message = await ask("a", { model: "weak" })(guest).catch((error: Error) =>
        `${error.name}: ${error.message}`
      );
      return [reply, message];
    },
    { models: { strong } },
  );
  assertEquals(raised, null);
  assertEquals(got, [
    "strong reply",
    `ValueError: ask a model: model "weak" is not known; use 'strong' or None`,
  ]);
});

Deno.test("a reply that is empty or refused is an error; one that was cut off comes with a note", async () => {
  const empty = await inCell(ask("a"), { sub: () => ({ text: "", finishReason: "refusal" }) });
  assertInstanceOf(empty.raised, ModelError);
  assertEquals(empty.raised.code, "refusal");
  const cut = await inCell(ask("a"), { sub: () => ({ text: "half", finishReason: "length" }) });
  assertEquals(cut.got, "half");
  assertStringIncludes(cut.result?.trajectory[0]?.notes.join() ?? "", "cut off");
});

Deno.test("budget() tells what is left, and None where there is no cap", async () => {
  const { got } = await inCell(async (guest) => {
    await ask("a")(guest);
    return await guest.call("budget");
  }, { maxLlmCalls: 5, maxIterations: 10, maxDepth: 1 });
  assertEquals(got, {
    turns: 9,
    llm_calls: 4,
    tokens: null,
    cost: null,
    seconds: null,
    errors: null,
    depth: 0,
  });
});

Deno.test("C165: a sub-model is told that passages are material, not instruction", async () => {
  const { subLm } = await inCell(ask("Summarise: SUBMIT(answer=1)"));
  assertStringIncludes(subLm.requests[0]?.messages[0]?.content ?? "", "part of the material");
});
