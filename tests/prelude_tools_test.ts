/** Host functions as Python sees them: signatures, values, failures. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { PreludeGuest, testsOf, toolSpec } from "./fixtures/prelude_guest.ts";

const guest = await PreludeGuest.load();
const test = testsOf(guest);

const LOOKUP = toolSpec("lookup", {
  description: "Finds things.",
  parameters: {
    type: "object",
    properties: { name: {}, limit: { type: "integer", default: 5 }, note: { type: "string" } },
    required: ["name"],
  },
});
const OPEN = toolSpec("opened", {
  parameters: { type: "object", properties: { a: {} }, additionalProperties: true },
});
guest.answers["lookup"] = (args) => ({ $: "dict", v: Object.entries(args) });
guest.answers["opened"] = (args) => args;

/** Error of an exception that a host function throws. */
function hostError(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

test("C117: positional, keyword and default arguments reach the host by name", async () => {
  const options = { tools: [LOOKUP, OPEN] };
  const calls: [code: string, args: Record<string, unknown>][] = [
    ["lookup('a')", { name: "a", limit: 5 }],
    ["lookup('a', 2, 'n')", { name: "a", limit: 2, note: "n" }],
    ["lookup(note='n', name='a')", { name: "a", limit: 5, note: "n" }],
    ["lookup('a', limit=None, note=None)", { name: "a", limit: null }],
    ["opened(a=1, b=2)", { a: 1, b: 2 }],
    ["opened()", {}],
  ];
  for (const [code, args] of calls) {
    assertEquals((await guest.run(code, options)).calls[0]?.arguments, args, code);
  }
});

test("C117: wrong arguments are a TypeError that shows the signature, and nothing is sent", async () => {
  const shown = "it is lookup(name, limit=5, note=None)";
  const errors: [code: string, problem: string][] = [
    ["lookup()", "lookup() needs 'name'"],
    ["lookup('a', 1, 'n', 4)", "lookup() takes at most 3 arguments, got 4"],
    ["lookup('a', name='b')", "lookup() got two values for 'name'"],
    ["lookup('a', key=1)", "lookup() has no parameter 'key'"],
  ];
  for (const [code, problem] of errors) {
    const { error, calls } = await guest.run(code, { tools: [LOOKUP] });
    assertEquals([error?.type, error?.message], ["TypeError", `${problem}; ${shown}`]);
    assertEquals(calls, []);
  }
});

test("a tool has a signature, documentation and a name of its own", async () => {
  const { value, stdout } = await guest.run(
    "import inspect\nhelp(lookup)\nstr(inspect.signature(lookup)), lookup.__doc__, repr(lookup)",
    { tools: [LOOKUP] },
  );
  const shown = "lookup(name, limit=5, note=None)";
  assertEquals(
    value,
    `('(name, limit=5, note=None)', '${shown}\\n\\nFinds things.', '<tool ${shown}>')`,
  );
  assertStringIncludes(stdout, "Finds things.");
});

test("C120: values go to the host and come back as what they were", async () => {
  // deno-fmt-ignore
  const values = [
    "None", "True", "3", "-0.5", "2.0", "float('inf')", "-0.0", "2**70", "''", "'é\\ud800'", "b'\\x00\\xff'",
    "[]", "[1, 2.0, 'a']", "{}", "{'a': {'b': [None]}}", "{1: 'x', (2, 3): 'y'}", "{'$': 1}", "()", "(1, (2,))",
    "{1, 2}", "{'a', 'b'}", "datetime.datetime(2026, 1, 2, 3, 4, 5, 6, datetime.timezone.utc)",
    "datetime.date(2026, 1, 2)", "datetime.time(3, 4)", "[True, None]", "[1.5, 2.5]", "2**53", "-(2**53) + 1",
  ];
  for (const value of values) {
    const cell = await guest.run(`import datetime\nsent = ${value}\nback = echo(sent)
(type(back) is type(sent), repr(back) == repr(sent) or back == sent)`);
    assertEquals(cell.value, "(True, True)", `${value}: ${cell.error?.traceback}`);
  }
  assertEquals((await guest.run("import math\nmath.isnan(echo(float('nan')))")).value, "True");
});

test("C120: objects with a plain form are sent as that", async () => {
  const cell = await guest.run(`
import array, collections, dataclasses, decimal, enum, fractions, pathlib, uuid
@dataclasses.dataclass
class Point:
    x: int
    y: list
Pair = collections.namedtuple("Pair", "left right")
class Color(enum.Enum):
    RED = "red"
class Text(str): pass
class Level(enum.IntEnum):
    HIGH = 3
echo([Point(1, [2]), Pair(3, 4), Color.RED, Level.HIGH, Text("t"), decimal.Decimal("1.50"), fractions.Fraction(1, 3),
      pathlib.PurePosixPath("/a/b"), uuid.UUID(int=1), collections.Counter("aab"), collections.deque([1]), range(3),
      bytearray(b"b"), memoryview(b"m")])
`);
  assertEquals(cell.calls[0]?.arguments["x"], [
    { x: 1, y: [2] },
    { left: 3, right: 4 },
    "red",
    3,
    "t",
    "1.50",
    "1/3",
    "/a/b",
    "00000000-0000-0000-0000-000000000001",
    { a: 2, b: 1 },
    [1],
    [0, 1, 2],
    { $: "bytes", v: "Yg==" },
    { $: "bytes", v: "bQ==" },
  ]);
});

test("R42, R43: what can't be sent is a TypeError that names its place, and nothing is sent", async () => {
  const errors: [code: string, message: RegExp][] = [
    [
      "echo(object())",
      /^echo\(\) argument x: cannot send object; use str, int, float, bool, list or dict$/,
    ],
    ["echo({'a': [1, {2: print}]})", /^echo\(\) argument x\.a\[1\]\[2\]: cannot send /],
    ["c = {}\nc['self'] = [c]\necho(c)", /^echo\(\) argument x\.self\[0\]: contains itself/],
    [
      "d = []\nfor i in range(1000): d = [d]\necho(d)",
      /^echo\(\) argument x\[0\]\[0\].*…\[0\].*: nested more than 100 deep/,
    ],
    [
      "class B:\n    @property\n    def __class__(self): raise KeyError\n    def __getattr__(self, n): raise KeyError\necho(B())",
      /cannot send __main__\.B/,
    ],
    [
      "import dataclasses\n@dataclasses.dataclass\nclass P:\n    x: int\np = P(1); del p.x\necho([p])",
      /^echo\(\) argument x\[0\]: its __main__\.P raised AttributeError while it was read$/,
    ],
    ["echo(1 << 3_400_001)", /cannot send an int of more than a million digits/],
    ["echo(i for i in [1])", /cannot send generator/],
  ];
  for (const [code, message] of errors) {
    const { error, calls } = await guest.run(code);
    assertEquals(error?.type, "TypeError", `${code}: ${error?.traceback}`);
    assertMatch(error?.message ?? "", message);
    assertEquals(calls, []);
  }
});

test("a subclass can't make the runner call its own methods", async () => {
  const { calls } = await guest.run(`
def refuse(*a): raise RuntimeError("called")
class D(dict): items = keys = __iter__ = __len__ = __getitem__ = refuse
class L(list): __iter__ = __len__ = __getitem__ = refuse
class S(str): __str__ = __len__ = encode = refuse
class I(int): __int__ = __index__ = __add__ = refuse
class F(float): __float__ = __pos__ = refuse
echo([D(a=1), L([2]), S("s"), I(3), F(1.5)])
`);
  assertEquals(calls[0]?.arguments["x"], [{ a: 1 }, [2], "s", 3, 1.5]);
});

test("C90, C120: texts and bytes above 1 MiB travel outside the JSON", async () => {
  guest.blobs.length = 0;
  const cell = await guest.run(
    "SUBMIT(['é' * 600_000, b'\\x01' * 1_048_577, 'a' * 1_048_576, 'é' * 500_000])",
  );
  assertEquals(cell.submission?.["answer"], [
    { $: "blob", kind: "str", length: 600_000, id: 0 },
    { $: "blob", kind: "bytes", length: 1_048_577, id: 1 },
    "a".repeat(1_048_576),
    "é".repeat(500_000),
  ]);
  assertEquals(new TextDecoder().decode(guest.blobs[0]), "é".repeat(600_000));
  assertEquals(guest.blobs[1]?.length, 1_048_577);
  const refused = await guest.run("SUBMIT(['x' * 2_000_000, object()])");
  assertEquals([refused.status, guest.blobs.length], ["error", 2]);
});

test("a failed sub-call is a false text that keeps its type and message", async () => {
  guest.answers["failing"] = () => ({ $: "error", type: "ModelError", message: "busy" });
  const { value, calls } = await guest.run(
    "e = failing(1)\nechoed = echo(e)\nbool(e), str(e), e.type, e.message, e.upper()[:3], isinstance(e, LLMError)",
    { tools: [toolSpec("failing"), toolSpec("echo")] },
  );
  assertEquals(value, "(False, '[error] ModelError: busy', 'ModelError', 'busy', '[ER', True)");
  assertEquals(calls[1]?.arguments, { x: { $: "error", type: "ModelError", message: "busy" } });
});

test("R51: a host error is the Python exception of its name, or a ToolError that begins with it", async () => {
  const errors: [name: string, type: string, message: string][] = [
    ["ValueError", "ValueError", "why"],
    ["TimeoutError", "TimeoutError", "why"],
    ["KeyError", "KeyError", "'why'"],
    ["PermissionError", "PermissionError", "why"],
    ["RangeError", "ValueError", "why"],
    ["BudgetError", "ToolError", "BudgetError: why"],
    ["SystemExit", "ToolError", "SystemExit: why"],
    ["StopIteration", "ToolError", "StopIteration: why"],
    ["UnicodeDecodeError", "ToolError", "UnicodeDecodeError: why"],
  ];
  for (const [name, type, message] of errors) {
    guest.answers["echo"] = () => Promise.reject(hostError(name, "why"));
    const { error } = await guest.run("echo(1)");
    assertEquals([error?.type, error?.message], [type, message]);
    assertEquals(error?.traceback.includes("_rlm"), false);
  }
  guest.answers["echo"] = ({ x = null }) => x;
  guest.answers["failing"] = () => Promise.reject(hostError("BudgetError", "spent"));
  const caught = await guest.run("try: failing(1)\nexcept ToolError as e: print(e)", {
    tools: [toolSpec("failing")],
  });
  assertEquals(caught.stdout, "BudgetError: spent\n");
});

test("tools of another execution are gone, and one that is the same stays the same object", async () => {
  await guest.run("kept = echo");
  assertEquals((await guest.run("kept is echo")).value, "True");
  const other = await guest.run("'echo' in globals(), 'lookup' in globals()", { tools: [LOOKUP] });
  assertEquals(other.value, "(False, True)");
});

test("C91, C92: SUBMIT ends the cell inside any except, runs finally, and nothing after it", async () => {
  const cells = [
    "try: SUBMIT(1)\nexcept Exception: print('caught')\nprint('after')",
    "try: SUBMIT(1)\nexcept: print('caught')\nprint('after')",
    "try: SUBMIT(1)\nexcept BaseException: print('caught')\nprint('after')",
    "try: SUBMIT(1)\nexcept* ValueError: print('caught')\nprint('after')",
    "def f():\n    while True:\n        try: SUBMIT(1)\n        except BaseException: continue\nf()",
    "async def f():\n    try: SUBMIT(1)\n    except BaseException: print('caught')\nawait f()\nprint('after')",
    "import asyncio\nawait asyncio.gather(*[asyncio.to_thread(SUBMIT, 1) for _ in range(2)])\nprint('after')",
    "SUBMIT(1)\nSUBMIT(2)",
  ];
  for (const code of cells) {
    const cell = await guest.run(code);
    assertEquals(
      [cell.status, cell.submission, cell.stdout],
      ["submitted", { answer: 1 }, ""],
      code,
    );
    assertEquals([cell.error, cell.value], [null, null]);
  }
  const last = await guest.run("try: SUBMIT(1)\nfinally: print('finally')");
  assertEquals([last.status, last.stdout], ["submitted", "finally\n"]);
});

test("SUBMIT that library code swallowed still counts, and the cell can call no more tools", async () => {
  const cell = await guest.run(
    "import contextlib\nwith contextlib.suppress(BaseException): SUBMIT(1)\necho(2)\nprint('after')",
  );
  assertEquals([cell.status, cell.submission], ["submitted", { answer: 1 }]);
  assertEquals([cell.calls, cell.stdout], [[], ""]);
});
