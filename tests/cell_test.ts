/** What a guest says of its cell is taken for what it should be, or for nothing (R80). */
import { assertEquals } from "@std/assert";
import { finishedCell, Printed } from "../lib/host/cell.ts";
import { createSandbox } from "../lib/host/mod.ts";
import type { JsonValue } from "../sandbox/protocol.ts";

/** JSON that breaks whatever makes a text or a number of it. */
const STUBBORN = { toString: 1, valueOf: 1 };

/** A cell by its result alone. */
function cellOf(result: JsonValue) {
  const record = {
    stdout: new Printed(10),
    stderr: new Printed(10),
    durationMs: 1,
    notes: [],
    restored: null,
  };
  return finishedCell(result, record, (json) => json);
}

Deno.test("parts of a result that are of the wrong type count as missing (R80)", () => {
  const error = { type: STUBBORN, message: STUBBORN, traceback: ["x"] };
  const cell = cellOf({
    status: STUBBORN,
    value: STUBBORN,
    stdoutChars: STUBBORN,
    stderrChars: "9",
    error,
    submission: "text",
    notes: [STUBBORN, "kept", 5],
  });
  assertEquals(cell, {
    ...cellOf({}),
    submission: {},
    error: { type: "", message: "", traceback: "" },
    notes: ["kept"],
  });
  for (const result of [null, [], "x", { error: [] }]) assertEquals(cellOf(result), cellOf({}));
  assertEquals(cellOf({ error: { type: "E", message: "half \ud800" } }).error, {
    type: "E",
    message: "half \ufffd",
    traceback: "",
  });
});

Deno.test("a guest that forges the result of a cell gets a cell, and its host no exception (R80)", async () => {
  await using sandbox = await createSandbox({ startTimeoutMs: 120_000 });
  const forged = JSON.stringify({ status: "error", error: { type: STUBBORN }, names: [STUBBORN] });
  const code = `import _rlm; _rlm.execute.__code__ = (lambda text: ${
    JSON.stringify(forged)
  }).__code__`;
  assertEquals((await sandbox.execute(code)).error, null);
  const cell = await sandbox.execute("1 + 1");
  assertEquals(cell.status, "error");
  assertEquals(cell.error, { type: "", message: "", traceback: "" });
});
