/** Attacks by tool calls: forged, out of turn, too many, too slow, too large (R36, R37, R46–R51). */
import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import {
  attack,
  gives,
  loses,
  pair,
  prints,
  Target,
  toolOf,
  withstand,
} from "./fixtures/attacks.ts";
import { testsSharing } from "./fixtures/sharing.ts";

Deno.test("tool calls reach registered tools only, while their cell runs, each with its own answer (R37, R46–R48)", async (t) => {
  await withstand(t, [
    attack(
      "R37, C129 unknown-tool",
      `import js, json, sys
control = sys.modules["_rlm.prelude_control"]
say = lambda name, id: js.rlm.call(json.dumps({"executionId": id, "name": name, "arguments": {}}))
for name in ("nope", "__proto__", "constructor", "toString"): print(await say(name, control.acting().id))`,
      (cell) => {
        const lines = cell.stdout.trim().split("\n");
        assertEquals(lines.length, 4);
        for (const line of lines) assertStringIncludes(line, "no tool of this cell is called");
      },
    ),
    ...pair(
      "E43 a call that names another cell",
      [
        `import js, json
print(await js.rlm.call(json.dumps({"executionId": "another", "name": "echo", "arguments": {"value": 1}})))`,
        (cell) => assertStringIncludes(cell.stdout, "no cell is running"),
      ],
      ["echo(1)", gives("1")],
    ),
    ...pair(
      "E44 calls that are no calls",
      [
        `import js
for text in ("garbage", "[]", "1", "{}", "null", '"x"'): print("error" in await js.rlm.call(text))`,
        prints("True\n".repeat(6)),
      ],
      ["await echo.aio('later')", gives("'later'")],
    ),
    ...pair(
      "E45 answers and methods that only the gateway may use",
      [
        `import js, json
for method in ("initialize", "execute", "checkpoint", "fatal", "ready"):
  await js.rlm.call(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "result": 5}))`,
        gives(null),
      ],
      ["[echo(n) for n in range(3)]", gives("[0, 1, 2]")],
    ),
    attack(
      "R47 gather",
      "import asyncio\nawait asyncio.gather(*[echo.aio(n) for n in range(100)]) == list(range(100))",
      gives("True"),
    ),
    attack(
      "R48 nested-call",
      "sorted([3, 1, 2], key=lambda v: (echo(v), v)[1])",
      gives("[1, 2, 3]"),
    ),
    ...pair(
      "E46 output of another kind, and past the cap",
      [
        'import js\njs.rlm.output("stdin", "x"); js.rlm.output(1, 2)\nfor _ in range(400): js.rlm.output("stdout", "y" * 100_000)',
        (cell) => {
          assertEquals(cell.status, "ok");
          assertLess(cell.stdout.length, 10_000_001);
        },
      ],
      ["print('z' * 1_000_000)", (cell) => assertEquals(cell.stdout.length, 1_000_001)],
    ),
  ]);
});

Deno.test("large values are taken by the message that names them, and never more than memory holds", async (t) => {
  await withstand(t, [
    ...pair(
      "E47 large values that nobody names",
      [
        "import js\nfor _ in range(20): js.rlm.send_blob(bytes(20_000_000))",
        loses(/Cannot take value/),
      ],
      ["len(echo(bytes(3_000_000)))", gives("3000000")],
    ),
    ...pair(
      "E48 a number of a large value that is not its own",
      [
        `import sys
encode = sys.modules["_rlm.prelude_blobs"]
encode.send = lambda data: 10**6
SUBMIT("x" * 3_000_000)`,
        loses(),
      ],
      [
        "SUBMIT('x' * 3_000_000)",
        (cell) => assertEquals(String(cell.submission?.["answer"]).length, 3_000_000),
      ],
      { breaksGuest: true },
    ),
  ], { memoryMb: 256 });
});

const testTarget = testsSharing(
  "calls that come late, too often or too slowly",
  () => Target.open(),
);

testTarget("calls of code that a cell left behind are refused (R46)", async (target) => {
  await target.run([
    `import asyncio, threading
async def loop():
  while True: await echo.aio("late"); await asyncio.sleep(0.02)
asyncio.ensure_future(loop())
await asyncio.sleep(0.1)`,
  ]);
  const during = target.echoed.length;
  assert(during > 0);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await target.run(["import time; time.sleep(0.3)"]);
  assertEquals(target.echoed.length, during);
});

testTarget(
  "a flood of calls ends at the deadline, and the next cell calls as before (R49)",
  async (target) => {
    const cell = await target.run(["for i in range(10 ** 7): echo(i)"], { timeoutMs: 500 });
    assertEquals(cell.status, "timeout");
    assertEquals((await target.run(["echo('next')"])).value, "'next'");
  },
);

testTarget("calls that were never waited for are bounded on both sides (R49)", async (target) => {
  let open = 0;
  let most = 0;
  const hang = toolOf([], (_, { signal }) => {
    most = Math.max(most, ++open);
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        open--;
        reject(signal.reason);
      });
    });
  });
  await target.run([
    "calls = [hang.aio() for _ in range(9000)]\nimport asyncio\nawait asyncio.gather(*calls)",
  ], {
    tools: { hang },
    timeoutMs: 3_000,
  });
  assert(most <= 4096, String(most));
  assertEquals((await target.run(["1 + 1"])).value, "2");
  assertEquals(open, 0);
});

testTarget(
  "a tool slower than its time is told so, and its late answer reaches nobody (R50)",
  async (target) => {
    const { promise: aborted, resolve } = Promise.withResolvers<boolean>();
    const slow = toolOf([], async (_, { signal }) => {
      await new Promise<void>((done) => {
        signal.addEventListener("abort", () => done(), { once: true });
      });
      resolve(signal.aborted);
      return "late";
    }, { timeoutMs: 150 });
    const cell = await target.run(["try: slow()\nexcept TimeoutError: print('too slow')"], {
      tools: { slow },
    });
    assertEquals(cell.stdout, "too slow\n");
    assert(await aborted);
    assertEquals((await target.run(["1 + 1"])).value, "2");
  },
);

testTarget(
  "a tool's error shows its type and message, and neither stack nor cause (R51)",
  async (target) => {
    const leak = toolOf([], () => {
      const error = new RangeError("too far", { cause: new Error("secret cause") });
      error.stack = "RangeError at /home/secret/path.ts:1";
      throw Object.assign(error, { token: "secret token" });
    });
    const cell = await target.run(["leak()"], { tools: { leak } });
    assertEquals(cell.error?.type, "ValueError");
    assertStringIncludes(cell.error?.message ?? "", "too far");
    assert(!JSON.stringify(cell).includes("secret"));
  },
);

testTarget(
  "an end of the interpreter is told in our words, not in its dump (R36)",
  async (target) => {
    const cell = await target.run(["print('before', flush=True)\nimport os; os.abort()"]);
    assertEquals(cell.status, "lost");
    assertEquals(cell.stdout, "before\n");
    assertEquals(cell.submission, null);
  },
);
