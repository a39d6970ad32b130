/** Attacks on time, memory, output and stack (R53–R71). */
import { assertEquals, assertLess } from "@std/assert";
import {
  attack,
  ends,
  gives,
  loses,
  pair,
  prints,
  raises,
  residentBytes,
  Target,
  toolOf,
  withstand,
} from "./fixtures/attacks.ts";

const SWALLOW = `while True:
  try:
    while True: pass
  except BaseException: pass`;

Deno.test("time: every cell ends, and most keep their variables (R53–R57)", async (t) => {
  const stopped = ends("timeout");
  await withstand(t, [
    attack("R53 a loop", "while True: pass", stopped),
    attack("R54 a loop that swallows everything", SWALLOW, stopped),
    attack(
      "R55, C46 a bad regular expression",
      'import re; re.match(r"(a+)+$", "a" * 40 + "b")',
      stopped,
    ),
    attack("R56 a power", "9 ** 9 ** 8", stopped),
    attack("R57 a sleep", "import time; time.sleep(10 ** 6)", stopped),
    ...pair(
      "E51 the interrupt's handler replaced",
      [
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        loses(/deadline/),
      ],
      ["import signal; callable(signal.getsignal(signal.SIGINT))", gives("True")],
    ),
    ...pair(
      "E52 the interrupt's buffer taken away",
      ["import pyodide_js as p\np.setInterruptBuffer(None)\nwhile True: pass", loses(/deadline/)],
      ["sum(range(100_000))", gives("4999950000")],
    ),
    ...pair(
      "E53 a generator that can't be closed",
      [
        `def stubborn():
  while True:
    try: yield 1
    except GeneratorExit: pass
g = stubborn(); next(g)
while True: next(g)`,
        stopped,
      ],
      ["next(n * n for n in range(3, 9))", gives("9")],
    ),
    ...pair(
      "E54 a task that never yields, beside one that waits",
      [
        `import asyncio
async def spin():
  while True: pass
await asyncio.gather(asyncio.sleep(100), spin())`,
        stopped,
      ],
      ["import asyncio; await asyncio.wait_for(asyncio.sleep(0.01, 'woke'), 5)", gives("'woke'")],
    ),
    ...pair(
      "E55 a cell that cancels its own end",
      [
        `import asyncio
async def hold():
  while True:
    try: await asyncio.sleep(100)
    except asyncio.CancelledError: pass
asyncio.ensure_future(hold())
await asyncio.sleep(100)`,
        ends("timeout", "lost"),
      ],
      [
        "import asyncio\ntask = asyncio.ensure_future(asyncio.sleep(0.01, 3))\nawait task",
        gives("3"),
      ],
    ),
  ], { timeoutMs: 400, graceMs: 1_000 });
});

Deno.test("time: an open tool call does not stop the clock of code that runs beside it (R50, R53)", async (t) => {
  const slow = toolOf([], () => new Promise((resolve) => setTimeout(() => resolve("done"), 2_000)));
  await withstand(t, [
    ...pair(
      "E56 a loop beside a call",
      [
        "import asyncio\nasyncio.ensure_future(slow.aio())\nawait asyncio.sleep(0.05)\nwhile True: pass",
        (cell) => {
          assertEquals(cell.status, "timeout");
          assertLess(cell.durationMs, 1_900);
        },
      ],
      ["slow()", gives("'done'")],
    ),
  ], { timeoutMs: 500, tools: { slow } });
});

