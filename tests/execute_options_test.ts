/** What a caller may hand to `execute`, and what becomes of its mistakes. */
import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { createSandbox, SandboxError, type Tool } from "../lib/host/mod.ts";
import { testsSharing } from "./fixtures/sharing.ts";

const echo: Tool = {
  description: "Gives back its argument",
  parameters: { type: "object", properties: { value: {} }, required: ["value"] },
  invoke: ({ value }) => value,
};
const test = testsSharing("what execute is handed", () => createSandbox({ tools: { echo } }));

test("a deadline that is no number of milliseconds is refused, and the sandbox is as it was", async (sandbox) => {
  await sandbox.execute("x = 1");
  for (const timeoutMs of [Infinity, NaN, -1, 0, 2 ** 31]) {
    const error = await assertRejects(() => sandbox.execute("x", { timeoutMs }), RangeError);
    assertEquals(
      error.message,
      `Cannot use timeoutMs: ${timeoutMs} is not between 1 and 2147483647`,
    );
  }
  assertEquals((await sandbox.execute("x", { timeoutMs: 2 ** 31 - 1 })).value, "1");
});

test("a callback that throws fails its own call of execute, and neither the cell nor its variables", async (sandbox) => {
  const thrown = new Error("mine");
  const explode = (): never => {
    throw thrown;
  };
  const code = "print('seen', flush=True)\ny = echo(5)\nz = y + 1";
  for (const options of [{ onOutput: explode }, { onToolCall: explode }]) {
    assertStrictEquals(await assertRejects(() => sandbox.execute(code, options)), thrown);
    const next = await sandbox.execute("y, z");
    assertEquals([next.value, next.restored], ["(5, 6)", null]);
    await sandbox.execute("del y, z");
  }
});

test("code larger than a message is refused, and the sandbox is as it was", async (sandbox) => {
  await sandbox.execute("x = 1");
  const error = await assertRejects(
    () => sandbox.execute(`#${"x".repeat(17_000_000)}`),
    SandboxError,
  );
  assertEquals(error.name, "SandboxError");
  assertEquals(error.message.slice(0, 39), "Cannot run cell: Cannot send message: 1");
  const next = await sandbox.execute("x");
  assertEquals([next.value, next.restored], ["1", null]);
});
