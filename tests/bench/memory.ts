/** What a sandbox holds in memory: at rest, and after thousands of cells. */
import { createSandbox } from "../../lib/host/mod.ts";
import type { Effort, Figure } from "./figure.ts";
import { exactly, spreadOf } from "./measure.ts";
import { children, memoryMapOf, residentOf } from "./processes.ts";

/** Memory of sandboxes that have run one cell and wait for the next. */
export async function* idle({ full }: Effort): AsyncGenerator<Figure> {
  const maps = [];
  for (let round = 0; round < (full ? 5 : 2); round++) {
    await using sandbox = await createSandbox();
    await sandbox.execute("1");
    // The checkpoint that is taken after a cell is part of being at rest.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    maps.push(...await Promise.all((await children()).map(memoryMapOf)));
  }
  const parts = [
    ["idle memory of one sandbox", "resident"],
    ["of which Deno's program, shared by all sandboxes", "program"],
    ["of which Python's memory", "largest"],
    ["of which V8's heaps and code, buffers and stacks", "rest"],
  ] as const;
  for (const [what, part] of parts) {
    yield { what, unit: "MB", spread: spreadOf(maps.map((map) => map[part])) };
  }
}

/** Growth of host and guest over many cells, counted from a tenth of them on: compilers and caches fill up before. */
export async function* growth(_effort: Effort): AsyncGenerator<Figure> {
  const cells = 10_000;
  await using sandbox = await createSandbox();
  const [guest] = await children();
  if (guest === undefined) throw new Error("Cannot measure growth: no child process");
  const measure = async () => {
    Reflect.get(globalThis, "gc")?.();
    const { heapTotal, heapUsed } = Deno.memoryUsage();
    const host = await residentOf(Deno.pid);
    return {
      guest: await residentOf(guest),
      host,
      inUse: host - (heapTotal - heapUsed) / 1024 ** 2,
    };
  };
  const run = async (from: number, to: number) => {
    for (let n = from; n < to; n++) {
      await sandbox.execute(`text = str(${n}) * 1_000\nprint(text[:100])\nlen(text)`);
    }
  };
  await run(0, cells / 10);
  const before = await measure();
  await run(cells / 10, cells);
  const after = await measure();
  for (const side of ["guest", "host"] as const) {
    yield {
      what: `growth of the ${side} over ${cells} cells`,
      unit: "%",
      spread: exactly(100 * (after[side] / before[side] - 1)),
      bar: { most: 10 },
    };
  }
  yield {
    what: "of the host, without the room that V8 keeps for new objects",
    unit: "%",
    spread: exactly(100 * (after.inUse / before.inUse - 1)),
  };
}
