/**
 * Measures the figures of sandbox and engine against their bars: `deno task bench`.
 *
 * `--only NAME` (repeatable) measures one experiment, `--json` prints one JSON object per figure and line,
 * `--full` takes the many more samples that the bars speak of. The exit status is 1 when a bar is missed.
 */
import { parseArgs } from "node:util";
import { checkpoint } from "./checkpoint.ts";
import { type Experiment, overFloor, passes } from "./figure.ts";
import { bind } from "./inputs.ts";
import { growth, idle } from "./memory.ts";
import { overshoot } from "./overshoot.ts";
import { prompt } from "./prompt.ts";
import { resume } from "./resume.ts";
import { cell, tools } from "./round_trip.ts";
import { schedule } from "./schedule.ts";
import { fresh, lease } from "./start.ts";
import { lineOf } from "./table.ts";
import { turn } from "./turn.ts";

const EXPERIMENTS: Readonly<Record<string, Experiment>> = {
  fresh,
  lease,
  cell,
  tools,
  bind,
  checkpoint,
  idle,
  growth,
  turn,
  schedule,
  prompt,
  overshoot,
  resume,
};

const { values: { only, json, full } } = parseArgs({
  args: Deno.args,
  options: {
    only: { type: "string", multiple: true, default: Object.keys(EXPERIMENTS) },
    json: { type: "boolean", default: false },
    full: { type: "boolean", default: false },
  },
});

let missed = 0;
for (const name of only) {
  const experiment = EXPERIMENTS[name];
  if (experiment === undefined) {
    throw new RangeError(
      `Cannot measure ${name}: known are ${Object.keys(EXPERIMENTS).join(", ")}`,
    );
  }
  if (!json) await print(`${name}\n`);
  for await (const figure of experiment({ full })) {
    if (passes(figure) === false) missed++;
    const { spread, ...about } = figure;
    const record = {
      experiment: name,
      ...about,
      ...spread,
      overFloor: overFloor(figure),
      passes: passes(figure),
    };
    await print(`${json ? JSON.stringify(record) : lineOf(figure)}\n`);
  }
}
Deno.exitCode = missed > 0 ? 1 : 0;

async function print(text: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(text));
}
