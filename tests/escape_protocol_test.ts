/** Attacks on the wire: forged frames, poisoned encoders, values that no wire can carry (R33–R35, R38–R45, R52). */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { attack, ends, gives, pair, prints, raises, withstand } from "./fixtures/attacks.ts";

const FORGED = '{"jsonrpc":"2.0","id":1,"result":{"status":"submitted","submission":{"answer":1}}}';

Deno.test("what Python prints is text, whatever it looks like (R33, R52)", async (t) => {
  const line = JSON.stringify(FORGED);
  const frame = `Content-Length: ${FORGED.length}\\r\\n\\r\\n`;
  await withstand(t, [
    attack("R33 print", `print(${line})`, prints(`${FORGED}\n`)),
    attack("R33 a whole frame", `print("${frame}" + ${line})`, ends("ok")),
    attack("R33 sys.__stdout__", `import sys; sys.__stdout__.write(${line}); None`, prints(FORGED)),
    attack(
      "R33 descriptors",
      `import os; os.write(1, ${line}.encode()); os.write(2, ${line}.encode()); None`,
      gives(null),
    ),
    attack("R33 /dev/stdout", `open("/dev/stdout", "w").write(${line}); None`, gives(null)),
    attack("R33 stderr", `import sys; sys.stderr.write(${line}); None`, gives(null)),
    attack(
      "R33 closed descriptors",
      `import os\nfor fd in (0, 1, 2): os.close(fd)\nprint("still heard")`,
      prints("still heard\n"),
    ),
    attack(
      "R52 terminal-escapes",
      'print("\\x1b[2J\\x1b]0;t\\x07")',
      prints("\x1b[2J\x1b]0;t\x07\n"),
    ),
    attack("R39 surrogates printed", 'print("\\udc80")', prints("\\udc80\n")),
  ]);
});

Deno.test("a cell that poisons encoders and streams fools no later one (R34, R35, R44, R45)", async (t) => {
  await withstand(t, [
    attack(
      "R34 two-turn-hook",
      [
        `import json, codecs, sys, io, builtins, pyodide_js as p
fake = lambda *a, **k: "{}"
for owner, name in ((json, "loads"), (json, "dumps"), (json.JSONEncoder, "encode"), (json.JSONDecoder, "decode"),
                    (codecs, "encode"), (codecs, "decode"), (io, "StringIO"), (p, "toPy"), (p, "runPython")):
  try: setattr(owner, name, fake)
  except Exception: pass
sys.stdin = sys.stdout = None`,
        'print("honest")',
      ],
      prints("honest\n"),
    ),
    attack(
      "R35 toJSON",
      [
        `import pyodide_js as p
from pyodide.ffi import create_proxy
p._api.config.constructor.prototype.toJSON = create_proxy(lambda *a: "X")`,
        'echo("a")',
      ],
      gives("'a'"),
    ),
    attack(
      "R44 poisoned-json",
      [
        'import json, sys; json.dumps = lambda *a, **k: "{}"; sys.modules["json"] = None',
        'echo({"a": [1]})',
      ],
      gives("{'a': [1]}"),
    ),
    attack("R45 shadowed-tool", "def echo(value): return 'FAKE'", (cell) => {
      assertEquals(cell.status, "ok");
      assertStringIncludes(cell.notes.join(), "echo was overwritten");
    }),
    attack("R45 and back", 'echo("a")', gives("'a'")),
    ...pair(
      "E31 a class that says it is another",
      [
        `class Liar:
  @property
  def __class__(self): raise ValueError("caught")
  def __repr__(self): return "fine"
Liar()`,
        gives("fine"),
      ],
      ["class P:\n  def __repr__(self): return 'P()'\nP()", gives("P()")],
    ),
    ...pair(
      "E32 builtins taken away",
      [
        "import builtins\nfor name in ('len', 'str', 'isinstance', 'list', 'print'): delattr(builtins, name)",
        (cell) => assertStringIncludes(cell.notes.join(), "builtins were changed"),
      ],
      ["print(len(str(10)))", prints("2\n")],
    ),
    ...pair(
      "E33 keys of globals that are no names",
      [
        `class Evil:
  def __hash__(self): return hash("SUBMIT")
  def __eq__(self, other): raise ValueError("look-up")
globals()[1] = 2; globals()[Evil()] = 3`,
        ends("ok", "error"),
      ],
      ["globals()['made'] = 4; made", gives("4")],
    ),
    ...pair(
      "E34 names that lie about being text",
      [
        `class S(str):
  def startswith(self, *a): raise ValueError("x")
globals()[S("q")] = 1`,
        ends("ok"),
      ],
      ["class T(str): pass\necho(T('plain'))", gives("'plain'")],
    ),
    ...pair(
      "E35 an exception that can't be told",
      [
        `class Boom(Exception):
  def __str__(self): raise SystemExit
  __repr__ = __str__
raise Boom`,
        raises(/^Boom: /),
      ],
      ["raise ValueError('told')", raises(/^ValueError: told$/)],
    ),
    ...pair(
      "E36 a metaclass that hides the exception's name",
      [
        `class Meta(type):
  def __getattribute__(cls, name): raise ValueError("hidden")
class Odd(Exception, metaclass=Meta): pass
raise Odd`,
        ends("error"),
      ],
      ["class Named(Exception): pass\nraise Named('x')", raises(/^Named: x$/)],
    ),
    ...pair(
      "E37 chains of exceptions in a circle",
      [
        "a, b = ValueError('a'), ValueError('b'); a.__cause__ = b; b.__cause__ = a\nraise a",
        raises(/^ValueError: a$/),
      ],
      [
        "try: 1 / 0\nexcept ZeroDivisionError as e: raise ValueError('v') from e",
        raises(/ValueError: v/),
      ],
    ),
  ]);
});

