/** Frames are read however the bytes arrive, and what is no frame ends the reading with a typed error. */
import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { decodeFrames, type Frame, FrameEncoder, FramingError } from "../sandbox/framing.ts";
import { ErrorCode, Limits } from "../sandbox/protocol.ts";
import type { Sendable } from "./fixtures/linked_pair.ts";
import { pieceSource } from "./fixtures/piece_source.ts";

const FRAMES: Sendable[] = [
  { kind: "message", text: `{"jsonrpc":"2.0","id":1,"method":"echo","params":["naïve 🐍 ☃"]}` },
  { kind: "chunk", blob: 3, type: "bytes", offset: 0, total: 9, bytes: bytesOf("\r\n\r\n\0ÿ\n") },
  { kind: "message", text: "" },
  { kind: "chunk", blob: 4, type: "ascii", offset: 0, total: 0, bytes: new Uint8Array() },
  { kind: "chunk", blob: 3, type: "utf8", offset: 7, total: 9, bytes: bytesOf("ab") },
  { kind: "message", text: "🐍" },
];

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function encode(frames: readonly Sendable[], token: string | null = null): Uint8Array {
  const encoder = new FrameEncoder(token);
  const parts = frames.flatMap((frame) => encoder.encode(frame));
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** All frames in some bytes, which arrive in the given pieces. */
async function decode(
  pieces: Iterable<Uint8Array | string>,
  token: string | null = null,
): Promise<Frame[]> {
  const source = ReadableStream.from(pieces).pipeThrough(
    new TransformStream<Uint8Array | string, Uint8Array>({
      transform: (piece, controller) =>
        controller.enqueue(typeof piece === "string" ? bytesOf(piece) : piece),
    }),
  );
  return await Array.fromAsync(decodeFrames(pieceSource(source), token));
}

/** Checks that reading ends with this error, and that nothing more is taken from the source. */
async function assertRefused(
  piece: Uint8Array | string,
  message: string,
  { code = ErrorCode.invalidRequest as number, token = null as string | null } = {},
): Promise<void> {
  const error = await assertRejects(() => decode([piece], token), FramingError);
  assertEquals([error.name, error.message, error.code], ["FramingError", message, code]);
}

Deno.test("every frame reads back as it was, however the bytes are cut in two (C132)", async () => {
  const bytes = encode(FRAMES);
  for (let at = 0; at <= bytes.length; at++) {
    assertEquals(await decode([bytes.subarray(0, at), bytes.subarray(at)]), FRAMES, `cut at ${at}`);
  }
});

Deno.test("every frame reads back when each byte arrives alone, inside characters too (C132, R84)", async () => {
  const bytes = encode(FRAMES);
  const pieces = Array.from(bytes, (byte) => Uint8Array.of(byte));
  assertEquals(await decode(pieces), FRAMES);
  assertEquals(await decode(pieces.flatMap((piece) => [new Uint8Array(), piece])), FRAMES);
});

Deno.test("many frames in one piece all arrive (C132, R84)", async () => {
  const many = Array.from({ length: 500 }, () => FRAMES).flat();
  assertEquals((await decode([encode(many)])).length, many.length);
});

Deno.test("a stream without frames has none", async () => {
  assertEquals(await decode([]), []);
  assertEquals(await decode([new Uint8Array(), new Uint8Array()]), []);
});

Deno.test("a body at the limit of its kind is taken, and owns its memory", async () => {
  const text = "x".repeat(Limits.messageBytes);
  assertEquals(await decode([encode([{ kind: "message", text }])]), [{ kind: "message", text }]);
  const piece = new Uint8Array(Limits.chunkBytes).fill(7);
  const [chunk] = await decode([
    encode([{
      kind: "chunk",
      blob: 1,
      type: "bytes",
      offset: 0,
      total: piece.length,
      bytes: piece,
    }]),
  ]);
  assertEquals(chunk?.kind === "chunk" && chunk.bytes.buffer.byteLength, Limits.chunkBytes);
});

Deno.test("header names may be in any case, in any order, with a content type as other clients send it", async () => {
  const head =
    "content-type: application/vscode-jsonrpc; charset=utf-8\r\nCONTENT-LENGTH:2\r\n\r\n{}";
  assertEquals(await decode([head]), [{ kind: "message", text: "{}" }]);
});

Deno.test("a body that is not UTF-8 is garbled, and the next frame is in step (R85)", async () => {
  for (const body of ["\xff\xfe", "\xc3", "\xed\xa0\x80", "\xf0\x9f\x90", "\xc0\x80"]) {
    const bytes = `Content-Length: ${body.length}\r\n\r\n${body}Content-Length: 2\r\n\r\n{}`;
    assertEquals(await decode([bytes]), [{ kind: "garbled" }, { kind: "message", text: "{}" }]);
  }
});

Deno.test("a stream that ends inside a frame is an error at every byte of it (half frames)", async () => {
  const bytes = encode([{ kind: "message", text: "{}🐍" }]);
  const body = bytes.length - 6;
  for (let at = 1; at < bytes.length; at++) {
    const where = at < body ? "headers" : "body";
    const message = `Cannot read ${where}: the stream ended inside a frame`;
    await assertRefused(bytes.subarray(0, at), message);
  }
});

Deno.test("headers without end are cut off at their limit, however they arrive (R86, R90)", async () => {
  const message = "Cannot read headers: no blank line in 4096 bytes";
  const code = ErrorCode.tooLarge;
  await assertRefused(new Uint8Array(50_000_000).fill(120), message, { code });
  await assertRefused(`X: ${"y".repeat(5_000)}\r\n\r\n`, message, { code });
  await assertRefused("A: b\r\n".repeat(10_000), message, { code });
  let sent = 0;
  const drip = function* () {
    while (true) {
      sent++;
      yield "z".repeat(100);
    }
  };
  const error = await assertRejects(() => decode(drip()), FramingError);
  assertEquals([error.message, error.code], [message, code]);
  assertLess(sent, 50);
});

Deno.test("the longest headers that are allowed are read", async () => {
  const padding = "p".repeat(Limits.headerBytes - "Content-Length: 2\r\nX: ".length);
  assertEquals(await decode([`Content-Length: 2\r\nX: ${padding}\r\n\r\n{}`]), [
    { kind: "message", text: "{}" },
  ]);
});

Deno.test("a length beyond the limit is refused before a byte of the body is taken (R86)", async () => {
  const code = ErrorCode.tooLarge;
  const { messageBytes, chunkBytes } = Limits;
  for (const length of [messageBytes + 1, 52_428_800, 999_999_999_999]) {
    const message = `Cannot take message: ${length} bytes, limit ${messageBytes}`;
    await assertRefused(`Content-Length: ${length}\r\n\r\n`, message, { code });
  }
  for (const length of [chunkBytes + 1, messageBytes, 999_999_999_999]) {
    const message = `Cannot take chunk: ${length} bytes, limit ${chunkBytes}`;
    await assertRefused(chunkHead({ length }), message, { code });
  }
});

/** Headers of a chunk, each of which a test may replace. */
function chunkHead(
  {
    length = 2 as unknown,
    blob = 1 as unknown,
    type = "bytes",
    offset = 0 as unknown,
    total = 2 as unknown,
  },
): string {
  return `Content-Length: ${length}\r\nContent-Type: application/octet-stream\r\n` +
    `Blob: ${blob}\r\nType: ${type}\r\nOffset: ${offset}\r\nTotal: ${total}\r\n\r\nab`;
}

Deno.test("lengths, numbers and offsets are plain decimal numbers or nothing", async () => {
  const wrong = [
    "",
    "-1",
    "+2",
    "2.0",
    "0x2",
    "2e0",
    "1_0",
    "two",
    "NaN",
    "²",
    "٢",
    "9".repeat(13),
  ];
  for (const text of wrong) {
    const shown = JSON.stringify(text);
    await assertRefused(
      `Content-Length: ${text}\r\n\r\n{}`,
      `Cannot read header content-length: ${JSON.stringify(latin1(text))}`,
    );
    for (const name of ["blob", "offset", "total"]) {
      if (!/^[\x20-\x7e]*$/.test(text)) continue;
      await assertRefused(chunkHead({ [name]: text }), `Cannot read header ${name}: ${shown}`);
    }
  }
  await assertRefused("X: y\r\n\r\n{}", `Cannot read header content-length: "missing"`);
});

/** What a text is once each of its characters was cut down to a byte. */
function latin1(text: string): string {
  return String.fromCharCode(...bytesOf(text));
}

Deno.test("a chunk says what it is, and stays inside its value", async () => {
  await assertRefused(chunkHead({ type: "str" }), `Cannot read header type: "str"`);
  await assertRefused(chunkHead({ type: "" }), `Cannot read header type: ""`);
  await assertRefused(chunkHead({ offset: 1 }), "Cannot take chunk: bytes 1 to 3 of 2");
  await assertRefused(chunkHead({ total: 0 }), "Cannot take chunk: bytes 0 to 2 of 0");
  const [chunk] = await decode([chunkHead({ offset: 5, total: 7 })]);
  assertEquals(chunk?.kind, "chunk");
});

Deno.test("lines that are no headers, and headers that are there twice, are refused", async () => {
  await assertRefused("\r\n\r\n{}", `Cannot read header: ""`);
  await assertRefused(": 2\r\n\r\n{}", `Cannot read header: ": 2"`);
  const line = "z".repeat(70);
  await assertRefused(`${line}\r\n\r\n`, `Cannot read header: "${line.slice(0, 60)}…"`);
  const twice = "Content-Length: 2\r\ncontent-length: 3\r\n\r\n{}";
  await assertRefused(twice, "Cannot read header: content-length is given twice");
});

const TOKEN = "0123456789abcdef0123456789abcdef";

Deno.test("frames sealed with the right token read back, numbered from zero", async () => {
  assertEquals(await decode([encode(FRAMES, TOKEN)], TOKEN), FRAMES);
  assertEquals(await decode([encode(FRAMES, TOKEN)], null), FRAMES);
});

Deno.test("a wrong or missing token ends the reading (C134, R90)", async () => {
  const sealed = (token: string) => `Content-Length: 2\r\n${token}Sequence: 0\r\n\r\n{}`;
  const wrong = ["", "Token: \r\n", `Token: ${TOKEN}0\r\n`, `Token: ${"f".repeat(32)}\r\n`];
  for (const token of wrong) {
    await assertRefused(sealed(token), "Cannot trust frame: wrong token", { token: TOKEN });
  }
  const twice = sealed(`Token: x\r\nToken: ${TOKEN}\r\n`);
  await assertRefused(twice, "Cannot read header: token is given twice", { token: TOKEN });
});

Deno.test("a frame that is repeated, left out or moved ends the reading (C134)", async () => {
  const encoder = new FrameEncoder(TOKEN);
  const [first = [], second = [], third = []] = Array.from(
    { length: 3 },
    () => encoder.encode({ kind: "message", text: "{}" }),
  );
  const orders: [parts: Uint8Array[], seen: string, due: number][] = [
    [[...first, ...first], "0", 1],
    [[...first, ...third], "2", 1],
    [second, "1", 0],
    [[...first, ...second, ...second], "1", 2],
  ];
  for (const [parts, seen, due] of orders) {
    const error = await assertRejects(() => decode(parts, TOKEN), FramingError);
    assertEquals([error.message, error.code], [
      `Cannot trust frame: sequence "${seen}" where ${due} was due`,
      ErrorCode.invalidRequest,
    ]);
  }
  const without = `Content-Length: 2\r\nToken: ${TOKEN}\r\n\r\n{}`;
  await assertRefused(without, `Cannot trust frame: sequence "missing" where 0 was due`, {
    token: TOKEN,
  });
});

Deno.test("frames before the garbage are delivered, and the source is given up after it", async () => {
  let cancelled = false;
  const source = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(encode(FRAMES.slice(0, 2)));
      controller.enqueue(bytesOf("\0\x01garbage\xff\r\n\r\n"));
    },
    cancel: () => {
      cancelled = true;
    },
  });
  const seen: Frame[] = [];
  const error = await assertRejects(async () => {
    for await (const frame of decodeFrames(pieceSource(source))) seen.push(frame);
  }, FramingError);
  assertEquals(error.message, `Cannot read header: ${JSON.stringify("\0\x01garbage\xff")}`);
  assertEquals([seen, cancelled], [FRAMES.slice(0, 2), true]);
  assertEquals(source.locked, false);
});
