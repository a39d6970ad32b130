/** How long until Python gives its first result: from nothing, and from a pool. */
import { createSandbox, SandboxPool } from "../../lib/host/mod.ts";
import type { Effort, Figure } from "./figure.ts";
import { millisecondsOf, spreadOf, timesInTurn } from "./measure.ts";
import { runProgram } from "./program.ts";

/** A fresh sandbox against plain Pyodide in a fresh process, and the same as a whole program. */
export async function* fresh({ full }: Effort): AsyncGenerator<Figure> {
  // Leaves the snapshot in the cache.
  await firstResult();
  const pairs = full ? 15 : 5;
  const { first: ours, second: plain } = await timesInTurn(
    pairs,
    firstResult,
    () => runProgram("plain_pyodide"),
  );
  yield {
    what: "fresh process to first result",
    unit: "ms",
    spread: spreadOf(ours),
    bar: { most: 450 },
  };
  yield {
    what: "plain Pyodide's time ÷ ours, pair by pair",
    unit: "×",
    spread: spreadOf(plain.map((time, index) => time / (ours[index] ?? NaN))),
    bar: { least: 6 },
  };
  const { first: programs, second: bare } = await timesInTurn(
    pairs,
    () => runProgram("first_result"),
    () => new Deno.Command(Deno.execPath(), { args: ["eval", "--no-config", "0"] }).output(),
  );
  yield {
    what: "a whole program: one sandbox, one cell",
    unit: "ms",
    spread: spreadOf(programs),
    floor: { what: "a Deno program that does nothing", spread: spreadOf(bare) },
  };
}

async function firstResult(): Promise<void> {
  await using sandbox = await createSandbox();
  await sandbox.execute("1");
}

/** A warm sandbox, leased and used. */
export async function* lease({ full }: Effort): AsyncGenerator<Figure> {
  const times: number[] = [];
  await using pool = new SandboxPool({ size: 1, max: 2 });
  for (let round = 0; round < (full ? 20 : 7); round++) {
    await pool.ready;
    times.push(
      await millisecondsOf(async () => {
        const leased = await pool.lease();
        await leased.execute("1");
        releasing = leased.close();
      }),
    );
    await releasing;
  }
  yield {
    what: "lease from a warm pool to first result",
    unit: "ms",
    spread: spreadOf(times),
    bar: { most: 10 },
  };
}

/** The end of the last lease, which is no part of the next one's time. */
let releasing: Promise<void> = Promise.resolve();
