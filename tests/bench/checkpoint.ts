/** Saving a small guest, and starting another from what was saved. */
import { createSandbox, restoreSandbox } from "../../lib/host/mod.ts";
import type { Effort, Figure } from "./figure.ts";
import { spreadOf, timesInTurn, timesOf } from "./measure.ts";

const SMALL_GUEST = `
import re, collections
words = [f"word {n}" for n in range(1_000)]
index = collections.Counter(word[-1] for word in words)
def find(pattern): return [word for word in words if re.search(pattern, word)]
found = find("9$")
print(len(found))`;

/** A guest with a few variables, functions and imports. */
export async function* checkpoint({ full }: Effort): AsyncGenerator<Figure> {
  await using sandbox = await createSandbox();
  await sandbox.execute(SMALL_GUEST);
  let saved = new Uint8Array();
  const count = full ? 30 : 10;
  const times = await timesOf(count, async () => {
    saved = Uint8Array.from(await sandbox.checkpoint());
  }, { warmUp: 1 });
  yield {
    what: "checkpoint of a small guest",
    unit: "ms",
    spread: spreadOf(times),
    bar: { most: 80 },
  };
  yield {
    what: "its size",
    unit: "KB",
    spread: spreadOf([saved.length / 1_000]),
    bar: { most: 3_000 },
  };
  const { first: restores, second: starts } = await timesInTurn(full ? 15 : 5, async () => {
    await using restored = await restoreSandbox(saved);
    const { value } = await restored.execute("len(found), index['9']");
    if (value !== "(100, 100)") throw new Error(`Cannot restore: Python has ${value}`);
  }, async () => {
    await using started = await createSandbox();
    await started.execute("1");
  });
  yield {
    what: "restore to first result",
    unit: "ms",
    spread: spreadOf(restores),
    bar: { most: 400 },
    floor: { what: "a fresh start", spread: spreadOf(starts) },
  };
}
