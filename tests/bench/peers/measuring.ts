/** Puts each row to all contestants in turn, and sums their answers up. */
import { spreadOf } from "../measure.ts";
import type { Contestant } from "./contestant.ts";
import { TEMPORARY } from "./driver.ts";
import { conversationOf, type Models } from "./model_server.ts";
import type { Cells, Entry, Outcome } from "./results.ts";
import type { Row } from "./row.ts";
import { type DriverAnswer, NOT_DRIVEN } from "./wire.ts";

/** Milliseconds that a contestant may spend on a row before it is not repeated. */
export const ENOUGH_MS = 6_000;
/** Milliseconds that memory takes to settle. */
const SETTLE_MS = 1_500;

/** What to measure with. */
export interface Instruments {
  readonly models: Models;
  readonly contestants: readonly Contestant[];
  readonly pairs: number;
  readonly signal: AbortSignal;
  progress(text: string): void;
}

/** Asks all contestants for a row, again and again in turn; `before` is what the earlier rows gave. */
export async function measure(
  row: Row,
  instruments: Instruments,
  before: readonly Entry[],
): Promise<Cells> {
  const { contestants, models, pairs, signal, progress } = instruments;
  const most = Math.min(pairs, row.mostPairs ?? Infinity);
  const easier = before.find((entry) => entry.row === row.harderThan)?.cells ?? {};
  const answers = new Map(contestants.map((one) => [one, failureOf(easier[one.name])]));
  const spent = new Map<Contestant, number>();
  for (let pair = 1; pair <= most; pair++) {
    for (const contestant of contestants) {
      signal.throwIfAborted();
      const given = answers.get(contestant) ?? [];
      // What cannot be done will not be done at the next try.
      if (given.some((answer) => "error" in answer)) continue;
      if ((spent.get(contestant) ?? 0) > ENOUGH_MS) continue;
      progress(`${row.name} ${pair}/${most} ${contestant.name}`);
      const started = performance.now();
      if (row.fresh) await contestant.end();
      given.push(await ask(contestant, row, models));
      if (row.fresh) await contestant.end();
      const seconds = performance.now() - started;
      spent.set(contestant, (spent.get(contestant) ?? 0) + seconds);
    }
  }
  signal.throwIfAborted();
  return Object.fromEntries(
    Array.from(answers, ([{ name }, given]) => [name, outcomeOf(row, given)]),
  );
}

/** What a contestant's failure at less work says of more: the same again, and nothing where there was none. */
function failureOf(easier: Outcome | undefined): DriverAnswer[] {
  if (easier === undefined || !("error" in easier)) return [];
  if (easier.error === NOT_DRIVEN) return [easier];
  return [{ error: `not tried, since less failed: ${easier.error}` }];
}

/** Figures of all answers, what happened in the only one, or the error of the last. */
function outcomeOf({ measures }: Row, given: readonly DriverAnswer[]): Outcome {
  const failed = given.find((answer) => "error" in answer);
  if (failed !== undefined) return { error: String(failed.error) };
  const [first] = given;
  if (measures.length === 0 && first !== undefined) return { happened: first };
  const spreads = measures.flatMap(({ key }) => {
    const samples = given.map((answer) => Number(answer[key])).filter(Number.isFinite);
    return samples.length === 0 ? [] : [[key, spreadOf(samples)]];
  });
  return { spreads: Object.fromEntries(spreads) };
}

async function ask(contestant: Contestant, row: Row, models: Models): Promise<DriverAnswer> {
  const request = { ...row.request, baseUrl: models.baseUrl };
  models.requests.length = 0;
  if (row.kind === "rest") return await askAtRest(contestant, request, row);
  if (row.kind === "crash") return await askAfterCrash(contestant, request, row, models);
  const answer = await contestant.ask(request, row);
  return { ...answer, ...conversationOf(models.requests) };
}

type Request = Readonly<Record<string, unknown>>;

/** Memory of a program with one sandbox, and what a second one adds. */
async function askAtRest(
  contestant: Contestant,
  request: Request,
  row: Row,
): Promise<DriverAnswer> {
  const settled: number[] = [];
  for (let sandboxes = 1; sandboxes <= 2; sandboxes++) {
    const answer = await contestant.ask(request, row);
    if ("error" in answer) return answer;
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    settled.push(await contestant.memory());
  }
  const [one = NaN, two = NaN] = settled;
  return { one, further: Math.max(0, two - one) };
}

/** A run whose program is killed while the model is asked for the tenth turn, and the same run by a new program. */
async function askAfterCrash(
  contestant: Contestant,
  request: Request,
  row: Row,
  models: Models,
): Promise<DriverAnswer> {
  const folder = await Deno.makeTempDir({ dir: TEMPORARY });
  models.onLastTurn = () => contestant.end();
  const killed = await contestant.ask({ ...request, folder, again: false }, row);
  const reached = models.onLastTurn === null;
  models.onLastTurn = null;
  if (!reached) return "error" in killed ? killed : { error: "the run ended before it was killed" };
  models.requests.length = 0;
  const answer = await contestant.ask({ ...request, folder, again: true }, row);
  const root = models.requests.filter(({ body }) => String(body.model).startsWith("root"));
  // One is the tenth turn's, which nobody has answered yet.
  return { ...answer, calls: root.length - 1 };
}
