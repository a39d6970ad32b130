/** Attacks on the interpreter's life and on what passes from cell to cell and session to session (R72–R81). */
import { assertEquals, assertNotEquals } from "@std/assert";
import {
  attack,
  ends,
  gives,
  loses,
  pair,
  prints,
  raises,
  Target,
  withstand,
} from "./fixtures/attacks.ts";

Deno.test("ends of the interpreter are errors of the cell, or a guest that is replaced (R72–R76)", async (t) => {
  await withstand(t, [
    attack("R72 sys.exit", "import sys; sys.exit(3)", raises(/^SystemExit: 3$/)),
    attack("R72 a subclass", "class Bye(SystemExit): pass\nraise Bye('now')", raises(/^Bye: now$/)),
    attack("R73 KeyboardInterrupt", "raise KeyboardInterrupt", raises(/^KeyboardInterrupt/)),
    attack("R74 os._exit", "import os; os._exit(0)", loses(/exit\(0\)/)),
    attack(
      "R75 a write over all memory",
      "import ctypes; ctypes.memset(0, 65, 50_000_000)",
      loses(),
    ),
    attack("R76 who am I", "import os; os.getuid() >= 0 and bool(os.uname())", gives("True")),
    attack("R76 getlogin", "import os; os.getlogin()", ends("error", "ok")),
    ...pair(
      "E71 signals to oneself",
      ["import os; os.kill(os.getpid(), 9)", loses(/exit\(137\)/)],
      ["import signal; signal.SIGINT.name", gives("'SIGINT'")],
    ),
    ...pair(
      "E72 a generator's end by exit",
      [
        "def g():\n  try: yield 1\n  finally: raise SystemExit(9)\nx = g(); next(x); del x",
        ends("ok", "error"),
      ],
      [
        "def g():\n  try: yield 1\n  finally: print('closed')\nx = g(); next(x); del x",
        prints("closed\n"),
      ],
    ),
    ...pair(
      "E73 an exit in a destructor, in a task and in a callback",
      [
        `import asyncio
class D:
  def __del__(self): raise SystemExit(1)
d = D(); del d
async def leave(): raise SystemExit(2)
asyncio.ensure_future(leave())
asyncio.get_event_loop().call_soon(lambda: (_ for _ in ()).throw(SystemExit(3)))
await asyncio.sleep(0.05)`,
        ends("ok", "error"),
      ],
      ["import asyncio\nasync def f(): return 8\nawait asyncio.ensure_future(f())", gives("8")],
    ),
    ...pair(
      "E74 functions that run at the end",
      ["import atexit, sys; atexit.register(lambda: 1 / 0); sys.exit()", raises(/^SystemExit/)],
      ["import contextlib\nwith contextlib.suppress(KeyError): {}['x']", gives(null)],
    ),
    ...pair(
      "E75 objects made of wrong memory",
      ["import ctypes; ctypes.cast(12345, ctypes.py_object).value.x", ends("error", "lost")],
      ["import ctypes; ctypes.cast(id(12345), ctypes.py_object).value", gives("12345")],
    ),
    ...pair(
      "E76 broken byte code",
      [
        "f = lambda: 0\nf.__code__ = f.__code__.replace(co_code=b'\\x64\\xff' * 40, co_stacksize=0)\nf()",
        ends("lost", "error", "ok", "timeout"),
      ],
      ["f = lambda: 0\nf.__code__ = (lambda: 7).__code__\nf()", gives("7")],
    ),
  ], { timeoutMs: 3_000 });
});

