/** A peer among friends: asks and answers. How things end is in `rpc_ending_test.ts`, what an enemy can send in `rpc_hostile_test.ts`. */
import {
  assert,
  assertEquals,
  assertLess,
  assertMatch,
  assertStringIncludes,
  fail,
} from "@std/assert";
import { ErrorCode, type JsonValue, Limits } from "../sandbox/protocol.ts";
import { RpcError, RpcPeer } from "../sandbox/rpc_peer.ts";
import { FarEnd, linkedPair, refusal } from "./fixtures/linked_pair.ts";

Deno.test("both sides ask and answer over the same wire", async () => {
  const [a, b] = linkedPair();
  const left = new RpcPeer(a, { requests: { side: () => "left" } });
  const right = new RpcPeer(b, { requests: { side: () => "right", echo: (params) => params } });
  assertEquals(await left.request("side", {}), "right");
  assertEquals(await right.request("side", {}), "left");
  assertEquals(await left.request("echo", { text: "für 10 €: 🐍" }), { text: "für 10 €: 🐍" });
  assertEquals(await left.request("echo", [1, null, [true]]), [1, null, [true]]);
});

Deno.test("a thousand requests in flight each get their own answer, in whatever order those come", async () => {
  const [a, b] = linkedPair();
  const left = new RpcPeer(a);
  const waiting: (() => void)[] = [];
  new RpcPeer(b, {
    requests: {
      double: async (params) => {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          if (waiting.length === 1_000) { for (const go of waiting.reverse()) go(); }
        });
        return Array.isArray(params) ? Number(params[0]) * 2 : null;
      },
    },
  });
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, (_, n) => left.request("double", [n])),
  );
  assertEquals(answers, Array.from({ length: 1_000 }, (_, n) => n * 2));
});

Deno.test("a handler's RpcError crosses the wire with code, message and data", async () => {
  const [a, b] = linkedPair();
  const left = new RpcPeer(a);
  new RpcPeer(b, {
    requests: {
      fail: () => {
        throw new RpcError(ErrorCode.toolFailed, "no such page", { type: "KeyError", n: [1] });
      },
      failPlain: () => Promise.reject(new RpcError(ErrorCode.wrongState, "busy")),
    },
  });
  const failed = await refusal(left.request("fail", {}));
  assertEquals([failed.name, failed.code, failed.message, failed.data], [
    "RpcError",
    ErrorCode.toolFailed,
    "no such page",
    { type: "KeyError", n: [1] },
  ]);
  const plain = await refusal(left.request("failPlain", {}));
  assertEquals([plain.code, plain.message, plain.data], [ErrorCode.wrongState, "busy", null]);
});

Deno.test("whatever else a handler throws becomes an internal error without a stack", async () => {
  const [a, b] = linkedPair();
  const left = new RpcPeer(a);
  const thrown: Record<string, unknown> = {
    error: new TypeError("wrong page"),
    text: "just text",
    nothing: undefined,
    symbol: Symbol("s"),
    bare: Object.create(null),
    trap: { toString: () => fail("its toString must not be asked") },
    odd: Object.assign(new Error(), { message: 7 }),
  };
  const requests = Object.fromEntries(
    Object.entries(thrown).map(([name, value]) => [name, () => {
      throw value;
    }]),
  );
  new RpcPeer(b, { requests });
  const messages: Record<string, string> = {};
  for (const name of Object.keys(thrown)) {
    const error = await refusal(left.request(name, {}));
    assertEquals([error.code, error.data], [ErrorCode.internalError, null], name);
    messages[name] = error.message;
  }
  assertEquals(messages, {
    error: "wrong page",
    text: "just text",
    nothing: "Request failed",
    symbol: "Request failed",
    bare: "Request failed",
    trap: "Request failed",
    odd: "Request failed",
  });
});

