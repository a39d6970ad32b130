/** A thread that waits for one answer gets it, whatever its size, and is known to sleep only while it does. */
import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import { createSandbox, type Tool } from "../lib/host/mod.ts";
import { CallSlot } from "../sandbox/call_slot.ts";
import { ErrorCode, type JsonValue } from "../sandbox/protocol.ts";
import { RpcError } from "../sandbox/rpc_peer.ts";
import { WaitingCallee } from "../sandbox/waiting_call.ts";

const THREAD = new URL("./fixtures/waiting_thread.ts", import.meta.url);

/** A real thread that waits on the slot when it is told to, and says what came of it. */
class Waiter implements Disposable {
  readonly slot = new CallSlot();
  readonly #worker = new Worker(THREAD, { type: "module" });

  /** Has the thread wait, at once or after it has been busy; resolves to what it read. */
  async wait(busyMs = 0): Promise<string | null> {
    const { promise, resolve } = Promise.withResolvers<string | null>();
    this.#worker.onmessage = ({ data }) => resolve(data.text);
    this.#worker.postMessage({ shared: this.slot.shared, busyMs });
    return await promise;
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

function failed(): Promise<JsonValue> {
  const data = { type: "ValueError", message: "no such line" };
  return Promise.reject(new RpcError(ErrorCode.toolFailed, "no such line", data));
}

Deno.test("an answer wakes the thread that waits for it: a value, a failure, text of any script", async () => {
  using waiter = new Waiter();
  const callee = new WaitingCallee(waiter.slot, () => {});
  const answers: [() => Promise<JsonValue>, string][] = [
    [() => Promise.resolve({ value: 6 }), '{"value":6}'],
    [() => Promise.resolve({ value: "żółw 🐢" }), '{"value":"żółw 🐢"}'],
    [() => Promise.resolve({ value: "\ud800" }), '{"value":"\\ud800"}'],
    [failed, '{"error":{"type":"ValueError","message":"no such line"}}'],
    [
      () => Promise.reject(new TypeError("boom")),
      '{"error":{"type":"RuntimeError","message":"boom"}}',
    ],
  ];
  for (const [call, text] of answers) {
    waiter.slot.clear();
    const read = waiter.wait();
    assertEquals(await callee.sleeps(), false);
    await callee.answer(call);
    assertEquals(await read, text);
  }
});

Deno.test("an answer with no room in the slot goes through the port, up to the last byte", async () => {
  using waiter = new Waiter();
  const sent: JsonValue[] = [];
  const callee = new WaitingCallee(waiter.slot, (answer) => sent.push(answer));
  const sizes = { here: 64 * 1024 - '{"value":""}'.length, port: 64 * 1024 };
  for (const [where, size] of Object.entries(sizes)) {
    waiter.slot.clear();
    const read = waiter.wait();
    const value = "x".repeat(size);
    await callee.answer(() => Promise.resolve({ value }));
    assertEquals(await read, where === "here" ? JSON.stringify({ value }) : null, where);
    assertEquals(sent, where === "here" ? [] : [{ value }], where);
  }
  waiter.slot.clear();
  const wide = "ż".repeat(40_000);
  const read = waiter.wait();
  await callee.answer(() => Promise.resolve({ value: wide }));
  assertEquals([await read, sent.at(-1)], [null, { value: wide }]);
});

Deno.test("an answer that the port refuses becomes an error that the port takes", async () => {
  using waiter = new Waiter();
  const sent: JsonValue[] = [];
  const callee = new WaitingCallee(waiter.slot, (answer) => {
    if (JSON.stringify(answer).length > 100) throw new RpcError(ErrorCode.tooLarge, "too large");
    sent.push(answer);
  });
  waiter.slot.clear();
  const read = waiter.wait();
  await callee.answer(() => Promise.resolve({ value: "x".repeat(100_000) }));
  assertEquals(await read, null);
  assertEquals(sent, [{ error: { type: "RuntimeError", message: "too large" } }]);
});

Deno.test("a thread that is sent something larger meanwhile is woken to take it, and gets the answer after it", async () => {
  using waiter = new Waiter();
  const sent: JsonValue[] = [];
  const callee = new WaitingCallee(waiter.slot, (answer) => sent.push(answer));
  const tool = Promise.withResolvers<JsonValue>();
  waiter.slot.clear();
  const read = waiter.wait();
  const answered = callee.answer(() => tool.promise);
  callee.usePort();
  callee.usePort();
  assertEquals(await read, null);
  assertEquals([sent, await callee.sleeps()], [[], false]);
  tool.resolve({ value: 1 });
  await answered;
  assertEquals(sent, [{ value: 1 }]);
});

Deno.test("a thread that says that it waits and runs on is not taken for asleep", async () => {
  using waiter = new Waiter();
  const callee = new WaitingCallee(waiter.slot, () => {});
  const tool = Promise.withResolvers<JsonValue>();
  waiter.slot.clear();
  const answered = callee.answer(() => tool.promise);
  let asleep: boolean | null = null;
  const looking = callee.sleeps().then((sleeps) => asleep = sleeps);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assertEquals(asleep, null);
  const read = waiter.wait(50);
  await looking;
  assertEquals(asleep, true);
  tool.resolve(null);
  await answered;
  assertEquals(await read, "null");
});

Deno.test("a second call beside an open one gets nothing, and disturbs nothing", async () => {
  using waiter = new Waiter();
  const sent: JsonValue[] = [];
  const callee = new WaitingCallee(waiter.slot, (answer) => sent.push(answer));
  const tool = Promise.withResolvers<JsonValue>();
  waiter.slot.clear();
  const read = waiter.wait();
  const answered = callee.answer(() => tool.promise);
  let calls = 0;
  await callee.answer(() => Promise.resolve(++calls));
  tool.resolve("first");
  await answered;
  assertEquals([await read, calls, sent], ['"first"', 0, []]);
});

Deno.test("a call that lies in the slot is answered there; one that is no JSON or too deep gets an error", async () => {
  using waiter = new Waiter();
  const callee = new WaitingCallee(waiter.slot, () => {});
  callee.serve((call) => Promise.resolve({ value: call }));
  const refused = {
    error: {
      type: "RuntimeError",
      message: "Cannot read call: not JSON, or nested too deeply",
    },
  };
  const calls: [string, JsonValue][] = [
    ['{"name":"żółw"}', { value: { name: "żółw" } }],
    ['{"name":', refused],
    ["[".repeat(1_000) + "]".repeat(1_000), refused],
    ["2", { value: 2 }],
  ];
  for (const [call, answer] of calls) {
    waiter.slot.clear();
    const read = waiter.wait();
    assert(waiter.slot.ask(call), call);
    assertEquals(JSON.parse(await read ?? "null"), answer);
  }
  assertFalse(waiter.slot.ask("x".repeat(64 * 1024 + 1)));
});

const PARAMETERS = { type: "object", properties: { x: {} }, required: ["x"] };

function toolThat(invoke: Tool["invoke"]): Tool {
  return { description: "A tool of this test", parameters: PARAMETERS, invoke };
}

Deno.test("a plain call waits as long as its tool takes, and gives back values of every size", async () => {
  const tools = {
    text: toolThat(({ x }) => "é".repeat(Number(x))),
    late: toolThat(async ({ x }) => {
      await new Promise((resolve) => setTimeout(resolve, Number(x)));
      return x;
    }),
  };
  await using sandbox = await createSandbox({ tools });
  const sizes = [0, 1, 20_000, 33_000, 70_000, 600_000, 3_000_000];
  const { value, error } = await sandbox.execute(
    `[len(text(size)) for size in ${JSON.stringify(sizes)}] + [text(3)]`,
  );
  assertEquals([value, error], [`[${sizes.join(", ")}, 'ééé']`, null]);
  // The thread sleeps and answers nothing, but that is no running time of the cell's.
  const patient = await sandbox.execute("late(900)", { timeoutMs: 300 });
  assertEquals([patient.status, patient.value], ["ok", "900"]);
  const busy = await sandbox.execute("late(10)\nwhile True: pass", { timeoutMs: 300 });
  assertEquals(busy.status, "timeout");
});

Deno.test("what is printed before a plain call arrives before it, and a large argument with it", async () => {
  const seen: string[] = [];
  const size = toolThat(({ x }) => {
    seen.push(`call ${String(x).length}`);
    return null;
  });
  await using sandbox = await createSandbox({ tools: { size } });
  const onOutput = (_stream: string, text: string) => void seen.push(text);
  const { error } = await sandbox.execute(
    'for n in [1, 2, 3_000_000, 4]:\n    size("x" * n)\n    print(n)\n    size("")',
    { onOutput },
  );
  assertEquals(error, null);
  const due = [1, 2, 3_000_000, 4].flatMap((n) => [`call ${n}`, `${n}\n`, "call 0"]);
  assertEquals(seen, due);
});

Deno.test("what a cell has started goes on while it waits in a plain call", async () => {
  const gate = Promise.withResolvers<null>();
  const tools = {
    late: toolThat(() => gate.promise),
    open_gate: toolThat(() => gate.resolve(null)),
  };
  await using sandbox = await createSandbox({ tools });
  const { status, stdout, error } = await sandbox.execute(`
import asyncio
async def background():
    await asyncio.sleep(0.05)
    print("background")
    open_gate(0)
task = asyncio.create_task(background())
late(0)
print("answered")`);
  assertEquals([status, stdout, error], ["ok", "background\nanswered\n", null]);
});

Deno.test("aborting a cell that waits in a plain call, or for many, ends it, and what it had stays", async () => {
  const never = { ...toolThat(() => new Promise(() => {})), concurrent: true };
  await using sandbox = await createSandbox({ tools: { never }, graceMs: 30_000 });
  for (const code of ["never(0)", "[never(n) for n in range(300)]"]) {
    await sandbox.execute("kept = 7");
    const giveUp = new AbortController();
    const running = sandbox.execute(code, { signal: giveUp.signal });
    setTimeout(() => giveUp.abort(new Error("enough")), 100);
    await assertRejects(() => running, Error, "enough");
    const { value, restored } = await sandbox.execute("kept");
    assertEquals([value, restored], ["7", null], code);
  }
  const submitted = await sandbox.execute(`
import threading
threading.Timer(0.05, SUBMIT, [7]).start()
[never(n) for n in range(3)]`);
  assertEquals([submitted.status, submitted.submission], ["submitted", { answer: 7 }]);
  assertEquals((await sandbox.execute("kept")).restored, null);
});
