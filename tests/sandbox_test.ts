/** The sandbox as its user meets it: a real process, real Python. */
import { assert, assertEquals, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import { SandboxLostError } from "../lib/errors.ts";
import { createSandbox, restoreSandbox, type Tool } from "../lib/host/mod.ts";
import { testsSharing } from "./fixtures/sharing.ts";

const test = testsSharing("one sandbox, used again and again", () => createSandbox());
const limited = testsSharing(
  "a sandbox with little memory and short output",
  () => createSandbox({ memoryMb: 128, maxOutputChars: 1_000 }),
);

/** A tool over a plain function. */
function toolOf(
  parameters: readonly string[],
  invoke: Tool["invoke"],
  more: Partial<Tool> = {},
): Tool {
  const properties = Object.fromEntries(parameters.map((name) => [name, {}]));
  const schema = { type: "object", properties, required: [...parameters] };
  return { description: "A tool of this test", parameters: schema, invoke, ...more };
}

test("a sandbox keeps variables, functions and imports from cell to cell (C20)", async (sandbox) => {
  await sandbox.execute("import math\nx = 2\ndef double(n): return n * 2");
  const cell = await sandbox.execute("print('hi'); double(x) + math.floor(0.5)");
  assertEquals(cell.status, "ok");
  assertEquals(cell.stdout, "hi\n");
  assertEquals(cell.value, "4");
  assertEquals(cell.error, null);
});

test("an error is a result with its traceback, and what was printed and set before it stays (C21, C22, C29)", async (sandbox) => {
  const cell = await sandbox.execute("y = 1\nprint('before')\ny / 0");
  assertEquals(cell.status, "error");
  assertEquals(cell.stdout, "before\n");
  assertEquals(cell.error?.type, "ZeroDivisionError");
  assertStringIncludes(cell.error?.traceback ?? "", "y / 0");
  assertEquals((await sandbox.execute("y")).value, "1");
});

test("large texts and bytes arrive exact, and are bound once (C66, C71, C73)", async (sandbox) => {
  const ascii = "0123456789abcdef".repeat(1_500_000);
  const text = "naïve 漢字 🐋 ".repeat(300_000);
  const bytes = new Uint8Array(3_000_001).map((_, i) => (i * 31) & 255);
  await sandbox.bind({ ascii, text, bytes, small: [1, 2.5, null, "x"] });
  const hashes = await sandbox.execute(
    "import hashlib\n[hashlib.sha256(v).hexdigest() for v in (ascii.encode(), text.encode(), bytes)]",
  );
  const expected = await Promise.all([ascii, text, bytes].map(sha256));
  assertEquals(hashes.value, `['${expected.join("', '")}']`);
  await sandbox.execute("del ascii; small.append(9)");
  assertEquals(
    (await sandbox.execute("small, 'ascii' in globals()")).value,
    "([1, 2.5, None, 'x', 9], False)",
  );
});

async function sha256(value: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

test("a large value submitted or passed to a tool arrives whole (C90, C120)", async (sandbox) => {
  const sizes: number[] = [];
  const measure = toolOf(["text"], ({ text }) => {
    sizes.push(String(text).length);
    return "é".repeat(2_000_000);
  });
  const cell = await sandbox.execute("r = measure('ü' * 5_000_000)\nSUBMIT(r + 'x' * 20_000_000)", {
    tools: { measure },
  });
  assertEquals(cell.status, "submitted");
  assertEquals(sizes, [5_000_000]);
  const answer = String(cell.submission?.["answer"]);
  assertEquals(answer.length, 22_000_000);
  assertEquals(answer.slice(0, 2) + answer.slice(-2), "ééxx");
});

test("tools called by several tasks are open together (C107)", async (sandbox) => {
  let open = 0;
  let most = 0;
  const wait = toolOf(["n"], async ({ n }) => {
    most = Math.max(most, ++open);
    await new Promise((resolve) => setTimeout(resolve, 100));
    open--;
    return n;
  });
  const code =
    "import asyncio\nawait asyncio.gather(*[asyncio.to_thread(wait, i) for i in range(8)])";
  const cell = await sandbox.execute(code, { tools: { wait } });
  assertEquals(cell.value, "[0, 1, 2, 3, 4, 5, 6, 7]");
  assertEquals(most, 8);
});

test("a tool's failure is a Python exception with type and message and no host stack", async (sandbox) => {
  const fail = toolOf([], () => {
    throw new RangeError("only up to 9");
  });
  const cell = await sandbox.execute("fail()", { tools: { fail } });
  assertEquals(cell.status, "error");
  assertStringIncludes(cell.error?.message ?? "", "only up to 9");
  assert(!cell.error?.traceback.includes("sandbox_test.ts"));
});

test("text printed before SUBMIT stays with the answer, and what follows SUBMIT does not run (C23, C92)", async (sandbox) => {
  const cell = await sandbox.execute("print('before')\nSUBMIT(1)\nprint('after')");
  assertEquals([cell.status, cell.stdout], ["submitted", "before\n"]);
  assertEquals(cell.submission, { answer: 1 });
});

test("a tool that never settles ends at its time-out, and the cell goes on (C122, C123)", async (sandbox) => {
  const hang = toolOf([], () => new Promise(() => {}), { timeoutMs: 100 });
  const cell = await sandbox.execute("try:\n  hang()\nexcept TimeoutError as e:\n  print(e)", {
    tools: { hang },
  });
  assertEquals(cell.status, "ok");
  assertStringIncludes(cell.stdout, "took longer than 100 ms");
});

test("tools belong to one execution: the next one does not know them", async (sandbox) => {
  const tools = { secret: toolOf([], () => 42) };
  assertEquals((await sandbox.execute("secret()", { tools })).value, "42");
  assertEquals((await sandbox.execute("secret()")).error?.type, "NameError");
});

test("the soft deadline stops a loop and keeps the variables (C45)", async (sandbox) => {
  await sandbox.execute("kept = 'yes'");
  const cell = await sandbox.execute("n = 0\nwhile True: n += 1", { timeoutMs: 200 });
  assertEquals(cell.status, "timeout");
  assertLess(cell.durationMs, 5_000);
  assertEquals((await sandbox.execute("kept, n > 0")).value, "('yes', True)");
});

test("time spent waiting for a tool does not count against the deadline", async (sandbox) => {
  const slow = toolOf([], () => new Promise((resolve) => setTimeout(() => resolve("done"), 600)));
  const cell = await sandbox.execute("slow()", { tools: { slow }, timeoutMs: 300 });
  assertEquals(cell.value, "'done'");
});

test("an abort ends the cell with the signal's reason, and the sandbox goes on (C153)", async (sandbox) => {
  const reason = new Error("enough");
  const controller = new AbortController();
  const running = sandbox.execute("while True: pass", { signal: controller.signal });
  setTimeout(() => controller.abort(reason), 150);
  assertEquals(await assertRejects(() => running), reason);
  assertEquals((await sandbox.execute("1 + 1")).value, "2");
});

test("an abort ends a cell that waits for a tool which never settles, and tells the tool (C123)", async (sandbox) => {
  const reason = new Error("enough");
  const controller = new AbortController();
  let told: unknown = null;
  const hang = toolOf([], (_, { signal }) => {
    signal.addEventListener("abort", () => told = signal.reason);
    controller.abort(reason);
    return new Promise(() => {});
  });
  const running = sandbox.execute("hang()", { tools: { hang }, signal: controller.signal });
  assertEquals(await assertRejects(() => running), reason);
  assert(told !== null);
  assertEquals((await sandbox.execute("1 + 1")).value, "2");
});

limited(
  "memory beyond the cap is a MemoryError, and the session lives (C144, R58)",
  async (sandbox) => {
    const cell = await sandbox.execute("x = []\nwhile True: x.append(bytearray(20_000_000))");
    assertEquals(cell.error?.type, "MemoryError");
    assertEquals((await sandbox.execute("del x; 1 + 1")).value, "2");
  },
);

limited("output is cut at the cap and counted whole (C50)", async (sandbox) => {
  const cell = await sandbox.execute("print('x' * 5_000_000)");
  assertEquals(cell.stdout, "x".repeat(1_000));
  assertEquals(cell.stdoutChars, 5_000_001);
});

test("output is heard while the cell runs", async (sandbox) => {
  const heard: [string, string][] = [];
  await sandbox.execute("import sys\nprint('a'); print('b', file=sys.stderr)", {
    onOutput: (stream, text) => heard.push([stream, text]),
  });
  assertEquals(heard.sort(), [["stderr", "b\n"], ["stdout", "a\n"]]);
});

Deno.test("a checkpoint brings variables, functions, classes and half-consumed generators to another process", async () => {
  await using first = await createSandbox();
  await first.bind({ word: "whale" });
  await first.execute(
    "class P:\n  def __init__(self, n): self.n = n\ng = (i * i for i in range(9)); next(g); next(g)\np = P(7)",
  );
  // Each use of a function of the host's lengthens the list of references before the memory.
  await first.execute("print(hello())", { tools: { hello: toolOf([], () => "once") } });
  // More than the memory that Python begins with.
  await first.execute("large = b'w' * 60_000_000");
  const saved = await first.checkpoint();
  assertLess(saved.length, 1_000_000);
  await using second = await restoreSandbox(saved);
  const cell = await second.execute(
    "next(g), p.n, word, type(p).__name__, hello(), large.count(b'w')",
    { tools: { hello: toolOf([], () => "again") } },
  );
  assertEquals(cell.value, "(4, 7, 'whale', 'P', 'again', 60000000)");
  assertEquals((await first.execute("next(g)")).value, "4");
});

Deno.test("bytes that are no checkpoint are refused by name", async () => {
  const error = await assertRejects(() => restoreSandbox(new Uint8Array(100)));
  assert(error instanceof Error);
  assertEquals(error.name, "SandboxError");
  assertEquals(error.message, "Cannot restore checkpoint: 100 bytes that are not a checkpoint");
});

Deno.test("a closed sandbox refuses work, and closing twice or while busy is fine (C145)", async () => {
  const sandbox = await createSandbox();
  const running = sandbox.execute("while True: pass");
  await new Promise((resolve) => setTimeout(resolve, 100));
  const startedAt = performance.now();
  await Promise.all([sandbox.close(), sandbox.close()]);
  assertLess(performance.now() - startedAt, 2_000);
  const lost = await assertRejects(() => running, SandboxLostError);
  assertEquals(lost.reason, "closed");
  const refused = await assertRejects(() => sandbox.execute("1"), SandboxLostError);
  assertEquals(refused.message, "Cannot use sandbox: it was closed");
  assertEquals(refused.reason, "closed");
});
