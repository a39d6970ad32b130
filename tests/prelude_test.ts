/** Cells as the guest's Python runs them: what is kept, shown, printed and put right. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { PreludeGuest, testsOf } from "./fixtures/prelude_guest.ts";

const guest = await PreludeGuest.load();
const test = testsOf(guest);

test("C20: variables, functions, imports and classes survive between cells", async () => {
  await guest.run("import math\nx = 2\ndef f(n): return n * x\nclass P:\n    y = 3");
  assertEquals((await guest.run("f(4), math.floor(P.y / 2)")).value, "(8, 1)");
  assertEquals(guest.names(), ["math", "x", "f", "P"]);
});

test("C21, C22: what was set and printed before an exception stays", async () => {
  const cell = await guest.run("kept = 1\nprint('before')\nkept / 0");
  assertEquals(cell.status, "error");
  assertEquals(cell.stdout, "before\n");
  assertEquals((await guest.run("kept")).value, "1");
});

test("C24, C25: prints and the last expression are both shown, also when the value is falsy", async () => {
  const cell = await guest.run("print('text')\n1 + 1");
  assertEquals([cell.stdout, cell.value], ["text\n", "2"]);
  for (const value of ["0", "False", "''", "[]", "{}"]) {
    assertEquals((await guest.run(value)).value, value);
  }
  assertEquals((await guest.run("None")).value, null);
  assertEquals((await guest.run("3;")).value, null);
});

test("C26: the last expression is shown by Python's repr", async () => {
  const cell = await guest.run(
    "({1}, b'x', float('nan'), 2**70, 1.0, (1,), set(), frozenset({2}), {'a': [None]}, '\\ud800')",
  );
  assertEquals(
    cell.value,
    "({1}, b'x', nan, 1180591620717411303424, 1.0, (1,), set(), frozenset({2}), {'a': [None]}, '\\ud800')",
  );
  assertEquals((await guest.run("len(repr(0)), 10**5000 % 7")).value, "(1, 2)");
  assertEquals((await guest.run("10**5000")).value?.length, 5001);
});

test("C26: a repr that raises, a cycle, a deep and a huge value are shown as far as they go", async () => {
  const raising = await guest.run(
    "class R:\n    def __repr__(self): raise ValueError('no')\n[R(), {1: R()}]",
  );
  assertEquals(
    raising.value,
    "[<R object: repr raised ValueError>, {1: <R object: repr raised ValueError>}]",
  );
  assertEquals((await guest.run("a = []; a.append(a)\na")).value, "[[...]]");
  const deep = await guest.run("d = []\nfor _ in range(10_000): d = [d]\nd");
  assertMatch(deep.value ?? "", /^\[{100}\[\.\.\.\]\]{100}$/);
  // Freed from the outside in, for the stack of this process is smaller than a sandbox's.
  await guest.run("while d: d = d[0]");
  const huge = await guest.run("['x' * 30] * 10_000_000", { maxOutputChars: 50 });
  assertEquals(
    huge.value,
    `['${"x".repeat(30)}', '${"x".repeat(14)}… (cut at 50 characters)`,
  );
});

test("C28: stderr and warnings are shown apart from stdout", async () => {
  const cell = await guest.run(
    "import sys, warnings\nprint('out')\nprint('err', file=sys.stderr)\nwarnings.warn('careful')",
  );
  assertEquals(cell.stdout, "out\n");
  assertMatch(cell.stderr, /^err\nCell 1:4: UserWarning: careful\n/);
  assertEquals([cell.stdoutChars, cell.stderrChars], [4, cell.stderr.length]);
});

test("C32: sys.exit, SystemExit, KeyboardInterrupt and other BaseExceptions are errors, and the next cell works", async () => {
  const cells: [code: string, type: string, message: string][] = [
    ["import sys\nsys.exit(3)", "SystemExit", "3"],
    ["raise SystemExit('bye')", "SystemExit", "bye"],
    ["raise KeyboardInterrupt", "KeyboardInterrupt", ""],
    ["class Own(BaseException): pass\nraise Own('mine')", "Own", "mine"],
    ["exit()", "SystemExit", "None"],
  ];
  for (const [code, type, message] of cells) {
    const { status, error } = await guest.run(code);
    assertEquals([status, error?.type, error?.message], ["error", type, message]);
    assertEquals((await guest.run("1 + 1")).value, "2");
  }
});

test("C35: endless recursion and a full memory are errors with a hint, also after the limit was raised", async () => {
  const recursion = await guest.run(
    "import sys\nsys.setrecursionlimit(10**9)\ndef f(): return f()\nf()",
  );
  assertEquals(recursion.error?.type, "RecursionError");
  assertStringIncludes(recursion.error?.message ?? "", "Hint: the recursion is too deep");
  assertStringIncludes(recursion.error?.traceback ?? "", "frames left out");
  assert((recursion.error?.traceback.length ?? 0) < 9000);
  const memory = await guest.run("raise MemoryError");
  assertEquals(memory.error?.type, "MemoryError");
  assertStringIncludes(memory.error?.message ?? "", "Hint: the memory cap is reached");
  assertEquals((await guest.run("sys.getrecursionlimit()")).value, "1000");
});

test("C39: input() raises EOFError at once", async () => {
  const { error } = await guest.run("input('name? ')");
  assertEquals(error?.type, "EOFError");
  assertEquals(
    error?.message,
    "input(): nobody can answer here; take what you need from the variables",
  );
});

test("C42: another program can't be started, by any way, and the message says what to do", async () => {
  for (
    const code of ["import os\nos.system('ls')", "import os\nos.popen('ls')", "os.fork()"].concat(
      "import subprocess\nsubprocess.run(['ls'])",
      "import asyncio\nawait asyncio.create_subprocess_exec('ls')",
    )
  ) {
    const { status, error } = await guest.run(code);
    assertEquals(status, "error");
    assertMatch(error?.type ?? "", /^(OSError|NotImplementedError)$/);
    assertMatch(error?.message ?? "", /no other program can be started here|not available/);
  }
});

test("C43: an import of what is not there names what is", async () => {
  const { error } = await guest.run("import numpy");
  assertEquals(error?.type, "ModuleNotFoundError");
  assertEquals(
    error?.message,
    "No module named 'numpy'\nHint: only these can be imported: the standard library; " +
      "others have to be given by whoever runs this (option packages)",
  );
});

test("C50: output at the cap, one beyond it and with a cap of zero is cut there and counted whole", async () => {
  for (const [chars, cap] of [[10, 10], [11, 10], [5, 0], [300_000, 20_000]] as const) {
    const cell = await guest.run(`print('x' * ${chars}, end='')`, { maxOutputChars: cap });
    assertEquals([cell.stdout, cell.stdoutChars], ["x".repeat(Math.min(chars, cap)), chars]);
  }
  const both = await guest.run("import sys\nprint('o' * 9)\nprint('e' * 9, file=sys.stderr)", {
    maxOutputChars: 4,
  });
  assertEquals([both.stdout, both.stderr], ["oooo", "eeee"]);
  assertEquals([both.stdoutChars, both.stderrChars], [10, 10]);
});

test("C48: endless printing is bounded by the cap and ended by the deadline", async () => {
  const cell = await guest.run("while True: print('x' * 1_000_000)", {
    maxOutputChars: 1000,
    timeoutMs: 200,
  });
  assertEquals([cell.status, cell.stdout], ["timeout", "x".repeat(1000)]);
  assert(cell.stdoutChars > 1_000_000);
});

test("C52: lone surrogates are printed escaped", async () => {
  const cell = await guest.run(
    "import sys\nprint('a\\udc80é')\nsys.stderr.write('\\udcff')\nsys.stdout.buffer.write(b'\\xff\\n')\npass",
  );
  assertEquals([cell.stdout, cell.stderr], ["a\\udc80é\n\\xff\n", "\\udcff"]);
});

test("C56: a tool, SUBMIT or print that a cell overwrote or deleted is back after it, with a note", async () => {
  const cell = await guest.run("echo = 1\ndel SUBMIT\nFINAL = None\ndef print(*a): pass");
  assertEquals(cell.notes, [
    "SUBMIT was overwritten or deleted; it is the function of that name again",
    "FINAL was overwritten or deleted; it is the function of that name again",
    "echo was overwritten or deleted; it is the function of that name again",
    "print was overwritten; it is the builtin again",
  ]);
  const next = await guest.run("print(echo(1))\nSUBMIT(2)");
  assertEquals([next.stdout, next.submission], ["1\n", { answer: 2 }]);
});

test("C57: names of modules and builtins that a cell assigns break neither tools nor SUBMIT", async () => {
  await guest.run("json = sys = asyncio = str = list = dict = isinstance = Exception = 5");
  assertEquals((await guest.run("echo([1, {'a': 2}])")).value, "[1, {'a': 2}]");
  const { error } = await guest.run("str(1)");
  assertStringIncludes(error?.message ?? "", "your variable hides a builtin: str, list, dict");
  assertEquals((await guest.run("SUBMIT({1, 2})")).submission, { answer: { $: "set", v: [1, 2] } });
});

test("R44: deleted builtins, replaced modules and poisoned sys.modules are harmless", async () => {
  const cell = await guest.run(`
import builtins, json, sys
json.dumps = lambda *a, **k: "{}"
json.JSONEncoder = json.JSONDecoder = None
for name in ("len", "str", "isinstance", "type", "getattr", "min", "max", "set", "map", "Exception", "ValueError"):
    delattr(builtins, name)
sys.modules["json"] = sys.modules["js"] = sys.modules["asyncio"] = None
seen = echo("a")
`);
  assertEquals([cell.status, cell.calls[0]?.arguments], ["ok", { x: "a" }]);
  assertStringIncludes(cell.notes.join(), "builtins were changed or deleted; they are back:");
  assertEquals((await guest.run("import asyncio\nlen(seen), echo(str(1))")).value, "(1, '1')");
  const tables = "import builtins, sys\ntables = [vars(builtins), sys.modules]\n";
  const renamed = "names = t.copy()\n    t.clear()\n    for k in names: t['_' + k] = names[k]";
  const poisons = [
    `${tables}for t in tables:\n    k, v = t.popitem()\n    t['_' + k] = v`,
    `${tables}for t in tables:\n    ${renamed}`,
    `${tables}class K(str):\n    def __eq__(s, o): 1 / 0\n    __hash__ = str.__hash__\nfor t in tables: t[K('len')] = t.pop('len', 1)`,
    "import sys\nclass D(dict):\n    def values(self): 1 / 0\n    __len__ = get = values\nsys.modules = D(sys.modules)",
    "import sys\nsys.modules = 5",
    "import sys\ndel sys.modules",
  ];
  for (const poison of poisons) {
    assertEquals((await guest.run(poison)).status, "ok", poison);
    const next = await guest.run(
      "import json, sys\nlen([1]), ToolError('a'), 'json' in sys.modules",
    );
    assertEquals([next.value, next.error], ["(1, ToolError('a'), True)", null], poison);
  }
});

test("R78, R79: streams, trace and profile functions, signal handlers and a cleared namespace are put right", async () => {
  await guest.run(
    "import sys, signal\nsys.stdout = sys.stderr = None\nsignal.signal(signal.SIGINT, signal.SIG_IGN)",
  );
  assertEquals((await guest.run("print('back')")).stdout, "back\n");
  await guest.run("import sys\nsys.settrace(lambda *a: 1 / 0)");
  await guest.run("sys.setprofile(lambda *a: 1 / 0)");
  await guest.run("def t(*a): return t\nsys.settrace(t); sys.setprofile(t)");
  assertEquals((await guest.run("sys.gettrace(), sys.getprofile()")).value, "(None, None)");
  await guest.run("globals().clear()");
  assertEquals((await guest.run("__name__, len('ab'), echo(1)")).value, "('__main__', 2, 1)");
});

test("R77: an audit hook, which could never be removed, is refused", async () => {
  const { error } = await guest.run("import sys\nsys.addaudithook(print)");
  assertEquals([error?.type, error?.message], ["RuntimeError", "audit hooks cannot be added here"]);
});

test("reset() forgets variables, tools and cells", async () => {
  await guest.run("x = 1");
  guest.reset();
  assertEquals(guest.names(), []);
  assertEquals((await guest.run("'x' in globals()", { tools: [] })).value, "False");
  assertEquals((await guest.run("echo", { tools: [] })).error?.type, "NameError");
});

test("reseed() gives a guest randomness and an environment of its own", async () => {
  await guest.run("import os, random, tempfile");
  guest.reseed("ab01", { NAME: "value" });
  const first = await guest.run("dict(os.environ), random.random()");
  guest.reseed("ab02", { NAME: "value" });
  const second = await guest.run("dict(os.environ), random.random()");
  assertMatch(first.value ?? "", /^\(\{'NAME': 'value'\}, 0\.\d+\)$/);
  assert(first.value !== second.value);
});
