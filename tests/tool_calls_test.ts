/** Answering the guest's tool calls: what the tool gets, what the guest gets, and what ends the wait. */
import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { decodeValue } from "../lib/host/decode_value.ts";
import type { Tool, ToolCallEvent } from "../lib/host/sandbox.ts";
import { ToolCalls } from "../lib/host/tool_calls.ts";
import { encodeValue } from "../lib/host/values.ts";
import { ErrorCode, type JsonValue } from "../sandbox/protocol.ts";
import { RpcError, RpcPeer } from "../sandbox/rpc_peer.ts";
import { linkedPair } from "./fixtures/linked_pair.ts";

const NEVER = new AbortController().signal;

function toolOf(invoke: Tool["invoke"], more: Partial<Tool> = {}): Tool {
  return { description: "d", parameters: { type: "object" }, invoke, ...more };
}

/** The calls of one cell with these tools, and the events that were told of them. */
function callsOf(
  tools: Record<string, Tool>,
  { signal = NEVER, timeoutMs = 5_000 } = {},
): { calls: ToolCalls; events: ToolCallEvent[] } {
  const events: ToolCallEvent[] = [];
  const calls = new ToolCalls({
    tools,
    timeoutMs,
    signal,
    onToolCall: (event) => events.push(event),
    decode: (json) => decodeValue(json, () => new Uint8Array()),
    encode: (value) => Promise.resolve(encodeValue(value, "result", () => 0).json),
  });
  return { calls, events };
}

/** Checks that a call fails, and all that the guest learns of it. */
async function assertFails(
  answer: Promise<JsonValue>,
  failure: { type: string; message: string },
): Promise<void> {
  const error = await assertRejects(() => answer, RpcError);
  assertEquals([error.name, error.code, error.message, error.data], [
    "RpcError",
    ErrorCode.toolFailed,
    failure.message,
    failure,
  ]);
}

Deno.test("a tool gets its arguments by name, decoded, and its result goes back encoded (C117, C118)", async () => {
  const { calls, events } = callsOf({
    add: toolOf(({ a, b }) => ({ sum: Number(a) + Number(b), when: new Date(0) })),
  });
  const args = { a: { $: "float", v: "2.0" }, b: 3 };
  assertEquals(await calls.answer("add", args, NEVER), {
    value: { sum: 5, when: { $: "datetime", v: "1970-01-01T00:00:00.000Z" } },
  });
  assertEquals(events.map(({ phase, callId, name }) => [phase, callId, name]), [
    ["open", 1, "add"],
    ["done", 1, "add"],
  ]);
});

Deno.test("a tool that returns nothing gives None", async () => {
  const { calls } = callsOf({ quiet: toolOf(() => undefined) });
  assertEquals(await calls.answer("quiet", {}, NEVER), { value: null });
});

Deno.test("a name that is no tool of this cell is refused, inherited ones and what is no name included", async () => {
  const { calls, events } = callsOf({ known: toolOf(() => 1) });
  for (const name of ["unknown", "__proto__", "toString", "", null, 5, ["known"]]) {
    await assertFails(calls.answer(name, {}, NEVER), {
      type: "RangeError",
      message: `no tool of this cell is called ${JSON.stringify(name)}`,
    });
  }
  await assertFails(calls.answer("n".repeat(1_000), {}, NEVER), {
    type: "RangeError",
    message: `no tool of this cell is called "${"n".repeat(79)}`,
  });
  assertEquals(events, []);
});

Deno.test("arguments that are not named, or no value of the wire, are refused before the tool runs", async () => {
  let ran = false;
  const { calls } = callsOf({ t: toolOf(() => (ran = true)) });
  const named = { type: "TypeError", message: "arguments must be named" };
  const unnamed: JsonValue[] = [null, 1, "x", [1], { $: "dict", v: [[1, 2]] }];
  for (const args of unnamed) await assertFails(calls.answer("t", args, NEVER), named);
  await assertFails(calls.answer("t", { x: { $: "nonsense" } }, NEVER), {
    type: "ProtocolError",
    message: "Cannot read value of the guest: bad nonsense",
  });
  assertEquals(ran, false);
});

Deno.test("the guest learns an error's name and message, and nothing else of the host", async () => {
  class PageError extends Error {
    override name = "PageError";
    path = "/secret";
  }
  const thrown: [value: unknown, type: string, message: string][] = [
    [new PageError("no page 7"), "PageError", "no page 7"],
    [new TypeError("bad"), "TypeError", "bad"],
    ["plain text", "Error", "plain text"],
    [5, "Error", "5"],
    [undefined, "Error", "undefined"],
    [Symbol("s"), "Error", "Symbol(s)"],
    [{ secret: "s" }, "Error", "no message"],
    [() => "source", "Error", "no message"],
    [Object.create(null), "Error", "no message"],
    [
      Object.assign(new Error("x"), { message: { toString: () => "secret" } }),
      "Error",
      "no message",
    ],
    [Object.assign(new Error("x"), { name: undefined }), "undefined", "x"],
    [new Error("m".repeat(100_000)), "Error", "m".repeat(8_000)],
    [new Error("\ud800"), "Error", "\ufffd"],
  ];
  for (const [value, type, message] of thrown) {
    for (const invoke of [() => Promise.reject(value), () => fail(value)]) {
      const { calls, events } = callsOf({ t: toolOf(invoke) });
      await assertFails(calls.answer("t", {}, NEVER), { type, message });
      const last = events.at(-1);
      assertEquals(last?.phase === "failed" && last.error, { type, message });
    }
  }
});

