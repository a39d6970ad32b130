/** Sessions: runs that share one REPL and one conversation. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { RLM } from "../lib/rlm.ts";
import { cell, FakeSandbox, ScriptedModel } from "../lib/testing.ts";

function chatting(replies: readonly string[]) {
  const sandboxes: FakeSandbox[] = [];
  const lm = new ScriptedModel(replies);
  const rlm = new RLM("context, query -> answer: int", {
    lm,
    sandbox: () => {
      const sandbox = new FakeSandbox();
      sandboxes.push(sandbox);
      return Promise.resolve(sandbox);
    },
    verify: false,
  });
  return { rlm, lm, sandboxes };
}

Deno.test("a session keeps the sandbox and the conversation, and binds only what is new", async () => {
  const { rlm, lm, sandboxes } = chatting([
    cell("SUBMIT(answer=1)"),
    cell("x"),
    cell("SUBMIT(answer=2)"),
  ]);
  {
    await using chat = rlm.session();
    const first = await chat.run({ context: "a text", query: "How many?" });
    const second = await chat.run({ query: "And now?" });
    assertEquals([first.answer, second.answer], [1, 2]);
    assertEquals(second.trajectory.length, 2, "each run has its own trajectory");
    assertEquals(second.usage.calls, 2);
    assertEquals(sandboxes.length, 1);
    assertEquals(sandboxes[0]?.bindings, [["context", "query"], ["query"]]);
    assert(!sandboxes[0]?.closed);
  }
  assert(sandboxes[0]?.closed);
  const [before, after] = [lm.requests[0]?.messages ?? [], lm.requests[1]?.messages ?? []];
  assertEquals(after.slice(0, before.length), before);
  const question = after.at(-1)?.content ?? "";
  assertStringIncludes(question, "# Next task");
  assertStringIncludes(question, "And now?");
  assert(!question.includes("`context`: str"), "what is bound already is not told again");
});

Deno.test("the first run of a session needs all inputs, and nothing is started without them", async () => {
  const { rlm, sandboxes } = chatting([]);
  await using chat = rlm.session();
  await assertRejects(() => chat.run({ query: "How many?" }), TypeError, "'context' is missing");
  assertEquals(sandboxes.length, 0);
});

Deno.test("a session runs one at a time, and not after it was closed", async () => {
  const { rlm } = chatting([cell("SUBMIT(answer=1)")]);
  const chat = rlm.session();
  const first = chat.run({ context: "a", query: "b" });
  await assertRejects(() => chat.run({ query: "c" }), TypeError, "it is running");
  assertEquals((await first).answer, 1);
  await chat[Symbol.asyncDispose]();
  await chat[Symbol.asyncDispose]();
  await assertRejects(() => chat.run({ query: "c" }), TypeError, "it is closed");
});

Deno.test("a session goes on after a run of it has failed", async () => {
  const { rlm, lm } = chatting([
    "no code",
    "no code",
    "no code",
    "no",
    "no",
    cell("SUBMIT(answer=3)"),
  ]);
  await using chat = rlm.session();
  await assertRejects(
    () => chat.run({ context: "a", query: "b" }),
    Error,
    "take an answer from the run",
  );
  assertEquals((await chat.run({ context: "a", query: "c" })).answer, 3);
  const roles = lm.requests.at(-1)?.messages.map(({ role }) => role) ?? [];
  assert(
    roles.every((role, at) => at < 2 || role !== roles[at - 1]),
    `roles take turns: ${roles.join(" ")}`,
  );
});
