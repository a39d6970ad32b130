/** Sub-calls: what cells get from `llm_query` and `llm_query_batched`. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { ModelError } from "../lib/errors.ts";
import { type Cell, ErrorValue, type ExecuteOptions } from "../lib/host/sandbox.ts";
import { type FakeGuest, FakeSandbox, ScriptedModel } from "../lib/testing.ts";
import { cellReply, eventsOf, fakeRun } from "./fixtures/fake_run.ts";
import { ask, askAll, inCell } from "./fixtures/in_cell.ts";

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

Deno.test("a call whose sender is ended is sent again for the others that wait for it, and charged", async () => {
  const sender = new AbortController();
  let got: unknown;
  class Sandbox extends FakeSandbox {
    override async execute(code: string, options: ExecuteOptions = {}): Promise<Cell> {
      if (code !== "work") return await super.execute(code, options);
      const others = options.signal ?? new AbortController().signal;
      const first = options.tools?.llm_query?.invoke({ prompt: "a" }, { signal: sender.signal });
      const batches = [["a", "b"], ["a"]].map(async (prompts) =>
        await options.tools?.llm_query_batched?.invoke({ prompts }, { signal: others })
      );
      await assertRejects(async () => await first, DOMException, "its cell has ended");
      got = await Promise.all(batches);
      return await super.execute(code, options);
    }
  }
  const subLm = new ScriptedModel((request, index) => {
    if (index === 0) return new Promise<never>(() => {});
    if (index === 1) sender.abort(new DOMException("its cell has ended", "AbortError"));
    return `re: ${request.messages.at(-1)?.content}`;
  });
  const { result, error } = await fakeRun({
    replies: [cellReply("work"), cellReply("SUBMIT(answer=1)")],
    options: { subLm, maxLlmCalls: 3, sandbox: () => Promise.resolve(new Sandbox()) },
  });
  assertEquals(error, null);
  assertEquals(got, [["re: a", "re: b"], ["re: a"]]);
  assertEquals(subLm.requests.map(({ messages }) => messages.at(-1)?.content), ["a", "b", "a"]);
  const row = result?.usage.rows.find(({ role }) => role === "sub");
  assertEquals([row?.calls, row?.failedCalls, row?.cachedCalls], [4, 1, 1]);
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
