/** Streams: the events of a run as an async iterable. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { RLM } from "../lib/rlm.ts";
import { cell, FakeSandbox, ScriptedModel, type ScriptedReply } from "../lib/testing.ts";

function streaming(replies: readonly ScriptedReply[], delayMs = 0) {
  const sandbox = new FakeSandbox();
  const lm = new ScriptedModel(replies, { delayMs });
  const rlm = new RLM("query -> answer: int", {
    lm,
    sandbox: () => Promise.resolve(sandbox),
    verify: false,
  });
  return { rlm, lm, sandbox };
}

Deno.test("RLM.stream yields the events in order, text of the model included, and returns the result", async () => {
  const { rlm } = streaming([cell("SUBMIT(answer=1)")]);
  const stream = rlm.stream({ query: "?" });
  const types: string[] = [];
  let next = await stream.next();
  for (; !next.done; next = await stream.next()) types.push(next.value.type);
  const answer: number = next.value.answer;
  assertEquals(answer, 1);
  assertEquals(types[0], "run_start");
  assertEquals(types.at(-1), "run_end");
  assert(types.includes("model_delta"));
});

Deno.test("RLM.stream ends with run_end, whose event has the answer", async () => {
  const { rlm } = streaming([cell("SUBMIT(answer=1)")]);
  let last: unknown;
  for await (const event of rlm.stream({ query: "?" })) {
    last = event.type === "run_end" ? event.result : null;
  }
  assertEquals(last, { answer: 1 });
});

Deno.test("leaving RLM.stream early aborts the run and closes its sandbox", async () => {
  const { rlm, lm, sandbox } = streaming([cell("a"), cell("b"), cell("SUBMIT(answer=1)")], 5);
  for await (const event of rlm.stream({ query: "?" })) if (event.type === "turn_end") break;
  assert(sandbox.closed);
  const asked = lm.requests.length;
  await new Promise((resolve) => setTimeout(resolve, 30));
  assertEquals(lm.requests.length, asked);
  assert(asked < 3);
});

Deno.test("RLM.stream throws what the run throws, after its last event", async () => {
  const { rlm } = streaming([]);
  const types: string[] = [];
  await assertRejects(
    async () => {
      for await (const event of rlm.stream({ query: "?" })) types.push(event.type);
    },
    Error,
    "all 0 replies are used",
  );
  assertEquals(types.at(-1), "run_end");
});

Deno.test("RLM.stream obeys a signal of the caller's", async () => {
  const { rlm } = streaming([cell("a"), cell("b")], 20);
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error("enough")), 5);
  await assertRejects(
    async () => {
      for await (const _ of rlm.stream({ query: "?" }, { signal: controller.signal }));
    },
    Error,
    "enough",
  );
});
