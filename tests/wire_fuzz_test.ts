/** Twenty thousand broken frames against each end of the wire: answered, dropped, or the typed end of a session. */
import { assert, assertEquals, assertGreater, assertInstanceOf } from "@std/assert";
import { ProtocolError } from "../lib/errors.ts";
import { BlobStore } from "../lib/host/blobs.ts";
import { decodeValue } from "../lib/host/decode_value.ts";
import { decodeFrames, FramingError } from "../sandbox/framing.ts";
import type { JsonValue } from "../sandbox/protocol.ts";
import { type RequestHandler, RpcError, RpcPeer } from "../sandbox/rpc_peer.ts";
import { brokenFrame, brokenMessage, brokenValue } from "./fixtures/broken_frames.ts";
import { FarEnd, settled } from "./fixtures/linked_pair.ts";
import { pieceSource } from "./fixtures/piece_source.ts";
import { Random } from "./fixtures/random.ts";

const FRAMES = 20_000;

/** Everything that the process would have died of, but for this test. */
function watchRejections(): { unhandled: unknown[] } & Disposable {
  const unhandled: unknown[] = [];
  const note = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    unhandled.push(event.reason);
  };
  addEventListener("unhandledrejection", note);
  return {
    unhandled,
    [Symbol.dispose]: () => removeEventListener("unhandledrejection", note),
  };
}

const HANDLERS: Record<string, RequestHandler> = {
  echo: (params) => params,
  fail: () => {
    throw new Error("on purpose");
  },
  wait: (_, { signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
};

/** Whether what the peer sent is a message as the standard has it. */
function assertMessage(text: string): void {
  const message: Record<string, unknown> = JSON.parse(text);
  assertEquals(message["jsonrpc"], "2.0");
  if (typeof message["method"] === "string") return;
  const { id } = message;
  assert(id === null || typeof id === "string" || typeof id === "number", text);
  assert("result" in message !== "error" in message, text);
  if ("error" in message) {
    const { code, message: said } = Object(message["error"]);
    assert(Number.isInteger(code) && typeof said === "string", text);
  }
}

/** Requests that the broken frames may answer, or not; settles when all of them have. */
function askOften(peer: RpcPeer, times: number): Promise<PromiseSettledResult<JsonValue>[]> {
  return Promise.allSettled(Array.from({ length: times }, (_, n) => peer.request("ask", { n })));
}

/** A session that is sent broken bytes until it ends; returns how many frames that took. */
async function runSession(random: Random, most: number): Promise<number> {
  const blobs = new BlobStore(1_000);
  const toPeer = new TransformStream<Uint8Array, Uint8Array>({}, { highWaterMark: 64 });
  const peer = new RpcPeer({
    frames: decodeFrames(pieceSource(toPeer.readable)),
    send: (frame) => assertMessage(frame.kind === "message" ? frame.text : ""),
  }, {
    requests: HANDLERS,
    notifications: { note: () => {} },
    onChunk: (chunk) => blobs.add(chunk),
  });
  const asked = askOften(peer, 10);
  const writer = toPeer.writable.getWriter();
  let sent = 0;
  while (sent < most && peer.failure === null) {
    sent++;
    await Promise.race([writer.write(brokenFrame(random)).catch(() => {}), peer.ended]);
  }
  await Promise.race([writer.close().catch(() => {}), peer.ended]);
  await Promise.race([peer.ended, settled()]);
  if (peer.failure === null) peer.abort(new RpcError(0, "the test is over"));
  await peer.ended;
  const { failure } = peer;
  assert(
    failure instanceof FramingError || failure instanceof RpcError ||
      failure instanceof ProtocolError,
    String(failure),
  );
  for (const outcome of await asked) {
    if (outcome.status === "rejected") assertInstanceOf(outcome.reason, Error);
  }
  return sent;
}

Deno.test("20,000 broken frames as bytes: no session throws, hangs or ends without a typed error (seeded)", async () => {
  using watched = watchRejections();
  const random = new Random(20_000);
  let sent = 0;
  let sessions = 0;
  while (sent < FRAMES) {
    sent += await runSession(random, FRAMES - sent);
    sessions++;
  }
  await settled();
  assertEquals(watched.unhandled, []);
  assertGreater(sessions, 100);
});

/** A peer that hears broken messages until all were read; both ends are of this kind. */
async function hearMessages(
  random: Random,
  requests: Record<string, RequestHandler>,
): Promise<number> {
  const far = new FarEnd();
  const peer = new RpcPeer(far.transport, { requests, notifications: { note: () => {} } });
  const asked = askOften(peer, 40);
  for (let sent = 0; sent < FRAMES; sent++) {
    far.say(brokenMessage(random));
    if (sent % 500 === 0) await settled();
  }
  far.say({ jsonrpc: "2.0", id: "last", method: "echo", params: ["alive"] });
  let replies = 0;
  for (let reply = await far.hear(); reply["id"] !== "last"; reply = await far.hear()) {
    assertMessage(JSON.stringify(reply));
    replies++;
  }
  assertEquals(peer.failure, null);
  const reason = new RpcError(0, "the test is over");
  peer.abort(reason);
  for (const outcome of await asked) {
    if (outcome.status === "rejected") assertInstanceOf(outcome.reason, RpcError);
  }
  return replies;
}

Deno.test("20,000 broken messages in one session: it answers on, and works at the end of them (seeded)", async () => {
  using watched = watchRejections();
  const host = await hearMessages(new Random(1), HANDLERS);
  const guest = await hearMessages(new Random(2), HANDLERS);
  assertGreater(host, 5_000);
  assertGreater(guest, 5_000);
  await settled();
  assertEquals(watched.unhandled, []);
  assertEquals(Reflect.get({}, "isAdmin"), undefined);
});

Deno.test("20,000 broken values are decoded, or refused as a breach of the contract (seeded)", () => {
  const random = new Random(3);
  const outcomes = { decoded: 0, refused: 0 };
  for (let round = 0; round < FRAMES; round++) {
    const blobs = new BlobStore(100);
    const bytes = random.bytes(4);
    blobs.add({ kind: "chunk", blob: 1, type: "bytes", offset: 0, total: 4, bytes });
    const value: JsonValue = brokenValue(random);
    try {
      decodeValue(value, (id) => blobs.take(id));
      outcomes.decoded++;
    } catch (error) {
      assertInstanceOf(error, ProtocolError, JSON.stringify(value));
      outcomes.refused++;
    }
  }
  assertGreater(outcomes.decoded, 1_000);
  assertGreater(outcomes.refused, 1_000);
  assertEquals(Reflect.get({}, "isAdmin"), undefined);
});
