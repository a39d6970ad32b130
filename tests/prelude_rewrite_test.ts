/** Comprehensions and loops over tools: what runs together, what keeps its order, and that results are the same. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { PreludeGuest, testsOf, toolSpec } from "./fixtures/prelude_guest.ts";

const guest = await PreludeGuest.load();
const test = testsOf(guest);
guest.answers["slow"] = async ({ x = null }) => {
  await new Promise((resolve) => setTimeout(resolve, 5));
  return x;
};

/** Values of a cell run with and without the rewriting, and how many calls were open at most with it. */
async function both(
  code: string,
): Promise<{ value: string | null; mostOpen: number; notes: readonly string[] }> {
  guest.reset();
  const plain = await guest.run(code, { rewrite: false });
  guest.reset();
  const { value, mostOpen, notes, error, stdout } = await guest.run(code);
  assertEquals([value, stdout, error?.type], [plain.value, plain.stdout, plain.error?.type], code);
  assertEquals([plain.mostOpen, plain.notes], [1, []]);
  return { value, mostOpen, notes };
}

test("independent calls in a comprehension, a map or a loop run together, with the same results", async () => {
  const cells = [
    "[slow(x) for x in range(4)]",
    "{slow(x) for x in range(4)}",
    "[slow(*[x]) for x in range(300)]",
    "[(f'{x}', slow(x)) for x in range(4)]",
    "[(*[x], slow(x)) for x in range(4)]",
    "{slow(x): slow(-x) for x in range(4)}",
    "out = []\nfor x in range(4):\n    p = f'{x}'\n    p = slow(p)\n    out.append((p, x))\nout, p, x",
    "out = []\nfor x in range(4):\n    a = slow(x)\n    b = slow(a)\n    out.append((a, b))\nout, a, b",
    "[slow(x=slow(x)) for x in range(4)]",
    "{f'k{x}': slow(x) for x in range(4)}",
    "[slow(f'{x}{y}'.upper()) for x in 'ab' for y in 'cd' if x != y]",
    "sorted(slow(-x) for x in range(4))",
    "', '.join(slow(str(x)) for x in range(4))",
    "list(map(slow, range(4)))",
    "tuple(map(lambda q: slow(q) * 2, range(4)))",
    "def ask(items): return [slow(f'{i}') for i in items]\nask([1, 2, 3])",
    "[(i, slow(len(t)), slow(t) if i else None) for i, (t, _) in enumerate([('a', 1), ('b', 2)])]",
    "out = []\nfor x in range(4): out.append(slow(x))\nout, x",
    "out = {}\nfor i, x in enumerate('abc'):\n    prompt = f'{i}{x}'\n    answer = slow(prompt)\n    out[x] = answer\n    print(i, answer)\nout, i, x, prompt, answer",
    "n = 0\nout = []\nfor x in range(6):\n    a = slow(x)\n    if a % 2:\n        n += a\n        out.append((x, a))\nn, out",
    "import collections\nd = collections.defaultdict(list, a=[1], b=[2])\nout = []\nfor k, v in d.items(): out.append(slow(k))\nout",
    "items = [1, 2]\nq = 'Q'\nout = []\nfor x in items: out.append(slow(f'{items}{q}{x}'))\nout",
    "def f(docs):\n    found = []\n    for d in docs:\n        r = slow(d['t'])\n        found.append(r)\n    return found\nf([{'t': 1}, {'t': 2}])",
  ];
  for (const code of cells) {
    const { mostOpen, notes } = await both(code);
    assertEquals([mostOpen > 1, notes.length], [true, 1], code);
    assertStringIncludes(notes[0] ?? "", "the calls of slow ran together");
  }
});

test("calls that may depend on each other keep their order", async () => {
  const cells = [
    "acc = ''\nfor x in 'abc': acc = slow(acc + x)\nacc",
    "last = 0\nout = []\nfor x in range(3):\n    p = f'{last}{x}'\n    last = slow(p)\n    out.append(last)\nout",
    "seen = []\nstate = {'s': seen}\nfor x in 'abc':\n    a = slow(f\"{state['s']}{x}\")\n    seen.append(a)\nseen",
    "out = []\nfor x in range(3):\n    a = slow(len(out))\n    out.append(a)\nout",
    "todo = [1, 2]\nfor x in todo:\n    a = slow(x)\n    if a < 5: todo.append(a + 3)\ntodo",
    "todo = [1, 2]\nmore = todo\nout = []\nfor i, x in enumerate(todo):\n    a = slow(x)\n    out.append(i)\n    if a < 5: more.append(a + 3)\nout, todo",
    "out = []\ng = (len(out) for _ in range(3))\nfor i, x in enumerate(g):\n    a = slow(x)\n    out.append(a)\nout",
    "d = {1: 2, 3: 4}\nsame = d\nout = []\nfor k, v in zip(reversed(d), d.values()):\n    a = slow(v)\n    same[1] = same[3] = a + 1\n    out.append(a)\nout, d",
    "for x in range(5):\n    a = slow(x)\n    if a == 2: break\nx, a",
    "def f():\n    for x in range(5):\n        a = slow(x)\n        if a == 2: return a\nf()",
    "[slow(x) for x in range(4) if slow(x) % 2]",
    "[slow(y) for x in range(3) for y in (slow(x),)]",
    "any(slow(x) == 1 for x in range(4))",
    "next(slow(x) for x in range(4))",
    "log = []\ndef note(x):\n    log.append(x)\n    return x\n[slow(note(x)) for x in range(3)], log",
    "[slow(last := x) for x in range(3)], last",
    "out = []\nfor x in range(3):\n    try: out.append(slow(x))\n    except ValueError: pass\nout",
    "class Box:\n    n = 0\nbox = Box()\nout = []\nfor x in range(3):\n    a = slow(box.n + x)\n    out.append(a)\nout",
    "def slow2(x): return slow(x)\nlist(map(slow2, range(3)))",
    "slow = lambda x: x\n[slow(x) for x in range(3)]",
    "class A:\n    for i in [1, 2]: z = slow(i)\nA.z",
  ];
  for (const code of cells) {
    guest.reset();
    const plain = await guest.run(code, { rewrite: false });
    guest.reset();
    const cell = await guest.run(code);
    assertEquals([cell.value, cell.error], [plain.value, null], code);
    assertEquals(cell.calls.map((c) => c.arguments), plain.calls.map((c) => c.arguments), code);
    assertEquals(cell.mostOpen <= 1, true, code);
  }
});

