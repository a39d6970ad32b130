/** Frames come whole out of a real pipe, though one buffer serves all reads of it. */
import { assertEquals, assertRejects } from "@std/assert";
import { streamSource } from "../sandbox/byte_source.ts";
import { decodeFrames, type Frame, FrameEncoder } from "../sandbox/framing.ts";

/** `cat`, through which bytes take the way that those of a sandbox take. */
function startCat(): Deno.ChildProcess {
  return new Deno.Command("cat", { stdin: "piped", stdout: "piped" }).spawn();
}

Deno.test("frames that lie across reads and many in one read come out as they went in", async () => {
  const sizes = [0, 1, 65_000, 600, 200_000, 3, 65_536, 5, 1_000_000, 40];
  const texts = sizes.map((size, index) => String(index % 10).repeat(size));
  await using cat = startCat();
  const encoder = new FrameEncoder();
  const sending = (async () => {
    const writer = cat.stdin.getWriter();
    for (const text of texts) {
      for (const part of encoder.encode({ kind: "message", text })) writer.write(part);
    }
    await writer.close();
  })();
  const frames: Frame[] = await Array.fromAsync(decodeFrames(streamSource(cat.stdout)));
  await sending;
  assertEquals(frames.length, texts.length);
  for (const [index, frame] of frames.entries()) {
    assertEquals(frame.kind === "message" && frame.text === texts[index], true, `frame ${index}`);
  }
});

Deno.test("a source that nobody reads any more lets its process end", async () => {
  await using cat = startCat();
  const source = streamSource(cat.stdout);
  await source.cancel();
  await cat.stdin.close();
  assertEquals((await cat.status).success, true);
  await assertRejects(() => source.read(), TypeError);
});