Deno.test("time: what a cell leaves for later is stopped, or ends the guest (R46, R53)", async () => {
  await using target = await Target.open({ timeoutMs: 2_000 });
  const leave = (body: string) =>
    `import pyodide_js as p
from pyodide.ffi import create_proxy
def spin(*rest):
  ${body.replaceAll("\n", "\n  ")}
p._api.scheduleCallback(create_proxy(spin), 50)
kept = 1`;
  for (const body of ["while True: pass", SWALLOW]) {
    await target.run([leave(body)]);
    // Long enough for the callback to start, and for the checkpoint that would have to wait for it.
    await new Promise((resolve) => setTimeout(resolve, 400));
    const startedAt = performance.now();
    const cell = await target.run(["1 + 1"]);
    assertEquals(cell.value ?? (await target.run(["1 + 1"])).value, "2");
    assertLess(performance.now() - startedAt, 15_000);
  }
});

Deno.test("memory: Python's own has a cap that Python sees (R58, R59, R66)", async (t) => {
  const full = raises(/^(MemoryError|OverflowError)/);
  await withstand(t, [
    attack("R58 byte arrays", "x = []\nwhile True: x.append(bytearray(20_000_000))", full),
    attack("R58 and freed", "x = None; len(bytearray(20_000_000))", gives("20000000")),
    attack("R59 a long text", '"a" * 10 ** 10', full),
    attack(
      "R66 zlib bomb",
      `import zlib
packer = zlib.compressobj(wbits=-15)
part = packer.compress(bytes(2_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
zlib.decompress(part * 500, wbits=-15)`,
      full,
    ),
    ...pair(
      "E57 a huge mapping",
      ["import mmap; len(mmap.mmap(-1, 4 * 10 ** 9))", ends("error", "ok", "lost")],
      ["import mmap; m = mmap.mmap(-1, 100); m[0] = 65; bytes(m[:2])", gives("b'A\\x00'")],
    ),
    ...pair(
      "E58 a huge number of small things",
      ["d = {}\ni = 0\nwhile True:\n  d[i] = [i]; i += 1", ends("error", "timeout")],
      ["d = None; len({n: [n] for n in range(100_000)})", gives("100000")],
    ),
    ...pair(
      "E59 a repr without end",
      [
        "class R:\n  def __repr__(self): return 'x' * 10 ** 9\nR()",
        ends("ok", "error"),
      ],
      ["[list(range(3))] * 2", gives("[[0, 1, 2], [0, 1, 2]]")],
    ),
  ], { memoryMb: 192, timeoutMs: 3_000 });
});

Deno.test("memory: JavaScript's has one too, and whoever passes it is ended (R60–R62, R65)", async (t) => {
  const tooMuch = loses(/out of memory/);
  await withstand(t, [
    attack(
      "R60 ArrayBuffers",
      `import pyodide_js as p
make = p._module.HEAPU8.constructor
held = []
for _ in range(100):
  held.append(make.new(100_000_000)); held[-1].fill(1)`,
      tooMuch,
    ),
    attack(
      "R61 Wasm memories",
      `import pyodide_js as p
from pyodide.ffi import to_js
make = p._module.memory.constructor
held = []
for _ in range(1000):
  held.append(make.new(to_js({"initial": 1000})))
  p._module.HEAPU8.constructor.new(held[-1].buffer).fill(1)`,
      tooMuch,
    ),
    attack(
      "R61 conversions",
      "from pyodide.ffi import to_js\nb = bytes(50_000_000)\nheld = []\nwhile True: held.append(to_js(b))",
      tooMuch,
    ),
    attack(
      "R65 files",
      'i = 0\nwhile True:\n  open(f"/tmp/{i}", "wb").write(bytes(10_000_000)); i += 1',
      ends("lost", "error", "timeout"),
    ),
    ...pair(
      "E60 one sparse file",
      ['open("/tmp/sparse", "wb").truncate(10 ** 10)', ends("error", "ok", "lost")],
      ['open("/tmp/small", "wb").write(bytes(10 ** 6))', gives("1000000")],
    ),
  ], { memoryMb: 96, timeoutMs: 30_000 });
});

