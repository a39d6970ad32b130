/** The wire over a port: frames cross whole, what was sent waits for who takes it, and it has an end. */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { Backlog } from "../sandbox/backlog.ts";
import type { Chunk, Frame } from "../sandbox/framing.ts";
import { portTransport } from "../sandbox/port_transport.ts";
import { type Flood, PIECE_BYTES, PIECES } from "./fixtures/flooding_worker.ts";

const pass = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function chunk(bytes: Uint8Array<ArrayBuffer>): Chunk {
  return { kind: "chunk", blob: 1, type: "bytes", offset: 0, total: bytes.length, bytes };
}

Deno.test("a part of a buffer crosses alone: what lies beside it stays with the sender", async () => {
  const { port1, port2 } = new MessageChannel();
  const sender = portTransport(port1);
  const receiver = portTransport(port2);
  const whole = Uint8Array.of(1, 2, 3, 4);
  await sender.send(chunk(whole.subarray(1, 3)));
  await sender.send({ kind: "message", text: "{}" });
  const heard: Frame[] = [];
  for await (const frame of receiver.frames) {
    heard.push(frame);
    if (frame.kind === "message") receiver.close();
  }
  assertEquals(heard, [chunk(Uint8Array.of(2, 3)), { kind: "message", text: "{}" }]);
  assertEquals(whole, Uint8Array.of(1, 2, 3, 4));
  sender.close();
});

Deno.test("a sender that must not block waits while too much is on its way, and is let go at the end", async () => {
  // Waiting for another thread does not keep a program alive; with a port open it is.
  const alive = setInterval(() => {}, 1_000);
  const backlog = new Backlog();
  const other = new Backlog(backlog.shared);
  await backlog.addLater(60_000_000);
  let sent = false;
  const sending = backlog.addLater(60_000_000).then(() => sent = true);
  await pass(20);
  assertEquals(sent, false);
  other.remove(60_000_000);
  await sending;
  const waiting = Promise.all([backlog.addLater(60_000_000), backlog.addLater(60_000_000)]);
  backlog.open();
  await waiting;
  clearInterval(alive);
});

Deno.test("a worker that floods a port waits for its reader, and nothing is lost", async () => {
  const { port1, port2 } = new MessageChannel();
  const backlog = new Backlog();
  const count = new Int32Array(new SharedArrayBuffer(4));
  const url = new URL("fixtures/flooding_worker.ts", import.meta.url);
  const worker = new Worker(url, { type: "module" });
  const flood: Flood = { port: port2, unread: backlog.shared, count };
  worker.postMessage(flood, [port2]);
  while (Atomics.load(count, 0) < 60) await pass(5);
  await pass(100);
  assertLess(Atomics.load(count, 0), 80);
  const transport = portTransport(port1, { taken: (size) => backlog.remove(size) });
  let bytes = 0;
  for await (const frame of transport.frames) {
    assert(frame.kind === "chunk");
    assertEquals(frame.offset, bytes);
    bytes += frame.bytes.length;
    if (bytes === frame.total) break;
  }
  assertEquals(bytes, PIECES * PIECE_BYTES);
  assertGreater(Atomics.load(count, 0), 190);
  transport.close();
  worker.terminate();
});
