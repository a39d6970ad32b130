/** Large inputs on their way into Python: time, and the most memory that the host holds for them. */
import type { Effort, Figure } from "./figure.ts";
import { spreadOf } from "./measure.ts";
import { numberOf, runProgram } from "./program.ts";

const SIZES = [
  { megabytes: 50, mostMs: 400, runs: 3 },
  { megabytes: 500, mostMs: 5_000, runs: 1 },
];

/** Texts of 50 and 500 MB, each in a host process of its own. */
export async function* bind({ full }: Effort): AsyncGenerator<Figure> {
  for (const { megabytes, mostMs, runs } of SIZES) {
    const printed: unknown[] = [];
    for (let run = 0; run < (full ? 5 : runs); run++) {
      printed.push(await runProgram("bind_input", String(megabytes)));
    }
    yield {
      what: `bind ${megabytes} MB of text`,
      unit: "ms",
      spread: spreadOf(printed.map((run) => numberOf(run, "milliseconds"))),
      bar: { most: mostMs },
    };
    yield {
      what: `the host's peak for it ÷ ${megabytes} MB, the text itself included`,
      unit: "×",
      spread: spreadOf(printed.map((run) => numberOf(run, "peakOfInput"))),
      bar: { most: 2.5 },
    };
  }
}