Deno.test("memory: conversions to JavaScript end in an error, at the deadline or with the guest (R62)", async (t) => {
  await withstand(t, [
    attack(
      "R62 JavaScript arrays",
      "from pyodide.ffi import to_js\nn = list(range(10 ** 6))\nheld = []\nwhile True: held.append(to_js(n))",
      ends("lost", "timeout", "error"),
    ),
  ], { memoryMb: 96, timeoutMs: 1_000 });
});

Deno.test("output: cut at the cap, whatever prints it (R63, R64)", async (t) => {
  await withstand(t, [
    attack("R63 long lines", 'while True: print("x" * 1_000_000)', ends("timeout")),
    attack("R64 many lines", "for i in range(10 ** 9): print(i)", ends("timeout")),
    attack(
      "E61 the bridge's own output",
      'import js\nwhile True: js.rlm.output("stdout", "x" * 1_000_000)',
      ends("timeout", "lost"),
    ),
    attack(
      "E61 still works",
      "for n in range(3): print(n, end=' ')",
      prints("0 1 2 "),
    ),
  ], { timeoutMs: 600, maxOutputChars: 100_000 });
});

Deno.test("stack: too deep is an error or ends the guest (R67–R70)", async (t) => {
  await withstand(t, [
    attack("R67 recursion", "def f(): return f()\nf()", raises(/^RecursionError/)),
    attack(
      "R68 recursion without a limit",
      "import sys; sys.setrecursionlimit(10 ** 9)\ndef f(): return f()\nf()",
      raises(/^RecursionError/),
    ),
    attack(
      "R68 with the real function",
      "import sys; sys.modules['_rlm.prelude_stand_ins']._set_recursion_limit(10 ** 9)\ndef f(): return f()\nf()",
      ends("lost", "error"),
      { breaksGuest: true },
    ),
    attack("R69 deep JSON", 'import json; json.loads("[" * 1_000_000)', ends("lost", "error")),
    attack(
      "R70 deep source",
      'compile("(" * 5000 + ")" * 5000, "x", "eval")',
      raises(/SyntaxError|Error/),
    ),
    ...pair(
      "E62 a repr that calls itself",
      ["class R:\n  def __repr__(self): return repr(self)\nR()", ends("ok", "error", "lost")],
      ["import json; len(json.loads('[' * 500 + ']' * 500))", gives("1")],
    ),
    ...pair(
      "E63 a chain of iterators",
      [
        "it = iter(())\nfor _ in range(200_000): it = map(int, it)\nlist(it)",
        ends("lost", "error", "ok"),
      ],
      ["import itertools; list(itertools.chain([1], [2]))", gives("[1, 2]")],
    ),
    ...pair(
      "E64 a deep structure that is freed",
      ["a = None\nfor _ in range(300_000): a = [a]\ndel a", ends("ok", "lost")],
      ["a = [[[1]]]; del a; 5", gives("5")],
    ),
    ...pair(
      "E65 a comparison of deep structures",
      [
        "a = []; b = []\nfor _ in range(50_000): a, b = [a], [b]\na == b",
        ends("error", "lost"),
      ],
      ["[[1, [2]]] == [[1, [2]]]", gives("True")],
    ),
  ], { memoryMb: 192, timeoutMs: 30_000 });
});

Deno.test({
  name: "five sandboxes that fill their memory at once each keep to their cap (R71)",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const memoryMb = 64;
    const open = () => Target.open({ memoryMb, timeoutMs: 60_000 });
    const targets = await Promise.all(Array.from({ length: 5 }, open));
    try {
      await Promise.all(targets.map(async (target) => {
        const cell = await target.run(["x = []\nwhile True: x.append(bytearray(5_000_000))"]);
        assertEquals(cell.error?.type, "MemoryError");
        const held = await residentBytes(target.pid);
        assertLess(held, (3 * memoryMb + 512) * 1024 ** 2);
        assertEquals((await target.run(["x = None; 1 + 1"])).value, "2");
      }));
    } finally {
      for (const target of targets) await target[Symbol.asyncDispose]();
    }
  },
});
