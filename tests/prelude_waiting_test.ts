/** Cells that wait: coroutines, threads, deadlines, and what a cell leaves running. */
import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import {
  type Answer,
  PreludeGuest,
  type RunCell,
  testsOf,
  toolSpec,
} from "./fixtures/prelude_guest.ts";

const guest = await PreludeGuest.load();
const test = testsOf(guest);
const { slow } = guest.answers;
assert(slow);

test("C36: top-level await and asyncio.run work, also on loops and runners that a cell makes", async () => {
  await guest.run("import asyncio\nasync def f(x):\n    await asyncio.sleep(0)\n    return x");
  const cells: [code: string, value: string][] = [
    ["await f(1)", "1"],
    ["asyncio.run(f(2))", "2"],
    ["asyncio.new_event_loop().run_until_complete(f(3))", "3"],
    ["asyncio.get_event_loop().run_until_complete(asyncio.gather(f(4), f(5)))", "[4, 5]"],
    ["with asyncio.Runner() as runner: r = runner.run(f(6))\nr", "6"],
    ["[x async for x in (await f(y) for y in [7, 8])]", "[7, 8]"],
    ["async with asyncio.timeout(1): x = await f(9)\nx", "9"],
  ];
  for (const [code, value] of cells) {
    const cell = await guest.run(code);
    assertEquals(cell.value, value, `${code}: ${cell.error?.traceback}`);
  }
  const failed = await guest.run("await asyncio.gather(f(1), f(1 / 0))");
  assertEquals(failed.error?.type, "ZeroDivisionError");
});

/** A host function that answers when so many calls are open, and not before. */
function meeting(count: number): Answer {
  let calls = 0;
  let all = Promise.withResolvers<void>();
  return async ({ x = null }) => {
    const { promise, resolve } = all;
    if (++calls % count === 0) {
      resolve();
      all = Promise.withResolvers<void>();
    }
    await promise;
    return x;
  };
}

test("C107: calls that are open together overlap: awaited, plain in tasks, in threads and in pools", async () => {
  guest.answers["slow"] = meeting(8);
  const eight = [
    "await asyncio.gather(*[slow.aio(i) for i in range(8)])",
    "await asyncio.gather(*[slow(i) for i in range(8)])",
    "await asyncio.gather(*[asyncio.to_thread(slow, i) for i in range(8)])",
    "async def ask(i): return slow(i)\nawait asyncio.gather(*[ask(i) for i in range(8)])",
    "with ThreadPoolExecutor() as pool: r = list(pool.map(slow, range(8)))\nr",
    "with ProcessPoolExecutor(8) as pool: r = [f.result() for f in [pool.submit(slow, i) for i in range(8)]]\nr",
  ];
  await guest.run(
    "import asyncio, threading\nfrom concurrent.futures import ThreadPoolExecutor, ProcessPoolExecutor, as_completed, wait",
  );
  for (const code of eight) {
    const cell = await guest.run(code, { rewrite: false });
    assertEquals(cell.value, "[0, 1, 2, 3, 4, 5, 6, 7]", `${code}: ${cell.error?.traceback}`);
    assertEquals([cell.mostOpen, cell.notes], [8, []], code);
  }
  const threads = await guest.run(`
found = {}
def ask(i): found[i] = slow(i)
threads = [threading.Thread(target=ask, args=(i,)) for i in range(8)]
for t in threads: t.start()
for t in threads: t.join()
sorted(found), [t.is_alive() for t in threads].count(True), threading.active_count()`);
  assertEquals([threads.value, threads.mostOpen], ["([0, 1, 2, 3, 4, 5, 6, 7], 0, 1)", 8]);
  guest.answers["slow"] = slow;
});