test("the first failure in order is the one that is raised, after the rounds before it", async () => {
  guest.answers["picky"] = async ({ x = null }) => {
    await new Promise((resolve) => setTimeout(resolve, x === 1 ? 20 : 1));
    if (x === 1 || x === 3) throw Object.assign(new Error(`no ${x}`), { name: "ValueError" });
    return x;
  };
  const options = { tools: [toolSpec("picky")] };
  const loop = await guest.run(
    "out = []\nfor x in range(5):\n    a = picky(x)\n    out.append(a)",
    options,
  );
  assertEquals([loop.error?.type, loop.error?.message], ["ValueError", "no 1"]);
  assertStringIncludes(loop.error?.traceback ?? "", "Cell 1, line 3\n    a = picky(x)\n");
  assertEquals((await guest.run("out, x")).value, "([0], 1)");
  const { error, notes } = await guest.run("[picky(x) for x in range(5)]", options);
  assertEquals([error?.type, error?.message], ["ValueError", "no 1"]);
  assertEquals(notes, ["Cell 3, line 1: the calls of picky ran together"]);
  const unsent = await guest.run("[picky(8 // x) for x in [4, 2, 0, 8]]", options);
  assertEquals(unsent.error?.type, "ZeroDivisionError");
  assertStringIncludes(unsent.error?.traceback ?? "", "Cell 4, line 1");
  // No more than would have been sent in turn.
  assertEquals(unsent.calls.map((call) => call.arguments), [{ x: 2 }, { x: 4 }]);
  const keyless = await guest.run("{['a', 'b'][x]: picky(2 * x) for x in range(4)}", options);
  assertEquals(keyless.error?.type, "IndexError");
  assertEquals(keyless.calls.map((call) => call.arguments), [{ x: 0 }, { x: 2 }]);
});

test("a round that cannot be made fails after those before it, and leaves what they did", async () => {
  const ends = [
    ["[picky(x) for x, y in [(1, 0), 3]]", "ValueError", "no 1"],
    ["[picky(x) for x in [1, 0] if 8 // x]", "ValueError", "no 1"],
    ["[str(picky(x)) for x in [1, 0] if 8 // x]", "ValueError", "no 1"],
    ["{x: picky(x) for x in [2, 0] if 8 // x}", "ZeroDivisionError", "division by zero"],
    ["for x, y in [(2, 0), 3]:\n    out.append(picky(x))", "TypeError", "cannot unpack"],
    ["for x, y in [(2, 0), 3]:\n    out.append(str(picky(x)))", "TypeError", "cannot unpack"],
    [
      "for x in [2, 3, 4]:\n    p = picky(8 // x)\n    out.append(str(picky(x)))",
      "ValueError",
      "no 3",
    ],
    [
      "for x in [2, 3, 4]:\n    p = picky(x)\n    print(p)\n    out.append(x)",
      "ValueError",
      "no 3",
    ],
  ] as const;
  for (const [code, type, message] of ends) {
    const seen = [];
    for (const rewrite of [true, false]) {
      await guest.run("out = []\nx = y = None");
      const options = { tools: [toolSpec("picky")], rewrite };
      const { error, stdout } = await guest.run(code, options);
      assertEquals(error?.type, type, code);
      assertStringIncludes(error?.message ?? "", message);
      seen.push([stdout, (await guest.run("out, x, y")).value]);
    }
    assertEquals(seen[0], seen[1], code);
  }
});

test("tools that are not concurrent, and cells that ask for it, keep their order", async () => {
  const single = { tools: [toolSpec("slow", { concurrent: false })] };
  assertEquals((await guest.run("[slow(x) for x in range(3)]", single)).mostOpen, 1);
  assertEquals((await guest.run("[slow(x) for x in range(3)]", { rewrite: false })).mostOpen, 1);
});

test("a rewritten loop leaves no names of its own, and its tracebacks point into the cell", async () => {
  await guest.run("out = []\nfor x in range(3): out.append(slow(x))");
  assertEquals(guest.names(), ["out", "x"]);
  const { error } = await guest.run("for x in [1, 0]:\n    a = slow(1 // x)\n    out.append(a)");
  assertStringIncludes(error?.traceback ?? "", "Cell 2, line 2");
  assertStringIncludes(error?.traceback ?? "", "a = slow(1 // x)\n             ~~^^~~");
});

test("an awaited plain call is awaited, also inside gather and create_task", async () => {
  const { value } = await guest.run(`import asyncio
task = asyncio.create_task(slow(1))
[await task, await slow(2), await asyncio.gather(slow(3), *[slow(x) for x in [4, 5]]), asyncio.run(slow(6))]`);
  assertEquals(value, "[1, 2, [3, 4, 5], 6]");
});
