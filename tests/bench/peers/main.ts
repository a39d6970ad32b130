/**
 * Measures this project side by side with its peers, on this machine and in this run: `deno task bench:peers`.
 *
 * `--only ROW` and `--peers NAME,…` choose, `--pairs N` repeats, `--json` prints one object per figure and line,
 * `--page FILE` writes the table as Markdown. Contestants take turns, so that a change of the machine's speed
 * meets all of them.
 */
import { parseArgs } from "node:util";
import { spreadOf } from "../measure.ts";
import { Contestant, CONTESTANTS } from "./contestant.ts";
import { installPeers } from "./install.ts";
import { conversationOf, startModels } from "./model_server.ts";
import { pageOf } from "./page.ts";
import type { Cells, Entry } from "./results.ts";
import { type Row, ROWS } from "./rows.ts";
import type { DriverAnswer } from "./wire.ts";

const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    only: { type: "string", multiple: true, default: [] },
    peers: { type: "string", default: CONTESTANTS.join() },
    pairs: { type: "string", default: "5" },
    json: { type: "boolean", default: false },
    page: { type: "string" },
  },
});

const rows = ROWS.filter(({ name, onlyByName = false }) =>
  options.only.length === 0 ? !onlyByName : options.only.includes(name)
);
if (rows.length === 0) {
  throw new RangeError(
    `Cannot measure ${options.only.join()}: known are ${ROWS.map(({ name }) => name).join(", ")}`,
  );
}
const names = CONTESTANTS.filter((name) =>
  name === "rlm" || options.peers.split(",").includes(name)
);

progress("installing the peers");
const versions = await installPeers();
progress(versions.join(", "));
await using models = startModels();
const contestants = names.map((name) => new Contestant(name));
const entries: Entry[] = [];
try {
  for (const row of rows) {
    const entry = { row, cells: await cellsOf(row) };
    entries.push(entry);
    if (options.json) await print(JSON.stringify({ row: row.name, ...entry.cells }));
    // After each row, so that a run that is broken off leaves what it has.
    if (options.page !== undefined) await Deno.writeTextFile(options.page, page());
  }
} finally {
  await Promise.all(contestants.map((contestant) => contestant.end()));
}
if (!options.json) await print(page());

function page(): string {
  const command = ["deno task bench:peers", ...Deno.args].join(" ");
  return pageOf({ command, versions, names, entries });
}

/** Asks all contestants for a row, in turn, and sums their answers up. */
async function cellsOf(row: Row): Promise<Cells> {
  const answers: Record<string, DriverAnswer[]> = {};
  const pairs = Math.min(Number(options.pairs), row.mostPairs ?? Infinity);
  for (let pair = 1; pair <= pairs; pair++) {
    for (const contestant of contestants) {
      const { name } = contestant;
      const given = answers[name] ??= [];
      // What cannot be done will not be done at the next try.
      if (given.some((answer) => "error" in answer)) continue;
      progress(`${row.name} ${pair}/${pairs} ${name}`);
      if (row.fresh) await contestant.end();
      given.push(await ask(contestant, row));
    }
  }
  return Object.fromEntries(
    Object.entries(answers).map(([name, given]) => {
      const failed = given.find((answer) => "error" in answer);
      if (failed !== undefined) return [name, { error: String(failed.error) }];
      const [first] = given;
      if (row.measures.length === 0 && first !== undefined) return [name, { happened: first }];
      const spreads = row.measures.flatMap(({ key }) => {
        const samples = given.map((answer) => Number(answer[key])).filter(Number.isFinite);
        return samples.length === 0 ? [] : [[key, spreadOf(samples)]];
      });
      return [name, { spreads: Object.fromEntries(spreads) }];
    }),
  );
}

async function ask(contestant: Contestant, row: Row): Promise<DriverAnswer> {
  models.requests.length = 0;
  const answer = await contestant.ask({ ...row.request, baseUrl: models.baseUrl }, row.limitMs);
  return { ...answer, ...conversationOf(models.requests) };
}

function progress(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}

async function print(text: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${text}\n`));
}
