/** Large values: sent in pieces that end between characters, taken in order and once, within limits. */
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../lib/errors.ts";
import { BlobStore, sendBlob } from "../lib/host/blobs.ts";
import type { Chunk } from "../sandbox/framing.ts";
import { ErrorCode, Limits } from "../sandbox/protocol.ts";
import { RpcPeer } from "../sandbox/rpc_peer.ts";
import { FarEnd, linkedPair } from "./fixtures/linked_pair.ts";

/** The pieces in which a value arrives on the other side of a real wire. */
async function send(value: string | Uint8Array): Promise<Chunk[]> {
  const [a, b] = linkedPair();
  const chunks: Chunk[] = [];
  const sender = new RpcPeer(a);
  new RpcPeer(b, { onChunk: (chunk) => chunks.push(chunk), requests: { done: () => null } });
  await sendBlob(sender, { id: 5, value });
  await sender.request("done", {});
  return chunks;
}

function store(chunks: readonly Chunk[], limit = 2 ** 30): BlobStore {
  const blobs = new BlobStore(limit);
  for (const chunk of chunks) blobs.add(chunk);
  return blobs;
}

function piece(blob: number, offset: number, total: number, length: number): Chunk {
  return { kind: "chunk", blob, type: "bytes", offset, total, bytes: new Uint8Array(length) };
}

/** Checks that something is refused as a breach of the contract. */
function assertBreach(act: () => unknown, message: string, code: number): void {
  const error = assertThrows(act, ProtocolError);
  const { name, usage, trajectory } = error;
  assertEquals([name, error.message, error.code, usage, trajectory], [
    "ProtocolError",
    message,
    code,
    null,
    [],
  ]);
}

Deno.test("ASCII text arrives whole, marked as such, in pieces within the limit (C71)", async () => {
  const text = "0123456789".repeat(1_000_000);
  const chunks = await send(text);
  assert(chunks.length > 2);
  for (const { type, total, bytes } of chunks) {
    assertEquals([type, total], ["ascii", text.length]);
    assert(bytes.length <= Limits.chunkBytes);
  }
  assert(new TextDecoder().decode(store(chunks).take(5)) === text);
});

Deno.test("text of every width arrives whole, no piece ending inside a character (C71, C132)", async () => {
  // Pairs of surrogates at odd and even places meet every cut.
  for (
    const text of ["🐍".repeat(1_500_000), `a${"🐍".repeat(1_500_000)}`, "aé€🐍".repeat(600_000)]
  ) {
    const chunks = await send(text);
    const decoder = new TextDecoder("utf-8", { fatal: true });
    for (const { type, bytes } of chunks) {
      assertEquals(type, "utf8");
      assert(bytes.length <= Limits.chunkBytes);
      decoder.decode(bytes);
    }
    assert(new TextDecoder().decode(store(chunks).take(5)) === text);
  }
});

Deno.test("lone surrogates become U+FFFD, also where a piece ends", async () => {
  const slice = Math.floor(Limits.chunkBytes / 3);
  const text = `${"a".repeat(slice - 1)}\ud800${"b".repeat(10)}\udc00`;
  const chunks = await send(text);
  assert(new TextDecoder().decode(store(chunks).take(5)) === text.toWellFormed());
});

Deno.test("bytes arrive whole and are not touched by what their owner does next", async () => {
  const value = new Uint8Array(Limits.chunkBytes * 2 + 3).map((_, i) => i % 251);
  const part = value.subarray(1);
  const chunks = await send(part);
  assertEquals(chunks.map(({ bytes }) => bytes.length), [Limits.chunkBytes, Limits.chunkBytes, 2]);
  const taken = store(chunks).take(5);
  assertEquals(taken.length, part.length);
  assert(taken.every((byte, i) => byte === part[i]));
});