function fail(value: unknown): never {
  throw value;
}

Deno.test("the longest message there can be still reaches the guest with its error's name", async () => {
  const [a, b] = linkedPair();
  const { calls } = callsOf({ t: toolOf(() => fail(new TypeError("\0".repeat(100_000)))) });
  new RpcPeer(a, { requests: { "tool/call": (_, { signal }) => calls.answer("t", {}, signal) } });
  await assertFails(new RpcPeer(b).request("tool/call", {}), {
    type: "TypeError",
    message: "\0".repeat(8_000),
  });
});

Deno.test("a result that Python can't have is the tool's failure, named by its path", async () => {
  const { calls } = callsOf({ t: toolOf(() => ({ a: [() => 1] })) });
  await assertFails(calls.answer("t", {}, NEVER), {
    type: "TypeError",
    message: "Cannot send result.a[0]: a function has no form in Python",
  });
});

Deno.test("a tool that never settles fails when its time is up, the sandbox's or its own, and is told to stop", async () => {
  for (const [own, timeoutMs] of [[{}, 30], [{ timeoutMs: 30 }, 60_000]] as const) {
    const stopped = Promise.withResolvers<unknown>();
    const hang: Tool["invoke"] = (_, { signal }) => {
      signal.addEventListener("abort", () => stopped.resolve(signal.reason));
      return new Promise(() => {});
    };
    const { calls } = callsOf({ hang: toolOf(hang, own) }, { timeoutMs });
    await assertFails(calls.answer("hang", {}, NEVER), {
      type: "TimeoutError",
      message: "Tool hang took longer than 30 ms",
    });
    assert(await stopped.promise instanceof DOMException);
  }
});

Deno.test("the end of the cell, and the guest's giving up, each end a call and abort its tool", async () => {
  for (const who of ["cell", "guest"]) {
    const cell = new AbortController();
    const guest = new AbortController();
    const seen = Promise.withResolvers<AbortSignal>();
    const { calls } = callsOf({
      hang: toolOf((_, { signal }) => {
        seen.resolve(signal);
        return new Promise(() => {});
      }),
    }, { signal: cell.signal });
    const answer = calls.answer("hang", {}, guest.signal);
    const signal = await seen.promise;
    const reason = new DOMException("over", "AbortError");
    (who === "cell" ? cell : guest).abort(reason);
    await assertFails(answer, { type: "AbortError", message: "over" });
    assertStrictEquals(signal.reason, reason);
  }
});

Deno.test("a call after the end of its cell does not reach the tool", async () => {
  let ran = false;
  const over = AbortSignal.abort(new DOMException("The cell has ended", "AbortError"));
  const { calls } = callsOf({ t: toolOf(() => (ran = true)) }, { signal: over });
  await assertFails(calls.answer("t", {}, NEVER), {
    type: "AbortError",
    message: "The cell has ended",
  });
  assertEquals(ran, false);
});

Deno.test("a tool that fails after its call was given up disturbs nothing", async () => {
  const late = Promise.withResolvers<never>();
  const { calls } = callsOf({ t: toolOf(() => late.promise) }, { timeoutMs: 10 });
  await assertRejects(() => calls.answer("t", {}, NEVER), RpcError);
  late.reject(new Error("too late"));
  await new Promise((resolve) => setTimeout(resolve, 5));
});

Deno.test("a thousand calls at once each get their own answer, and their own number (C122)", async () => {
  const { calls, events } = callsOf({
    double: toolOf(async ({ n }) => {
      await new Promise((resolve) => setTimeout(resolve, Number(n) % 7));
      return Number(n) * 2;
    }),
  });
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, (_, n) => calls.answer("double", { n }, NEVER)),
  );
  assertEquals(answers, Array.from({ length: 1_000 }, (_, n) => ({ value: n * 2 })));
  assertEquals(new Set(events.map(({ callId }) => callId)).size, 1_000);
});

Deno.test("calls whose arguments are too large together are refused as Python knows it, until others have settled", async () => {
  const settle = Promise.withResolvers<null>();
  const { calls } = callsOf({ hold: toolOf(() => settle.promise), free: toolOf(() => null) });
  const text = "x".repeat(100_000_000);
  const many = Array.from({ length: 400_000 }, () => []);
  const held = Array.from({ length: 5 }, () => calls.answer("hold", { text }, NEVER));
  for (const args of [{ text }, { many }]) {
    await assertFails(calls.answer("free", args, NEVER), {
      type: "MemoryError",
      message: "the arguments of the open calls are too large together, at most 536870912 bytes: " +
        "make fewer calls at once",
    });
  }
  assertEquals(await calls.answer("free", { text: "small" }, NEVER), { value: null });
  settle.resolve(null);
  assertEquals(await Promise.all(held), Array(5).fill({ value: null }));
  for (const args of [{ text }, { many }]) {
    assertEquals(await calls.answer("free", args, NEVER), { value: null });
  }
});