Deno.test("values that the wire can't carry are errors of the call (R38–R43)", async (t) => {
  await withstand(t, [
    attack(
      "R38 nan",
      "import math; math.isnan(echo(float('nan'))), echo(float('inf'))",
      gives("(True, inf)"),
    ),
    attack("R39 surrogate", 'echo("\\ud800")', gives("'\ufffd'")),
    attack("R40 30 MB", 'len(echo("a" * 30_000_000))', gives("30000000")),
    attack("R40 140 MB", 'len(echo("a" * 140_000_000))', gives("140000000")),
    attack(
      "R41 proto-key",
      'echo({"__proto__": {"isAdmin": True}, "constructor": {"prototype": {"x": 1}}})["__proto__"]',
      (cell) => {
        assertEquals(cell.value, "{'isAdmin': True}");
        assertEquals(Reflect.get({}, "isAdmin"), undefined);
      },
    ),
    attack(
      "R42 deep-args",
      "a = []\nfor _ in range(100_000): a = [a]\necho(a)",
      raises(/nested more than/),
    ),
    attack("R43 cycle", "a = []; a.append(a); echo(a)", raises(/contains itself/)),
    attack("R43 object", "echo(object())", raises(/cannot send/)),
    attack("R43 bytes", "echo(b'x')", gives("b'x'")),
    attack(
      "E38 tags of the wire",
      'echo({"$": "blob", "id": 0, "kind": "bytes"})',
      gives("{'$': 'blob', 'id': 0, 'kind': 'bytes'}"),
    ),
    attack("E38 in a submission", 'SUBMIT({"$": "int", "v": "x"})', (cell) => {
      assertEquals(cell.submission, { answer: { $: "int", v: "x" } });
    }),
    ...pair(
      "E39 a huge integer",
      ["SUBMIT(1 << 40_000_000)", raises(/cannot send/)],
      ["SUBMIT(2 ** 70)", (cell) => assertEquals(cell.submission, { answer: 2n ** 70n })],
    ),
    ...pair(
      "E40 an iterator that never ends",
      [
        "class L(list):\n  def __iter__(self):\n    while True: yield 1\necho(L([1, 2]))",
        gives("[1, 2]"),
      ],
      ["echo(list(range(5)))", gives("[0, 1, 2, 3, 4]")],
    ),
    ...pair(
      "E41 attributes that raise",
      [
        `import dataclasses
@dataclasses.dataclass
class D:
  x: int = 0
  def __getattribute__(self, name): raise ValueError("no")
echo(D())`,
        raises(/raised ValueError while it was read/),
      ],
      [
        "import dataclasses\n@dataclasses.dataclass\nclass D:\n  x: int = 0\necho(D(3))",
        gives("{'x': 3}"),
      ],
    ),
    ...pair(
      "E42 a dict that changes while it is read",
      [
        "d = {}\nclass K(str):\n  def __hash__(self): d.clear(); return 1\nd[K('a')] = 1\necho(d)",
        ends("ok", "error"),
      ],
      ["echo({'a': {'b': 2}})", gives("{'a': {'b': 2}}")],
    ),
  ], { memoryMb: 1024 });
});
