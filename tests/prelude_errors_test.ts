/** Exceptions of cells as the model reads them: place, source line, causes, hints, bounds. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { PreludeGuest, testsOf } from "./fixtures/prelude_guest.ts";

const guest = await PreludeGuest.load();
const test = testsOf(guest);

/** Traceback of a cell that fails, run as cell 1 of a fresh namespace. */
async function tracebackOf(code: string): Promise<string> {
  guest.reset();
  return (await guest.run(code)).error?.traceback ?? "";
}

test("C29: a traceback has cell, line and source line of each frame, and no frame of the runner", async () => {
  guest.reset();
  await guest.run("def half(n):\n    return 1 / n");
  const { error } = await guest.run("x = 0\nhalf(x)");
  assertEquals(error?.type, "ZeroDivisionError");
  assertEquals(error?.message, "division by zero");
  assertEquals(
    error?.traceback,
    `Traceback (most recent call last):
  Cell 2, line 2
    half(x)
    ~~~~^^^
  Cell 1, line 2, in half
    return 1 / n
           ~~^~~
ZeroDivisionError: division by zero
`,
  );
});

test("C29: the source line is quoted after the guest has cleared linecache", async () => {
  guest.reset();
  await guest.run("import linecache\ndef f(): return 1 / 0");
  const { error } = await guest.run("linecache.clearcache()\nf()");
  assertStringIncludes(error?.traceback ?? "", "def f(): return 1 / 0");
});

test("C30: a SyntaxError has line, column, text and caret", async () => {
  guest.reset();
  const { status, error } = await guest.run("x = 1\ny = (2 +* 3)");
  assertEquals([status, error?.type], ["error", "SyntaxError"]);
  assertEquals(error?.message, "invalid syntax (line 2, column 9)");
  assertEquals(
    error?.traceback,
    "  Cell 1, line 2\n    y = (2 +* 3)\n            ^\nSyntaxError: invalid syntax\n",
  );
  assertEquals(
    await tracebackOf("return 5"),
    "  Cell 1, line 1\n    return 5\n    ^^^^^^^^\nSyntaxError: 'return' outside function\n",
  );
});

test("C8, C15: errors of syntax that models make come with a hint", async () => {
  const hints: [code: string, hint: string][] = [
    ['s = """a """b""" c"""', "text that holds triple quotes"],
    ["s = '''abc", "text that holds triple quotes"],
    ["print(“a”)", "replace the curly quotes"],
    ["a\u00a0= 1", "replace the invisible character"],
    ["!pip install numpy", "cells are Python only"],
    ["%time 1", "cells are Python only"],
    ["x = 'abc", "close the string on its line"],
    ["```python\nx = 1", "a code fence got into the cell"],
  ];
  for (const [code, hint] of hints) {
    guest.reset();
    const { error } = await guest.run(code);
    assertEquals(error?.type, "SyntaxError", code);
    assertStringIncludes(error?.message ?? "", `\nHint: ${hint}`);
  }
});

test("C15: CRLF line ends, a byte order mark and an indented cell run", async () => {
  guest.reset();
  assertEquals((await guest.run("\ufeffx = 1\r\nif x:\r\n    x = 2\r\nx\r\n")).value, "2");
  assertEquals((await guest.run("  y = 3\n  y + x")).value, "5");
});

test("C31: causes, contexts and the members of groups are shown", async () => {
  assertEquals(
    await tracebackOf(
      "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise KeyError('k') from e",
    ),
    `Traceback (most recent call last):
  Cell 1, line 2
    1 / 0
    ~~^~~
ZeroDivisionError: division by zero

The exception above was the direct cause of the following exception:

Traceback (most recent call last):
  Cell 1, line 4
    raise KeyError('k') from e
KeyError: 'k'
`,
  );
  assertEquals(
    await tracebackOf("raise ExceptionGroup('both', [ValueError('a'), TypeError('b')])"),
    `Traceback (most recent call last):
  Cell 1, line 1
    raise ExceptionGroup('both', [ValueError('a'), TypeError('b')])
ExceptionGroup: both (2 sub-exceptions)
  [1 of 2]
  ValueError: a
  [2 of 2]
  TypeError: b
`,
  );
});

test("C31: chains and groups without end are bounded in time and length", async () => {
  const bombs = [
    "e = None\nfor i in range(2000):\n    n = ValueError(i); n.__context__ = e; e = n\nraise e",
    "g = ValueError('leaf')\nfor i in range(200): g = ExceptionGroup('g', [g])\nraise g",
    "raise ExceptionGroup('many', [ValueError(i) for i in range(10_000)])",
    "raise ValueError('x' * 10_000_000)",
    "a = ValueError(); b = ValueError(); a.__context__ = b; b.__context__ = a\nraise a",
  ];
  for (const code of bombs) {
    const traceback = await tracebackOf(code);
    assert(traceback.length > 0 && traceback.length < 9000, `${code}: ${traceback.length}`);
  }
  guest.reset();
  const { error } = await guest.run("raise ValueError('x' * 10_000_000)");
  assert((error?.message.length ?? 0) < 2100);
});

test("C32: exceptions whose str, class or notes raise are reported all the same", async () => {
  const cells: [code: string, type: string, message: string][] = [
    ["raise ValueError(object)", "ValueError", "<class 'object'>"],
    ["raise OSError(5, b'x')", "OSError", "[Errno 5] b'x'"],
    [
      "class S(Exception):\n    def __str__(self): raise KeyError(1)\nraise S",
      "S",
      "<str() raised KeyError>",
    ],
    [
      "class M(type):\n    @property\n    def __name__(c): raise ValueError\nclass E(Exception, metaclass=M): pass\nraise E('hi')",
      "BaseException",
      "hi",
    ],
    [
      "class N(Exception):\n    @property\n    def __notes__(self): raise ValueError\nraise N('hi')",
      "N",
      "hi",
    ],
    ["raise ValueError('\\ud800')", "ValueError", "\ud800"],
  ];
  for (const [code, type, message] of cells) {
    guest.reset();
    const { error } = await guest.run(code);
    assertEquals([error?.type, error?.message], [type, message]);
    assertEquals((await guest.run("1")).value, "1");
  }
});

test("a call of what is no tool of this run, and an await of what a tool returned, come with a hint", async () => {
  guest.reset();
  const { error } = await guest.run("f = echo\nawait f('x')");
  assertStringIncludes(error?.message ?? "", "Hint: tools return their result at once");
  await guest.run("kept = echo");
  const gone = await guest.run("kept('x')", { tools: [] });
  assertEquals(gone.error?.type, "RuntimeError");
  assertEquals(gone.error?.message, "echo() cannot be called: this run does not have that tool");
  assertEquals(gone.calls, []);
});
