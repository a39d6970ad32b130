/** A peer among enemies: whatever the other side sends, it gets an error reply, silence, or the end of the session. */
import {
  assertEquals,
  assertInstanceOf,
  assertLess,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { ErrorCode, type JsonValue, Limits } from "../sandbox/protocol.ts";
import { RpcError, RpcPeer } from "../sandbox/rpc_peer.ts";
import { FarEnd, refusal, settled } from "./fixtures/linked_pair.ts";
import { assertAlive, underAttack } from "./fixtures/under_attack.ts";

Deno.test("names that every object inherits are no methods (C133, R41)", async () => {
  const attacked = underAttack();
  for (const method of ["nothing", "__proto__", "constructor", "toString", "hasOwnProperty", ""]) {
    attacked.far.say({ jsonrpc: "2.0", id: method, method });
    assertEquals(await attacked.far.hear(), {
      jsonrpc: "2.0",
      id: method,
      error: { code: ErrorCode.methodNotFound, message: `Cannot find method: ${method}` },
    });
    attacked.far.say({ jsonrpc: "2.0", method });
  }
  const long = "m".repeat(1_000_000);
  attacked.far.say({ jsonrpc: "2.0", id: 1, method: long });
  assertEquals(await attacked.far.hear(), {
    jsonrpc: "2.0",
    id: 1,
    error: { code: ErrorCode.methodNotFound, message: `Cannot find method: ${"m".repeat(80)}` },
  });
  await assertAlive(attacked);
});

Deno.test("an id that is open may not be used again, in whichever type it differs (R88)", async () => {
  const far = new FarEnd();
  const release = Promise.withResolvers<JsonValue>();
  new RpcPeer(far.transport, { requests: { wait: () => release.promise } });
  far.say({ jsonrpc: "2.0", id: 7, method: "wait" });
  far.say({ jsonrpc: "2.0", id: 7, method: "wait" });
  assertEquals(await far.hear(), {
    jsonrpc: "2.0",
    id: 7,
    error: { code: ErrorCode.invalidRequest, message: "Cannot start request: id 7 is open" },
  });
  far.say({ jsonrpc: "2.0", id: "7", method: "wait" });
  release.resolve("done");
  assertEquals(await far.hear(), { jsonrpc: "2.0", id: 7, result: "done" });
  assertEquals(await far.hear(), { jsonrpc: "2.0", id: "7", result: "done" });
  far.say({ jsonrpc: "2.0", id: 7, method: "wait" });
  assertEquals(await far.hear(), { jsonrpc: "2.0", id: 7, result: "done" });
});

Deno.test("more open requests than the limit are refused until one has ended", async () => {
  const far = new FarEnd();
  const waiting: ((result: JsonValue) => void)[] = [];
  new RpcPeer(far.transport, {
    requests: { wait: () => new Promise<JsonValue>((resolve) => waiting.push(resolve)) },
  });
  for (let id = 0; id <= Limits.openCalls; id++) far.say({ jsonrpc: "2.0", id, method: "wait" });
  assertEquals(await far.hear(), {
    jsonrpc: "2.0",
    id: Limits.openCalls,
    error: { code: ErrorCode.tooLarge, message: "Cannot start request: 4096 are open" },
  });
  assertEquals(waiting.length, Limits.openCalls);
  waiting[3]?.("free");
  assertEquals(await far.hear(), { jsonrpc: "2.0", id: 3, result: "free" });
  far.say({ jsonrpc: "2.0", id: "next", method: "wait" });
  await settled();
  assertEquals([waiting.length, far.unheard], [Limits.openCalls + 1, 0]);
});

Deno.test("answers with a wrong, stale, doubled or missing id change nothing (C132, R89, R90)", async () => {
  const attacked = underAttack();
  const { peer, far } = attacked;
  far.say({ jsonrpc: "2.0", id: 1, result: "before it was asked" });
  await settled();
  const first = peer.request("ask", {});
  const second = peer.request("ask", {});
  assertEquals([(await far.hear())["id"], (await far.hear())["id"]], [1, 2]);
  for (const id of [0, -1, 3, 1.5, 2 ** 53, "1", "2", null, true, [1], { id: 1 }]) {
    far.say({ jsonrpc: "2.0", id, result: "forged" });
    far.say({ jsonrpc: "2.0", id, error: { code: 1, message: "forged" } });
  }
  far.say({ jsonrpc: "2.0", result: "no id" });
  far.say({ jsonrpc: "2.0", id: 2, result: "two" });
  far.say({ jsonrpc: "2.0", id: 2, result: "two again" });
  far.say({ jsonrpc: "2.0", id: 2, error: { code: 1, message: "two, third time" } });
  far.say({ jsonrpc: "2.0", id: 1, result: "one", error: null });
  assertEquals([await first, await second], ["one", "two"]);
  await assertAlive(attacked);
});

Deno.test("an error reply with missing or wrong members still becomes a whole RpcError", async () => {
  const { peer, far } = underAttack();
  const replies: [error: JsonValue, code: number, message: string, data: JsonValue][] = [
    [{ code: -32003, message: "m", data: { type: "T" } }, -32003, "m", { type: "T" }],
    [{}, ErrorCode.internalError, "Request failed: no reason given", null],
    [
      { code: "1", message: 2, data: 3 },
      ErrorCode.internalError,
      "Request failed: no reason given",
      3,
    ],
    ["text", ErrorCode.internalError, "Request failed: no reason given", null],
    [[], ErrorCode.internalError, "Request failed: no reason given", null],
    [false, ErrorCode.internalError, "Request failed: no reason given", null],
    [0, ErrorCode.internalError, "Request failed: no reason given", null],
  ];
  for (const [error, code, message, data] of replies) {
    const asked = peer.request("ask", {});
    const { id = null } = await far.hear();
    far.say({ jsonrpc: "2.0", id, error });
    const refused = await refusal(asked);
    assertEquals([refused.name, refused.code, refused.message, refused.data], [
      "RpcError",
      code,
      message,
      data,
    ]);
  }
});

Deno.test("an answer with neither result nor error is refused and leaves the request open", async () => {
  const { peer, far } = underAttack();
  const asked = peer.request("ask", {});
  const { id = null } = await far.hear();
  far.say({ jsonrpc: "2.0", id });
  assertEquals(await far.hear(), {
    jsonrpc: "2.0",
    id,
    error: {
      code: ErrorCode.invalidRequest,
      message: "Cannot read message: no method",
    },
  });
  far.say({ jsonrpc: "2.0", id, result: 1 });
  assertEquals(await asked, 1);
});

Deno.test("depth bombs are refused at once, in parameters, results and ids", async () => {
  const attacked = underAttack();
  const { peer, far, calls } = attacked;
  const bomb = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  const tooDeep = {
    code: ErrorCode.tooLarge,
    message: "Cannot take message: nested deeper than 200",
  };
  const startedAt = performance.now();
  far.say(`{"jsonrpc":"2.0","id":1,"method":"echo","params":${bomb(1_000_000)}}`);
  assertEquals(await far.hear(), { jsonrpc: "2.0", id: 1, error: tooDeep });
  far.say(`{"jsonrpc":"2.0","id":${bomb(500)},"method":"echo"}`);
  assertEquals(await far.hear(), { jsonrpc: "2.0", id: null, error: tooDeep });
  far.say(
    `{"jsonrpc":"2.0","id":2,"method":"echo","params":${`{"a":`.repeat(300)}1${"}".repeat(300)}}`,
  );
  assertEquals(await far.hear(), { jsonrpc: "2.0", id: 2, error: tooDeep });
  const asked = peer.request("ask", {});
  const { id = null } = await far.hear();
  far.say(`{"jsonrpc":"2.0","id":${id},"result":${bomb(1_000_000)}}`);
  assertEquals(await far.hear(), { jsonrpc: "2.0", id, error: tooDeep });
  assertLess(performance.now() - startedAt, 5_000);
  assertEquals(calls, []);
  far.say({ jsonrpc: "2.0", id, result: 1 });
  assertEquals(await asked, 1);
  // The message itself is the first of the 200 levels.
  far.say(`{"jsonrpc":"2.0","id":4,"method":"echo","params":${bomb(200)}}`);
  assertEquals((await far.hear())["error"], undefined);
  far.say(`{"jsonrpc":"2.0","id":4,"method":"echo","params":${bomb(201)}}`);
  assertEquals((await far.hear())["error"], tooDeep);
});

Deno.test("keys of prototypes arrive as plain keys and change no object (R41)", async () => {
  const attacked = underAttack();
  const { far, calls } = attacked;
  far.say(
    `{"jsonrpc":"2.0","id":1,"method":"echo","params":{"__proto__":{"isAdmin":true},` +
      `"constructor":{"prototype":{"isAdmin":true}}},"__proto__":{"isAdmin":true}}`,
  );
  await far.hear();
  const [params] = calls;
  assertInstanceOf(params, Object);
  assertEquals(Object.keys(params), ["__proto__", "constructor"]);
  assertStrictEquals(Object.getPrototypeOf(params), Object.prototype);
  assertEquals(Reflect.get({}, "isAdmin"), undefined);
  await assertAlive(attacked);
});

Deno.test("cancelling what is not open, or with nonsense, does nothing", async () => {
  const attacked = underAttack();
  const nonsense: JsonValue[] = [null, 1, "x", [], [1], {}, { id: null }, { id: [] }, { id: 99 }];
  for (const params of nonsense) {
    attacked.far.say({ jsonrpc: "2.0", method: "$/cancelRequest", params });
  }
  await assertAlive(attacked);
});

Deno.test("a chunk that nobody expects ends the session with a typed error", async () => {
  const { peer, far } = underAttack();
  const asked = peer.request("ask", {});
  far.say({ kind: "chunk", blob: 1, type: "bytes", offset: 0, total: 0, bytes: new Uint8Array() });
  const error = await refusal(asked);
  assertEquals([error.code, error.message, error.data], [
    ErrorCode.invalidRequest,
    "Cannot take chunk: none is expected",
    null,
  ]);
  await peer.ended;
});

Deno.test("a chunk or a notification that its handler throws at ends the session with what was thrown", async () => {
  const thrown = new RangeError("out of place");
  const explode = () => {
    throw thrown;
  };
  for (const what of ["chunk", "notification"]) {
    const far = new FarEnd();
    const peer = new RpcPeer(far.transport, {
      onChunk: explode,
      notifications: { explode },
      requests: { echo: (params) => params },
    });
    const asked = peer.request("ask", {});
    if (what === "notification") far.say({ jsonrpc: "2.0", method: "explode" });
    else {far.say({
        kind: "chunk",
        blob: 1,
        type: "bytes",
        offset: 0,
        total: 1,
        bytes: new Uint8Array(1),
      });}
    assertStrictEquals(await assertRejects(() => asked), thrown);
    assertStrictEquals(peer.failure, thrown);
    // What comes after the end is not answered.
    await far.hear();
    far.say({ jsonrpc: "2.0", id: 1, method: "echo" });
    await settled();
    assertEquals(far.unheard, 0);
  }
});

Deno.test("who asks and never reads the answers is cut off, so that they can't fill this side's memory", async () => {
  for (const request of [`{"jsonrpc":"2.0","id":1,"method":"echo"}`, "garbage"]) {
    const far = new FarEnd();
    const unread = new Promise<void>(() => {});
    let replies = 0;
    const { frames } = far.transport;
    const send = () => {
      replies++;
      return unread;
    };
    const peer = new RpcPeer({ frames, send }, { requests: { echo: (params) => params } });
    for (let n = 0; n < 20_000; n++) far.say(request);
    await peer.ended;
    assertInstanceOf(peer.failure, RpcError);
    const { code, message, data } = peer.failure;
    assertEquals([code, message, data], [
      ErrorCode.tooLarge,
      "Session is over: 8192 replies were not read",
      null,
    ]);
    assertEquals(replies, 8_192);
  }
});

Deno.test("a wire that goes silent leaves a request to its signal", async () => {
  const { peer, far } = underAttack();
  const error = await assertRejects(
    () => peer.request("ask", {}, { signal: AbortSignal.timeout(20) }),
    DOMException,
  );
  assertEquals(error.name, "TimeoutError");
  assertEquals((await far.hear())["method"], "ask");
  assertEquals(await far.hear(), { jsonrpc: "2.0", method: "$/cancelRequest", params: { id: 1 } });
});
