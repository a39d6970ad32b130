/** Limits of sub-calls: how many, how many at once, what of a failure is told, and when failures end the run. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertObjectMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { ModelError } from "../lib/errors.ts";
import { type Cell, ErrorValue, type ExecuteOptions } from "../lib/host/sandbox.ts";
import { FakeSandbox, ScriptedModel } from "../lib/testing.ts";
import { cellReply, eventsOf, fakeRun } from "./fixtures/fake_run.ts";
import { ask, askAll, inCell, numbered } from "./fixtures/in_cell.ts";

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

Deno.test("a cell learns of a failed call what it can do about it, and no address; the host has all", async () => {
  const address = "http://10.0.0.5:8080/v1";
  const cases = [
    [{ code: "unreachable" }, "(unreachable); go on without it, or ask again later"],
    [
      { code: "context_length", status: 400 },
      "(context_length, status 400); send less text in one prompt",
    ],
  ] as const;
  for (const [details, told] of cases) {
    const failure = new ModelError(`Cannot get a reply from sub at ${address}: no`, {
      ...details,
      model: "sub",
    });
    const { got, raised, events, result } = await inCell(async (guest) => {
      const batch = await askAll(["a"])(guest);
      await ask("b")(guest).catch((error: Error) => {
        throw Object.assign(error, { batch });
      });
    }, { sub: () => failure });
    const message = `ask sub: it did not answer ${told}`;
    assertEquals(got, undefined);
    assertInstanceOf(raised, ModelError);
    assertEquals([raised.message, raised.code, raised.cause], [message, details.code, failure]);
    assertEquals(Reflect.get(raised, "batch"), [new ErrorValue("ModelError", message)]);
    const [error] = eventsOf(events, "model_error");
    assertEquals(error?.error.message, failure.message);
    assertEquals(result?.trajectory[0]?.subCalls[0]?.error, failure.message);
  }
  const broken = await inCell(ask("c"), {
    sub: () => {
      throw new TypeError(`fetch ${address}: refused`);
    },
  });
  assertEquals([broken.raised?.name, broken.raised?.message], ["TypeError", "ask sub: it failed"]);
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

Deno.test("C105: a question sent again because an identical one failed is charged again", async () => {
  const { got, subLm } = await inCell(askAll(["a", "a"]), {
    sub: () => new ModelError("ask sub: 500", { code: "server_error", model: "sub" }),
    maxLlmCalls: 1,
    concurrency: 1,
  });
  assert(Array.isArray(got));
  assertEquals(got.map(({ type }) => type), ["ModelError", "BudgetError"]);
  assertEquals(subLm.requests.length, 1);
});

Deno.test("C108: sub-calls that are given up while they wait for a place cost nothing", async () => {
  const ending = new AbortController();
  const first = Promise.withResolvers<string>();
  let left: unknown;
  class Sandbox extends FakeSandbox {
    override async execute(code: string, options: ExecuteOptions = {}): Promise<Cell> {
      if (code !== "work") return await super.execute(code, options);
      const call = async (name: string, args: Record<string, unknown>, signal: AbortSignal) =>
        await options.tools?.[name]?.invoke(args, { signal });
      const { signal } = new AbortController();
      const asked = call("llm_query", { prompt: "a" }, signal);
      const waiting = [
        call("llm_query", { prompt: "b" }, ending.signal),
        call("llm_query_batched", { prompts: ["c", "d", "c", "e"] }, ending.signal),
        call("rlm_query", { query: "f" }, ending.signal),
      ];
      ending.abort(new DOMException("their cell has ended", "AbortError"));
      for (const each of waiting) await assertRejects(() => each, DOMException, "has ended");
      first.resolve("yes");
      assertEquals(await asked, "yes");
      left = await call("budget", {}, signal);
      return await super.execute(code, options);
    }
  }
  const subLm = new ScriptedModel(() => first.promise, { name: "sub" });
  const { error } = await fakeRun({
    replies: [cellReply("work"), cellReply("SUBMIT(answer=1)")],
    options: {
      ...{ subLm, maxLlmCalls: 5, maxTokens: 100_000, concurrency: 1, maxDepth: 2 },
      sandbox: () => Promise.resolve(new Sandbox()),
    },
  });
  assertEquals(error, null);
  assertEquals(subLm.requests.length, 1);
  assertObjectMatch(Object(left), { llm_calls: 4 });
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
