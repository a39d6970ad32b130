/** A start-up snapshot is used when its file is whole, and not otherwise. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { hashOf, readSnapshot, sealSnapshot, type Snapshot } from "../sandbox/snapshot_file.ts";
import { Random } from "./fixtures/random.ts";
import { temporaryFolder } from "./fixtures/temporary_folder.ts";

const image = new Random(6).bytes(10_000);
const file = await sealSnapshot(image);

/** What a file with this content gives. */
async function read(content: Uint8Array): Promise<Snapshot | null> {
  await using folder = await temporaryFolder();
  await Deno.writeFile(`${folder.path}/snapshot.bin`, content);
  return await readSnapshot(`${folder.path}/snapshot.bin`);
}

Deno.test("a sealed snapshot opens to the same image, with its hash, in a buffer that can be moved", async () => {
  const snapshot = await read(file);
  assertEquals(snapshot?.bytes, image);
  assertEquals(snapshot?.bytes.buffer.byteLength, image.length);
  assertEquals(snapshot?.sha256, await hashOf(image));
});

Deno.test("a large image is hashed piece by piece, and every byte and the length count", async () => {
  const large = new Uint8Array(3 * 1024 ** 2 + 5);
  assertEquals((await read(await sealSnapshot(large)))?.bytes, large);
  const hashes = new Set([await hashOf(large), await hashOf(large.subarray(1))]);
  for (const at of [0, 1024 ** 2 - 1, 1024 ** 2, 2 * 1024 ** 2 + 9, large.length - 1]) {
    const other = large.slice();
    other[at] = 1;
    hashes.add(await hashOf(other));
  }
  assertEquals(hashes.size, 7);
});

Deno.test("a truncated snapshot does not open, wherever it was cut", async () => {
  for (let length = 0; length < file.length; length += 297) {
    assertStrictEquals(await read(file.slice(0, length)), null, `${length} bytes`);
  }
  assertStrictEquals(await read(file.slice(0, -1)), null);
  assertStrictEquals(await read(file.slice(1)), null);
});

Deno.test("an altered snapshot does not open, wherever a bit was changed", async () => {
  const trailer = Array.from({ length: 72 }, (_, i) => file.length - 1 - i);
  const places = [0, 1, 5_000, 9_999, ...trailer];
  for (const at of places) {
    const altered = file.slice();
    altered[at] = (altered[at] ?? 0) ^ 1;
    assertStrictEquals(await read(altered), null, `byte ${at}`);
  }
});

Deno.test("a file that is something else does not open", async () => {
  const encoder = new TextEncoder();
  const foreign = [
    new Uint8Array(0),
    file.slice(-72),
    encoder.encode("RLMSNAP2"),
    encoder.encode(`${"0".repeat(64)}RLMSNAP2`),
    encoder.encode(`text${"0".repeat(64)}RLMSNAP2`),
    new Uint8Array(100_000),
  ];
  for (const bytes of foreign) {
    assertStrictEquals(await read(bytes), null, `${bytes.length} bytes`);
  }
});

Deno.test("a snapshot that is not there, or no file, is null", async () => {
  await using folder = await temporaryFolder();
  assertStrictEquals(await readSnapshot(`${folder.path}/snapshot.bin`), null);
  assertStrictEquals(await readSnapshot(folder.path), null);
});
