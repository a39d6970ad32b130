/** A cell that the host stops ends, also where Python is still on its way to it. */
import { assertEquals } from "@std/assert";
import { executeParams, RawChild } from "./fixtures/raw_child.ts";

Deno.test("an interrupt that comes while a cell is about to begin stops it as it does one that runs", async () => {
  await using child = await RawChild.ready();
  for (const id of [0, 1, 2, 4, 8]) {
    const cell = executeParams("while True: pass", { timeoutMs: 60_000 });
    await child.send({ jsonrpc: "2.0", id, method: "execute", params: cell });
    await new Promise((resolve) => setTimeout(resolve, id));
    await child.send({ jsonrpc: "2.0", method: "interrupt", params: { executionId: "e1" } });
    let answer = Object(await child.hear());
    while (answer.method === "expired") answer = Object(await child.hear());
    assertEquals([answer.id, answer.result.status], [id, "timeout"]);
  }
});