test("C41: executors keep to their workers, hand on exceptions, and work across cells", async () => {
  const cell = await guest.run(`
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
pool = ThreadPoolExecutor(max_workers=2)
futures = [pool.submit(slow, i) for i in range(4)]
done, pending = wait(futures[:2])
sorted(f.result() for f in as_completed(futures)), len(done), len(pending)`);
  assertEquals([cell.value, cell.mostOpen], ["([0, 1, 2, 3], 2, 0)", 2]);
  const failed = await guest.run("def bad(x): raise ValueError(x)\npool.submit(bad, 3).result()");
  assertEquals([failed.error?.type, failed.error?.message], ["ValueError", "3"]);
  assertEquals(failed.error?.traceback.includes("concurrent"), false);
  assertEquals(
    (await guest.run("pool.shutdown()\npool.submit(len, '')")).error?.type,
    "RuntimeError",
  );
});

test("locks, events, queues, conditions and thread-local values work between threads", async () => {
  const { value, error } = await guest.run(`
import queue, threading, time
lock, ready, box, seen, local = threading.Lock(), threading.Event(), queue.Queue(), [], threading.local()
def produce():
    ready.wait()
    for i in range(3):
        with lock:
            time.sleep(0.005)
            box.put(i)
    box.put(None)
def consume(name):
    local.name = name
    ready.set()
    while (item := box.get()) is not None:
        with lock: seen.append((item, local.name, threading.current_thread().name))
threads = [threading.Thread(target=produce), threading.Thread(target=consume, args=("c",), name="T")]
[t.start() for t in threads]; [t.join() for t in threads]
seen, hasattr(local, "name"), lock.locked(), lock.acquire(timeout=0.01) and lock.acquire(timeout=0.02)`);
  assertEquals(
    value,
    "([(0, 'c', 'T'), (1, 'c', 'T'), (2, 'c', 'T')], False, False, False)",
    error?.traceback,
  );
});

test("C40: time.sleep waits", async () => {
  const { value } = await guest.run(
    "import time\nt = time.monotonic()\ntime.sleep(0.05)\ntime.monotonic() - t",
  );
  const seconds = Number(value);
  assert(seconds >= 0.049 && seconds < 10, `${seconds}`);
});

/** The cell timed out, soon after its deadline, and its variables are kept. */
async function assertStopped(cell: RunCell, started: number): Promise<void> {
  assertLess(performance.now() - started, 10_000);
  assertEquals([cell.status, cell.error?.type], ["timeout", "TimeoutError"]);
  assertEquals(
    cell.error?.message,
    "the cell ran longer than 0.1 s and was stopped; its variables are kept",
  );
  assertEquals((await guest.run("kept")).value, "1");
}

test("C45, C47: whatever does not end is stopped at the deadline, and variables stay", async () => {
  const cells = [
    "while True: pass",
    "while True:\n    try:\n        while True: pass\n    except: pass",
    "def f():\n    while True:\n        try: f2()\n        except BaseException: continue\ndef f2():\n    while True: pass\nf()",
    "import time\ntime.sleep(100)",
    "import asyncio\nawait asyncio.sleep(100)",
    "import asyncio\nasync def spin():\n    while True: await asyncio.sleep(0)\nawait asyncio.gather(spin(), spin())",
    "import threading\nthreading.Event().wait()",
    "import threading\nt = threading.Thread(target=lambda: exec('while True: pass'))\nt.start()\nt.join()",
    "class R:\n    def __repr__(self):\n        while True: pass\nR()",
    "sorted([3, 1, 2] * 1000, key=lambda v: [None for _ in iter(int, 1)])",
  ];
  for (const code of cells) {
    await guest.run("kept = 1");
    const started = performance.now();
    await assertStopped(await guest.run(code, { timeoutMs: 100 }), started);
  }
});

test("C45: the traceback of a stopped cell shows where it was, and finally blocks run", async () => {
  const plain = await guest.run("try:\n    while True: pass\nfinally: print('finally')", {
    timeoutMs: 100,
  });
  assertEquals(plain.stdout, "finally\n");
  assertStringIncludes(plain.error?.traceback ?? "", "Cell 1, line 2\n    while True: pass");
  const awaiting = await guest.run(
    "import asyncio\nasync def f():\n    try: await asyncio.sleep(9)\n    finally: print('finally')\nawait f()",
    { timeoutMs: 100 },
  );
  assertEquals(awaiting.stdout, "finally\n");
  assertMatch(awaiting.error?.traceback ?? "", /Cell 2, line 5\n.*\n.*Cell 2, line 3, in f/);
});