Deno.test("an error message is cut and oversized error data is left out, so that a failure always arrives", async () => {
  const [a, b] = linkedPair();
  const left = new RpcPeer(a);
  new RpcPeer(b, {
    requests: {
      fail: () => {
        throw new RpcError(ErrorCode.toolFailed, "m".repeat(20_000_000), "d".repeat(20_000_000));
      },
    },
  });
  const error = await refusal(left.request("fail", {}));
  assertEquals([error.code, error.data], [ErrorCode.toolFailed, null]);
  assertEquals(error.message, "m".repeat(64 * 1024));
});

Deno.test("a request larger than a message may be is refused before it is sent, and the session goes on", async () => {
  const [a, b] = linkedPair();
  const left = new RpcPeer(a);
  new RpcPeer(b, {
    requests: { length: (params) => Array.isArray(params) ? String(params[0]).length : 0 },
  });
  const text = "é".repeat(Limits.messageBytes / 2);
  const error = await refusal(left.request("length", [text]));
  assertEquals(error.code, ErrorCode.tooLarge);
  assertMatch(error.message, /^Cannot send message: 167772\d\d bytes, limit 16777216$/);
  assertEquals(error.data, null);
  const fits = "e".repeat(Limits.messageBytes - 100);
  assertEquals(await left.request("length", [fits]), fits.length);
});

Deno.test("a result larger than a message may be is answered with an error", async () => {
  const [a, b] = linkedPair();
  const left = new RpcPeer(a);
  new RpcPeer(b, { requests: { big: () => "x".repeat(Limits.messageBytes), small: () => 1 } });
  const error = await refusal(left.request("big", {}));
  assertEquals(error.code, ErrorCode.tooLarge);
  assertStringIncludes(error.message, "Cannot send message: ");
  assertEquals(await left.request("small", {}), 1);
});

Deno.test("a handler that returns nothing answers null", async () => {
  const far = new FarEnd();
  new RpcPeer(far.transport, { requests: { nothing: () => JSON.parse("[]")[0] } });
  far.say({ jsonrpc: "2.0", id: "a", method: "nothing" });
  assertEquals(await far.hear(), { jsonrpc: "2.0", id: "a", result: null });
});

Deno.test("notifications arrive in order among requests, and unknown ones are dropped", async () => {
  const [a, b] = linkedPair();
  const left = new RpcPeer(a);
  const order: string[] = [];
  const note = (params: JsonValue) => order.push(JSON.stringify(params));
  new RpcPeer(b, { requests: { ask: (params) => note(params) }, notifications: { tell: note } });
  left.notify("tell", [1]);
  const asked = left.request("ask", [2]);
  left.notify("unknown", [0]);
  left.notify("tell", [3]);
  await asked;
  await left.request("ask", [4]);
  assertEquals(order, ["[1]", "[2]", "[3]", "[4]"]);
});

Deno.test("chunks and messages that are sent at the same time do not mix", async () => {
  const [a, b] = linkedPair();
  const left = new RpcPeer(a);
  let bytes = 0;
  new RpcPeer(b, {
    requests: { echo: (params) => params },
    onChunk: (chunk) => {
      assert(chunk.bytes.every((byte) => byte === chunk.blob));
      bytes += chunk.bytes.length;
    },
  });
  const work: Promise<unknown>[] = [];
  for (let n = 1; n <= 40; n++) {
    const part = new Uint8Array(100_000).fill(n);
    work.push(left.sendChunk({ blob: n, type: "bytes", offset: 0, total: 100_000, bytes: part }));
    work.push(left.request("echo", [n]).then((answer) => assertEquals(answer, [n])));
  }
  await Promise.all(work);
  assertEquals(bytes, 4_000_000);
});

Deno.test("a round trip costs well under a millisecond", async () => {
  const [a, b] = linkedPair();
  const left = new RpcPeer(a);
  new RpcPeer(b, { requests: { ping: () => null } });
  await left.request("ping", {});
  const startedAt = performance.now();
  for (let n = 0; n < 1_000; n++) await left.request("ping", {});
  assertLess((performance.now() - startedAt) / 1_000, 1);
});
