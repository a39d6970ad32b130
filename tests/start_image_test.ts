/** What a start is made from comes back as it was, and takes no room for what is empty. */
import { assertEquals, assertLess } from "@std/assert";
import { applyDifference, takeDifference } from "../sandbox/page_difference.ts";
import { imagePages, packImage, unpackImage } from "../sandbox/start_image.ts";
import { Random } from "./fixtures/random.ts";

const PAGE = 4096;
const random = new Random(8);

/** A memory in which the named pages hold something. */
function memoryWith(pages: readonly number[], length: number): Uint8Array<ArrayBuffer> {
  const memory = new Uint8Array(length);
  for (const page of pages) memory.set(random.bytes(100), page * PAGE + 7);
  return memory;
}

for (
  const [what, memory] of Object.entries({
    "no memory at all": new Uint8Array(0),
    "a memory of zeros": new Uint8Array(3 * PAGE),
    "a memory with full and empty pages": memoryWith([0, 2, 3, 9], 12 * PAGE),
    "a memory that ends inside a page": memoryWith([1, 4], 4 * PAGE + 107),
    "a memory whose last byte alone is set": new Uint8Array(PAGE + 1).fill(1, PAGE),
  })
) {
  Deno.test(`an image of ${what} unpacks to the same parts, and is a base of differences`, async () => {
    const image = { memory, code: random.bytes(501) };
    assertEquals(unpackImage(packImage(image)), image);
    const other = memory.slice();
    if (other.length > 3 * PAGE) other.set(random.bytes(5), 2 * PAGE + 9);
    const difference = await takeDifference(imagePages(packImage(image)), other);
    assertEquals(await applyDifference(memory, difference), other);
  });
}

Deno.test("an image has no room for pages of zeros", () => {
  const image = packImage({ memory: memoryWith([5], 1_000 * PAGE), code: new Uint8Array(0) });
  assertLess(image.length, 2 * PAGE);
});
