/** A start-up snapshot is used when its file is whole, and not otherwise. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { openSnapshot, readSnapshot, sealSnapshot } from "../sandbox/snapshot_file.ts";
import { Random } from "./fixtures/random.ts";
import { temporaryFolder } from "./fixtures/temporary_folder.ts";

const memory = new Random(6).bytes(10_000);
const file = await sealSnapshot(memory);

Deno.test("a sealed snapshot opens to the same memory, with its SHA-256", async () => {
  const snapshot = await openSnapshot(file);
  assertEquals(snapshot?.bytes, memory);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", memory)).toHex();
  assertEquals(snapshot?.sha256, hash);
});

Deno.test("a truncated snapshot does not open, wherever it was cut", async () => {
  for (let length = 0; length < file.length; length += 97) {
    assertStrictEquals(await openSnapshot(file.slice(0, length)), null, `${length} bytes`);
  }
  assertStrictEquals(await openSnapshot(file.slice(0, -1)), null);
  assertStrictEquals(await openSnapshot(file.slice(1)), null);
});

Deno.test("an altered snapshot does not open, wherever a bit was changed", async () => {
  const trailer = Array.from({ length: 72 }, (_, i) => file.length - 1 - i);
  const places = [0, 1, 5_000, 9_999, ...trailer];
  for (const at of places) {
    const altered = file.slice();
    altered[at] = (altered[at] ?? 0) ^ 1;
    assertStrictEquals(await openSnapshot(altered), null, `byte ${at}`);
  }
});

Deno.test("a file that is something else does not open", async () => {
  const encoder = new TextEncoder();
  const foreign = [
    new Uint8Array(0),
    file.slice(-72),
    encoder.encode("RLMSNAP1"),
    encoder.encode(`${"0".repeat(64)}RLMSNAP1`),
    encoder.encode(`text${"0".repeat(64)}RLMSNAP1`),
    new Uint8Array(100_000),
  ];
  for (const bytes of foreign) {
    assertStrictEquals(await openSnapshot(bytes), null, `${bytes.length} bytes`);
  }
});

Deno.test("reading a snapshot gives it, or null when it is not there, not whole, or no file", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/snapshot.bin`;
  assertStrictEquals(await readSnapshot(path), null);
  await Deno.writeFile(path, file.subarray(0, 500));
  assertStrictEquals(await readSnapshot(path), null);
  await Deno.writeFile(path, file);
  assertEquals((await readSnapshot(path))?.bytes, memory);
  assertStrictEquals(await readSnapshot(folder.path), null);
});
