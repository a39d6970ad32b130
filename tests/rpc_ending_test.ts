/** How requests, chunks and sessions end: given up, cut off, broken. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { ErrorCode, type JsonValue, Limits } from "../sandbox/protocol.ts";
import { RpcError, RpcPeer, type Transport } from "../sandbox/rpc_peer.ts";
import { FarEnd, linkedPair, refusal, settled } from "./fixtures/linked_pair.ts";

const CHUNK = { blob: 1, type: "bytes", offset: 0, total: 3, bytes: new Uint8Array(3) } as const;

Deno.test("a request given up rejects with the signal's reason at once, and the handler's signal aborts", async () => {
  const [a, b] = linkedPair();
  const left = new RpcPeer(a);
  const started = Promise.withResolvers<AbortSignal>();
  const result = Promise.withResolvers<JsonValue>();
  new RpcPeer(b, {
    requests: {
      wait: (_, { signal }) => {
        started.resolve(signal);
        return result.promise;
      },
      next: () => "alive",
    },
  });
  const controller = new AbortController();
  const waiting = left.request("wait", {}, { signal: controller.signal });
  const signal = await started.promise;
  const reason = new Error("enough");
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => waiting), reason);
  assertEquals(await left.request("next", {}), "alive");
  assert(signal.aborted);
  assertInstanceOf(signal.reason, RpcError);
  assertEquals([signal.reason.code, signal.reason.message, signal.reason.data], [
    ErrorCode.cancelled,
    "Request cancelled by its sender",
    null,
  ]);
  // The late answer is dropped.
  result.resolve("late");
  assertEquals(await left.request("next", {}), "alive");
});

Deno.test("a cancelled request gets its one answer: the error of its cancellation", async () => {
  const far = new FarEnd();
  const wait = (_: JsonValue, { signal }: { signal: AbortSignal }) =>
    new Promise<JsonValue>((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason))
    );
  new RpcPeer(far.transport, { requests: { wait } });
  far.say({ jsonrpc: "2.0", id: 5, method: "wait" });
  far.say({ jsonrpc: "2.0", method: "$/cancelRequest", params: { id: 5 } });
  assertEquals(await far.hear(), {
    jsonrpc: "2.0",
    id: 5,
    error: { code: ErrorCode.cancelled, message: "Request cancelled by its sender" },
  });
  far.say({ jsonrpc: "2.0", method: "$/cancelRequest", params: { id: 5 } });
  await settled();
  assertEquals(far.unheard, 0);
});

Deno.test("a signal that has aborted already keeps a request and a chunk from being sent", async () => {
  const far = new FarEnd();
  const peer = new RpcPeer(far.transport);
  const reason = new Error("before");
  const signal = AbortSignal.abort(reason);
  assertStrictEquals(await assertRejects(() => peer.request("x", {}, { signal })), reason);
  assertStrictEquals(await assertRejects(() => peer.sendChunk(CHUNK, { signal })), reason);
  assertEquals(far.unheard, 0);
});

Deno.test("no listener stays on a signal, however its requests and chunks end", async () => {
  const [a, b] = linkedPair();
  const left = new RpcPeer(a);
  new RpcPeer(b, {
    requests: { ok: () => 1, bad: () => Promise.reject(new Error("bad")) },
    onChunk: () => {},
  });
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners++;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners--;
    removeEventListener.apply(signal, args);
  };
  await left.request("ok", {}, { signal });
  await refusal(left.request("bad", {}, { signal }));
  await refusal(left.request("ok", ["x".repeat(Limits.messageBytes)], { signal }));
  await left.sendChunk(CHUNK, { signal });
  assertEquals(listeners, 0);
});

Deno.test("aborting a session rejects everything open on this side with the same reason", async () => {
  const far = new FarEnd();
  const stuck: Transport = {
    frames: far.transport.frames,
    send: (frame) => frame.kind === "chunk" ? new Promise<void>(() => {}) : undefined,
  };
  const started = Promise.withResolvers<AbortSignal>();
  const peer = new RpcPeer(stuck, {
    requests: {
      wait: (_, { signal }) => {
        started.resolve(signal);
        return new Promise<JsonValue>(() => {});
      },
    },
  });
  far.say({ jsonrpc: "2.0", id: 1, method: "wait" });
  const signal = await started.promise;
  const open = [
    ...Array.from({ length: 50 }, () => peer.request("ask", {})),
    peer.sendChunk(CHUNK),
  ];
  const reason = new Error("the process is gone");
  assertEquals(peer.failure, null);
  peer.abort(reason);
  peer.abort(new Error("a later reason changes nothing"));
  for (const outcome of await Promise.allSettled(open)) {
    assertEquals(outcome.status, "rejected");
    assertStrictEquals(outcome.status === "rejected" ? outcome.reason : null, reason);
  }
  assertStrictEquals(signal.reason, reason);
  assertStrictEquals(peer.failure, reason);
  await peer.ended;
  assertStrictEquals(await assertRejects(() => peer.request("ask", {})), reason);
  assertStrictEquals(await assertRejects(() => peer.sendChunk(CHUNK)), reason);
  peer.notify("tell", {});
});

Deno.test("a closed wire ends the session with an error that says so", async () => {
  const far = new FarEnd();
  const peer = new RpcPeer(far.transport);
  const asked = peer.request("ask", {});
  far.hangUp();
  const error = await refusal(asked);
  assertEquals([error.code, error.message, error.data], [
    ErrorCode.internalError,
    "Session is over: the other side closed it",
    null,
  ]);
  assertStrictEquals(peer.failure, error);
});

Deno.test("a wire that breaks, in either direction, ends the session with its error", async () => {
  const reading = new FarEnd();
  const reader = new RpcPeer(reading.transport);
  const asked = reader.request("ask", {});
  const broken = new Error("broken pipe");
  reading.hangUp(broken);
  assertStrictEquals(await assertRejects(() => asked), broken);

  for (
    const send of [() => Promise.reject(broken), () => {
      throw broken;
    }]
  ) {
    const { frames } = new FarEnd().transport;
    const writer = new RpcPeer({ frames, send });
    assertStrictEquals(await assertRejects(() => writer.request("ask", {})), broken);
    const chunker = new RpcPeer({ frames: new FarEnd().transport.frames, send });
    assertStrictEquals(await assertRejects(() => chunker.sendChunk(CHUNK)), broken);
  }
});

Deno.test("a chunk that the transport can't take is given up when its signal aborts", async () => {
  const { frames } = new FarEnd().transport;
  const peer = new RpcPeer({ frames, send: () => new Promise<void>(() => {}) });
  const controller = new AbortController();
  const sending = peer.sendChunk(CHUNK, { signal: controller.signal });
  const reason = new Error("enough");
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => sending), reason);
  assertEquals(peer.failure, null);
});
