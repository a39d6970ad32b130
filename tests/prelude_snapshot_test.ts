/** The guest's memory, saved while it is idle and given to another interpreter. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { PreludeGuest } from "./fixtures/prelude_guest.ts";

const options = { sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "a saved guest goes on elsewhere with its variables, functions, classes, generators and tools",
  options,
  async () => {
    const guest = await PreludeGuest.load();
    const fresh = guest.save();
    await guest.run(`
import asyncio, threading, random
from concurrent.futures import ThreadPoolExecutor
class P:
    def __init__(self): self.items = [1, 2]
def count():
    for i in range(9): yield echo(i)
async def acount():
    for i in range(9): yield i
p, double, numbers, more, kept = P(), lambda n: n * 2, count(), acount(), echo
lock, pool = threading.Lock(), ThreadPoolExecutor(4)
next(numbers), await more.__anext__(), list(pool.map(slow, range(4)))
await asyncio.gather(*[echo.aio(i) for i in range(3)])
task = asyncio.create_task(asyncio.sleep(60))
try: 1 / 0
except ZeroDivisionError as e: error = e
`);
    const saved = guest.save();
    const again = await PreludeGuest.load(saved, 1);
    again.reseed("01", {});
    const cell = await again.run(
      "p.items, double(4), next(numbers), next(numbers), await more.__anext__(), kept(7), echo(8), kept is echo, task.done(), lock.acquire(), list(pool.map(slow, range(4)))",
    );
    assertEquals(
      cell.value,
      "([1, 2], 8, 1, 2, 1, 7, 8, True, True, True, [0, 1, 2, 3])",
      cell.error?.traceback,
    );
    assertEquals(cell.mostOpen, 4);
    const failed = await again.run("raise error");
    assertStringIncludes(failed.error?.traceback ?? "", "Cell 1, line 15\n    try: 1 / 0");
    const third = await PreludeGuest.load(again.save(), 3);
    assertEquals((await third.run("next(numbers), p.items")).value, "(3, [1, 2])");
    const stopped = await third.run("while True: pass", { timeoutMs: 100 });
    assertEquals(stopped.status, "timeout");

    // The guest that everyone starts from knows nothing of what was run later.
    const clean = await PreludeGuest.load(fresh);
    clean.reseed("02", {});
    assertEquals(clean.names(), []);
    assertEquals((await clean.run("import random\nrandom.random()")).status, "ok");
    assert(fresh.length < 40_000_000, `${fresh.length} bytes`);
  },
);
