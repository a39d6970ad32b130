/** What one cell and one tool call cost when nothing is done in them. */
import { createSandbox, type Sandbox, type Tool } from "../../lib/host/mod.ts";
import type { Effort, Figure } from "./figure.ts";
import { roundTripTimes } from "./floors.ts";
import { spreadOf, timesOf } from "./measure.ts";

const FLOOR = "a pipe through cat and a port to a worker";
/** Tool calls of one cell, whose times Python takes itself. */
const CALLS = 500;
const AT_ONCE = 1_000;

/** An empty cell. */
export async function* cell({ full }: Effort): AsyncGenerator<Figure> {
  await using sandbox = await createSandbox();
  const count = full ? 2_000 : 500;
  const times = await timesOf(count, () => sandbox.execute(""), { warmUp: 100 });
  yield {
    what: "empty cell, round trip",
    unit: "ms",
    spread: spreadOf(times),
    bar: { most: 1.5 },
    floor: { what: FLOOR, spread: spreadOf(await roundTripTimes(count)) },
  };
}

const PROPERTIES = { number: { type: "integer" } };
const echo: Tool = {
  description: "Gives its argument back",
  parameters: { type: "object", properties: PROPERTIES, required: ["number"] },
  invoke: ({ number }) => number,
};

const ONE_BY_ONE = `
import json, time
times = []
for number in range(${CALLS}):
    started = time.perf_counter()
    assert echo(number) == number
    times.append((time.perf_counter() - started) * 1000)
print(json.dumps(times))`;

const ALL_AT_ONCE = `
import asyncio
assert await asyncio.gather(*[echo.aio(number) for number in range(${AT_ONCE})]) == list(range(${AT_ONCE}))`;

/** Tool calls, one after the other and a thousand in flight. */
export async function* tools({ full }: Effort): AsyncGenerator<Figure> {
  await using sandbox = await createSandbox({ tools: { echo } });
  const times: number[] = [];
  for (let round = 0; round < (full ? 10 : 3); round++) {
    const { stdout, error } = await sandbox.execute(ONE_BY_ONE);
    if (error) throw new Error(error.traceback);
    times.push(...JSON.parse(stdout));
  }
  yield {
    what: "tool call from Python, round trip",
    unit: "ms",
    spread: spreadOf(times),
    bar: { most: 0.3 },
    floor: { what: FLOOR, spread: spreadOf(await roundTripTimes(CALLS)) },
  };
  const slow: Tool = {
    ...echo,
    async invoke({ number }) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return number;
    },
  };
  const together = await timesOf(full ? 10 : 3, () => askAllAtOnce(sandbox, slow));
  yield {
    what: `${AT_ONCE} tool calls of 300 ms at once, all of them`,
    unit: "ms",
    spread: spreadOf(together),
  };
  const patient = new Gathering();
  await askAllAtOnce(sandbox, { ...echo, invoke: ({ number }) => patient.join(number) });
  yield {
    what: "tool calls seen open together",
    unit: "calls",
    spread: spreadOf([patient.most]),
    bar: { least: AT_ONCE },
  };
}

async function askAllAtOnce(sandbox: Sandbox, tool: Tool): Promise<void> {
  const { error } = await sandbox.execute(ALL_AT_ONCE, { tools: { echo: tool } });
  if (error) throw new Error(error.traceback);
}

/** Calls that wait for each other, so that how many are open does not depend on the machine's speed. */
class Gathering {
  /** Most calls that were open together. */
  most = 0;
  readonly #complete = Promise.withResolvers<void>();

  /** Gives its argument back when all are there, or after a time in which all should be. */
  async join<T>(argument: T): Promise<T> {
    if (++this.most === AT_ONCE) this.#complete.resolve();
    const timer = setTimeout(this.#complete.resolve, 10_000);
    await this.#complete.promise;
    clearTimeout(timer);
    return argument;
  }
}