test("a deadline passed while an exception is being shown does no harm", async () => {
  const cell = await guest.run(
    "class S(Exception):\n    def __str__(self):\n        while True: pass\nraise S",
    { timeoutMs: 100 },
  );
  assertEquals([cell.status, cell.error?.type], ["error", "S"]);
  assertEquals((await guest.run("1")).value, "1");
});

test("C38, R46: tasks, threads and timers that a cell leaves are ended with it, and can't act later", async () => {
  const cell = await guest.run(`
import asyncio, threading, time
async def later():
    try: await asyncio.sleep(0.6)
    finally: print("ended")
    echo(1)
def thread():
    time.sleep(0.6)
    echo(2)
left = [asyncio.create_task(later()), threading.Thread(target=thread), threading.Thread(target=lambda: slow(3))]
for t in left[1:]: t.start()
asyncio.get_event_loop().call_later(0.6, lambda: (print("timer"), echo(4)))
await asyncio.sleep(0.01)
print("last")`);
  assertEquals(cell.status, "ok");
  assertEquals(cell.notes, [
    "1 task(s) still ran when the cell ended and were cancelled; await them",
    "2 thread(s) still ran when the cell ended and were ended; join them",
  ]);
  assertEquals(cell.calls.map((call) => call.arguments), [{ x: 3 }]);
  assertEquals(cell.stdout, "last\nended\n");
  const next = await guest.run("time.sleep(0.7)\n[t.is_alive() for t in left[1:]], left[0].done()");
  assertEquals([next.value, next.stdout, next.calls], ["([False, False], True)", "", []]);
});

test("C38: a task that will not end keeps nothing: it is no longer woken", async () => {
  const cell = await guest.run(`
import asyncio
async def stubborn():
    while True:
        try: await asyncio.sleep(0.01)
        except asyncio.CancelledError: pass
        print("still here")
t = asyncio.create_task(stubborn())
await asyncio.sleep(0)`);
  assertEquals(cell.notes, [
    "1 task(s) still ran when the cell ended and were cancelled; await them",
    "code that the cell left running does not end; it can act no more",
  ]);
  const next = await guest.run("await asyncio.sleep(0.1)\nt.done()");
  assertEquals([next.value, next.stdout], ["False", ""]);
});

test("C32: an exception of a task or thread that nobody waits for is shown on stderr", async () => {
  const cell = await guest.run(`
import asyncio, threading
def bad(): raise ValueError("in thread")
threading.Thread(target=bad, name="T").start()
async def worse(): raise SystemExit("in task")
t = asyncio.create_task(worse())
await asyncio.sleep(0.02)
print("alive")`);
  assertEquals([cell.status, cell.stdout], ["ok", "alive\n"]);
  assertStringIncludes(
    cell.stderr,
    "Exception in thread T\nTraceback (most recent call last):\n  Cell 1, line 3, in bad",
  );
  assertStringIncludes(cell.stderr, "Exception in a background task\nTraceback");
});

test("R48: a tool called inside a callback of C code answers in place", async () => {
  const { value, calls } = await guest.run("sorted([3, 1, 2], key=lambda v: (echo(v), v)[1])");
  assertEquals([value, calls.length], ["[1, 2, 3]", 3]);
});

test("1,000 plain calls may be open at once", async () => {
  guest.answers["slow"] = meeting(1_000);
  const cell = await guest.run(
    "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(1000) as pool: r = list(pool.map(slow, range(1000)))\nr == list(range(1000))",
    { tools: [toolSpec("slow")] },
  );
  assertEquals([cell.value, cell.error, cell.mostOpen], ["True", null, 1_000]);
  guest.answers["slow"] = slow;
});