Deno.test("sending stops at the signal, also while the other side does not read", async () => {
  let sent = 0;
  const { frames } = new FarEnd().transport;
  const peer = new RpcPeer({
    frames,
    send: () => {
      sent++;
      return new Promise<void>(() => {});
    },
  });
  const controller = new AbortController();
  const value = new Uint8Array(3 * Limits.chunkBytes);
  const sending = sendBlob(peer, { id: 1, value }, { signal: controller.signal });
  const reason = new Error("enough");
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => sending), reason);
  assertEquals(sent, 1);
});

Deno.test("a value can be taken once, when it is whole, and its number used again", () => {
  const blobs = store([piece(1, 0, 4, 2)]);
  const missing = "Cannot take value 1: it has not arrived";
  assertBreach(() => blobs.take(1), missing, ErrorCode.invalidParams);
  blobs.add(piece(1, 2, 4, 2));
  assertEquals(blobs.take(1), new Uint8Array(4));
  assertBreach(() => blobs.take(1), missing, ErrorCode.invalidParams);
  blobs.add(piece(1, 0, 0, 0));
  assertEquals(blobs.take(1), new Uint8Array(0));
  for (const id of [NaN, -1, 2, 1.5]) {
    assertBreach(
      () => blobs.take(id),
      `Cannot take value ${id}: it has not arrived`,
      ErrorCode.invalidParams,
    );
  }
});

Deno.test("pieces out of place are refused: gaps, repeats, overruns, another total, a number in use", () => {
  const cases: [chunk: Chunk, seen: string][] = [
    [piece(1, 3, 6, 1), "bytes 3 to 4 of 6 where 2 of 6 was due"],
    [piece(1, 0, 6, 2), "bytes 0 to 2 of 6 where 2 of 6 was due"],
    [piece(1, 2, 6, 5), "bytes 2 to 7 of 6 where 2 of 6 was due"],
    [piece(1, 2, 7, 2), "bytes 2 to 4 of 7 where 2 of 6 was due"],
    [piece(2, 1, 6, 1), "bytes 1 to 2 of 6 where 0 of 6 was due"],
    [piece(3, 0, 1, 1), "bytes 0 to 1 of 1 where 1 of 1 was due"],
  ];
  for (const [chunk, seen] of cases) {
    const blobs = store([piece(1, 0, 6, 2), piece(3, 0, 1, 1)]);
    assertBreach(() => blobs.add(chunk), `Cannot take chunk: ${seen}`, ErrorCode.invalidRequest);
  }
});

Deno.test("more bytes than the limit are refused by what is announced, before they come", () => {
  const blobs = store([piece(1, 0, 600, 1)], 1_000);
  const limits = "limits 1000 and 4096";
  assertBreach(
    () => blobs.add(piece(2, 0, 401, 1)),
    `Cannot take value: 401 bytes beside 600 in 1 values, ${limits}`,
    ErrorCode.tooLarge,
  );
  assertBreach(
    () => blobs.add(piece(2, 0, 999_999_999_999, 1)),
    `Cannot take value: 999999999999 bytes beside 600 in 1 values, ${limits}`,
    ErrorCode.tooLarge,
  );
  blobs.add(piece(2, 0, 400, 400));
  blobs.take(2);
  blobs.add(piece(3, 0, 400, 400));
});

Deno.test("a flood of values without bytes is refused", () => {
  const blobs = new BlobStore(1_000);
  for (let id = 0; id < Limits.openCalls; id++) blobs.add(piece(id, 0, 0, 0));
  assertBreach(
    () => blobs.add(piece(Limits.openCalls, 0, 0, 0)),
    "Cannot take value: 0 bytes beside 0 in 4096 values, limits 1000 and 4096",
    ErrorCode.tooLarge,
  );
});

Deno.test("what nobody took is let go of at once", () => {
  const blobs = store([piece(1, 0, 900, 900), piece(2, 0, 100, 5)], 1_000);
  blobs.clear();
  assertBreach(
    () => blobs.take(1),
    "Cannot take value 1: it has not arrived",
    ErrorCode.invalidParams,
  );
  blobs.add(piece(1, 0, 1_000, 1_000));
  assertEquals(blobs.take(1).length, 1_000);
});