Deno.test("what a cell does to the interpreter is undone, or costs the guest and no more (R77–R79)", async (t) => {
  await withstand(t, [
    attack(
      "R77 addaudithook",
      "import sys\ndef no(*a): raise ValueError('no')\nsys.addaudithook(no)",
      raises(/audit hooks cannot be added/),
    ),
    attack(
      "R78 settrace and setprofile",
      "import sys\ndef t(*a): raise ValueError('t')\nsys.settrace(t); sys.setprofile(t)",
      ends("ok", "error"),
    ),
    attack("R79 no streams", "import sys\nsys.stdout = sys.stderr = sys.stdin = None", gives(null)),
    attack(
      "R79 and back",
      "import sys; print(sys.stdin.read() == '', file=sys.stderr)",
      ends("ok"),
    ),
    ...pair(
      "E81 all modules forgotten",
      ["import sys; sys.modules.clear()", ends("ok", "error")],
      ["import json; json.dumps([1])", gives("'[1]'")],
    ),
    ...pair(
      "E82 monitoring of every instruction",
      [
        `import sys
m = sys.monitoring
m.use_tool_id(3, "t")
m.register_callback(3, m.events.PY_START, lambda *a: 1 / 0)
m.set_events(3, m.events.PY_START)`,
        ends("ok", "error", "lost"),
      ],
      ["def f(): return 4\nf()", gives("4")],
    ),
    ...pair(
      "E83 collection that never runs, and finds all when it does",
      [
        "import gc; gc.disable(); gc.set_threshold(1); gc.callbacks.append(lambda *a: 1 / 0); gc.collect()",
        ends("ok", "error"),
      ],
      ["import gc; gc.collect() >= 0", gives("True")],
    ),
    ...pair(
      "E84 warnings as errors",
      [
        "import warnings; warnings.simplefilter('error'); warnings.warn('x')",
        raises(/^UserWarning/),
      ],
      [
        "import warnings\nwith warnings.catch_warnings(): warnings.simplefilter('ignore'); warnings.warn('x')\n9",
        gives("9"),
      ],
    ),
    ...pair(
      "E85 a loop that was closed and replaced",
      [
        `import asyncio
asyncio.get_event_loop().close()
asyncio.set_event_loop(None)
asyncio._set_running_loop(None)`,
        ends("ok", "error"),
      ],
      ["import asyncio\nasync def f(): return 6\nasyncio.run(f())", gives("6")],
    ),
    ...pair(
      "E86 hooks of imports and of exceptions",
      [
        `import sys
sys.meta_path.insert(0, None); sys.path_hooks.clear(); sys.path.clear()
sys.excepthook = sys.unraisablehook = sys.displayhook = lambda *a: 1 / 0
raise ValueError("v")`,
        raises(/ValueError: v/),
      ],
      ["import sys; len(sys.version) > 3", gives("True")],
    ),
  ], { timeoutMs: 3_000 });
});

Deno.test("a guest that has rewritten its own runner is found out at the next cell (R34, R80)", async (t) => {
  const poison = (name: string, code: string) =>
    attack(
      name,
      `import _rlm, sys\nm = lambda name: sys.modules["_rlm." + name]\n${code}`,
      ends("ok", "error", "lost"),
      {
        breaksGuest: true,
      },
    );
  await withstand(t, [
    poison("E87 the entry point by name", '_rlm.execute = lambda text: "garbage"'),
    poison("E88 the entry point's code", "_rlm.execute.__code__ = (lambda text: 5).__code__"),
    poison(
      "E89 the cell's class",
      'def boom(self): raise ValueError("x")\nm("prelude_cell").Cell.run = boom',
    ),
    poison("E90 the signal function", "import _signal; _signal.signal = None"),
    poison(
      "E91 every dictionary that is left",
      "import gc\nfor o in gc.get_objects():\n  if isinstance(o, dict): o.clear()",
    ),
    attack("E92 and then an honest cell", "print('honest')", prints("honest\n")),
  ], { timeoutMs: 3_000 });
});

Deno.test("a checkpoint that holds a broken runner is not gone back to (R80)", async () => {
  await using target = await Target.open();
  await target.sandbox.bind({ input: 5 });
  await target.run(["import _rlm; _rlm.execute.__code__ = (lambda text: 5).__code__"]);
  await target.sandbox.checkpoint();
  const lost = await target.run(["1 + 1"]);
  assertEquals(lost.status, "lost");
  assertEquals(lost.restored?.from, "inputs");
  assertEquals((await target.run(["input + 1"])).value, "6");
});

Deno.test("sessions share nothing: no name, no file, no patch, no random number (R80, R81)", async () => {
  await using first = await Target.open();
  await first.run([
    `import builtins, json
builtins.X = 1
json.dumps = None
open("/tmp/left", "w").write("v")
left = 1`,
  ]);
  const draw =
    "import random, os, uuid; [random.random(), os.urandom(8).hex(), str(uuid.uuid4()), os.path.exists('/tmp/left'), 'X' in dir(__builtins__), 'left' in globals()]";
  const drawn: string[][] = [];
  for (let session = 0; session < 4; session++) {
    await using target = await Target.open();
    const cell = await target.run([`${draw}`]);
    const [random = "", bytes = "", id = "", ...rest] = (cell.value ?? "").slice(1, -1).split(", ");
    assertEquals(rest, ["False", "False", "False"]);
    for (const [otherRandom, otherBytes, otherId] of drawn) {
      assertNotEquals(random, otherRandom);
      assertNotEquals(bytes, otherBytes);
      assertNotEquals(id, otherId);
    }
    drawn.push([random, bytes, id]);
  }
});
