/**
 * Measures this project side by side with its peers, on this machine and in this run: `deno task bench:peers`.
 *
 * `--only ROW` and `--peers NAME,…` choose, `--pairs N` repeats, `--json` prints one object per row and line,
 * `--page FILE` writes the table as Markdown when all is measured, `--render` makes it from the last run's results.
 * Contestants take turns, so that a change of the machine's speed meets all of them. Ctrl+C ends it: what is measured
 * is kept, and nothing goes on running.
 */
import { parseArgs } from "node:util";
import { Contestant } from "./contestant.ts";
import { CONTESTANTS } from "./contestants.ts";
import { TEMPORARY } from "./driver.ts";
import { installPeers } from "./install.ts";
import { measure } from "./measuring.ts";
import { Models } from "./model_server.ts";
import { pageOf } from "./page.ts";
import { type Entry, keep, KEPT, kept, type Results } from "./results.ts";
import { ROWS } from "./rows.ts";

const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    only: { type: "string", multiple: true, default: [] },
    peers: { type: "string", default: CONTESTANTS.join() },
    pairs: { type: "string", default: "5" },
    json: { type: "boolean", default: false },
    page: { type: "string" },
    render: { type: "boolean", default: false },
  },
});
/** Minutes after which a row is no longer repeated, so that a slow machine comes to an end too. */
const LATE_MINUTES = 10;
const started = performance.now();
const chosen = options.only.length === 0 ? ROWS.map(({ name }) => name) : options.only;
const rows = chosen.flatMap((name) => {
  const known = ROWS.map((row) => row.name);
  return ROWS.filter((row) => row.name === oneOf(known, name));
});
const peers = options.peers.split(",").map((name) => oneOf(CONTESTANTS, name));
const names = CONTESTANTS.filter((name) => name === "rlm" || peers.includes(name));

const interruption = new AbortController();
const results = options.render ? await kept() : await measureAll();
const page = pageOf(results);
if (options.page !== undefined && !interruption.signal.aborted) {
  await Deno.writeTextFile(options.page, page);
  progress(`wrote ${options.page}`);
}
if (!options.json && options.page === undefined) await print(page);
Deno.exit(interruption.signal.aborted ? 130 : 0);

async function measureAll(): Promise<Results> {
  const versions = await installPeers(progress);
  progress(versions.join(", "));
  await Deno.remove(TEMPORARY, { recursive: true }).catch(() => {});
  await Deno.mkdir(TEMPORARY, { recursive: true });
  await using models = new Models();
  const contestants = names.map((name) => new Contestant(name));
  const { signal } = interruption;
  const endAll = () => Promise.all(contestants.map((contestant) => contestant.end()));
  Deno.addSignalListener("SIGINT", () => {
    progress(`interrupted; what is measured is in ${KEPT}`);
    interruption.abort();
    void endAll();
  });
  const entries: Entry[] = [];
  const command = ["deno task bench:peers", ...Deno.args].join(" ");
  const soFar = (): Results => ({
    command,
    versions,
    names,
    minutes: (performance.now() - started) / 60_000,
    entries,
  });
  try {
    await warmUp(contestants);
    for (const row of rows) {
      const pairs = soFar().minutes > LATE_MINUTES ? 1 : Number(options.pairs);
      const instruments = { models, contestants, pairs, signal, progress };
      const entry = { row: row.name, cells: await measure(row, instruments, entries) };
      entries.push(entry);
      await keep(soFar());
      if (options.json) await print(JSON.stringify(entry));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await endAll();
    await Deno.remove(TEMPORARY, { recursive: true }).catch(() => {});
  }
  progress(`${soFar().minutes.toFixed(1)} minutes`);
  return soFar();
}

/** Fills all caches, of which a start in another process is to find what its software keeps. */
async function warmUp(contestants: readonly Contestant[]): Promise<void> {
  for (const contestant of contestants) {
    interruption.signal.throwIfAborted();
    progress(`warming up ${contestant.name}`);
    const answer = await contestant.ask({ row: "start" }, { limitMs: 120_000 });
    if ("error" in answer) progress(`${contestant.name}: ${answer.error}`);
    await contestant.end();
  }
}

function oneOf(known: readonly string[], name: string): string {
  if (known.includes(name)) return name;
  throw new RangeError(`Cannot measure ${name}: known are ${known.join(", ")}`);
}

function progress(text: string): void {
  const seconds = Math.round((performance.now() - started) / 1_000);
  Deno.stderr.writeSync(new TextEncoder().encode(`${seconds} s  ${text}\n`));
}

async function print(text: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${text}\n`));
}
