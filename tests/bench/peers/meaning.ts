/** The section that says what the rows mean and where we lose, made from the figures. */
import { ratioOf, rounded, tableLine } from "./cells.ts";
import { type Kind, ofKind, titleOf } from "./contestants.ts";
import { EXPLANATIONS } from "./explanations.ts";
import type { Cells, Entry } from "./results.ts";
import type { Measure, Row } from "./row.ts";
import { ROWS } from "./rows.ts";

/** Being ahead by this much needs no explanation. */
const FAR_AHEAD = 5;
/** Nor does being this near to the floor. */
const NEAR_THE_FLOOR = 2;

/** How far a figure is from the best peers and from the floor. */
interface Standing {
  readonly row: Row;
  readonly measure: Measure;
  /** The best peer that isolates its cells: above 1 we are ahead. */
  readonly sandboxed: Ratio | null;
  /** The best peer that doesn't. */
  readonly open: Ratio | null;
  /** Our figure as a multiple of the floor's. */
  readonly floor: Ratio | null;
}

/** A ratio, and to whom. */
interface Ratio {
  readonly name: string;
  readonly ratio: number;
}

/** Every figure in which we are not far ahead of all, or not near the floor; then what each row's time is made of. */
export function sectionOnRows(entries: readonly Entry[], names: readonly string[]): string {
  const standings = ROWS.flatMap((row) => {
    const cells = entries.find((entry) => entry.row === row.name)?.cells;
    return cells === undefined
      ? []
      : row.measures.flatMap((measure) => standingOf(row, measure, cells, names) ?? []);
  });
  const weak = standings.filter(isWeak);
  const explained = ROWS.filter(({ name }) => weak.some(({ row }) => row.name === name));
  return [
    "## What the rows mean and where we lose",
    `Of ${standings.length} figures that can be compared, these ${weak.length} are less than ${FAR_AHEAD} × ahead of the best peer, or further than ${NEAR_THE_FLOOR} × from the floor; in **bold**, those in which we are behind.`,
    [
      tableLine(["figure", "best peer with a sandbox", "best without one", "ours ÷ floor"]),
      "| --- | --- | --- | --- |",
      ...weak.map(lineOf),
    ].join("\n"),
    ...explained.flatMap(({ name, what }) => {
      const text = EXPLANATIONS[name.replace(/-\d+$/, "")];
      return text === undefined ? [] : [`**${what.replace(/ of \d+ MB$/, "")}.** ${text}`];
    }).filter((text, index, all) =>
      all.findIndex((other) => endOf(other) === endOf(text)) === index
    ),
  ].join("\n\n");
}

/** An explanation without its title, so that rows of one kind share one. */
function endOf(text: string): string {
  return text.slice(text.indexOf(".**"));
}

function standingOf(
  row: Row,
  measure: Measure,
  cells: Cells,
  names: readonly string[],
): Standing | null {
  const ours = cells.rlm !== undefined && "spreads" in cells.rlm
    ? cells.rlm.spreads[measure.key]
    : undefined;
  if (ours === undefined) return null;
  const ratios = (kind: Kind): Ratio[] =>
    ofKind(names, kind).flatMap((name) => {
      const outcome = cells[name];
      const theirs = outcome !== undefined && "spreads" in outcome
        ? outcome.spreads[measure.key]
        : undefined;
      const ratio = theirs === undefined ? null : ratioOf(measure, ours, theirs);
      return ratio === null ? [] : [{ name, ratio }];
    });
  const best = (kind: Kind): Ratio | null =>
    ratios(kind).toSorted((a, b) => a.ratio - b.ratio)[0] ?? null;
  // Where there is a schedule that cannot be beaten, or plain Pyodide can do it, CPython says nothing.
  const floors = ratios("floor").map(({ name, ratio }): Ratio => ({ name, ratio: 1 / ratio }));
  const floor = measure.ideal === undefined
    ? floors[0] ?? null
    : { name: "an ideal schedule", ratio: ours.median / measure.ideal };
  return { row, measure, sandboxed: best("sandbox"), open: best("no sandbox"), floor };
}

function isWeak({ sandboxed, open, floor }: Standing): boolean {
  const peers = [sandboxed, open].filter((one) => one !== null);
  return peers.some(({ ratio }) => ratio < FAR_AHEAD) ||
    floor !== null && floor.ratio > NEAR_THE_FLOOR;
}

function lineOf({ row, measure, sandboxed, open, floor }: Standing): string {
  const text = (one: Ratio | null): string => {
    if (one === null) return "–";
    const ratio = `${rounded(one.ratio)} × ${titleOf(one.name).replace(/ \(.*/, "")}`;
    return one.ratio < 1 ? `**${ratio}**` : ratio;
  };
  const distance = floor === null
    ? "–"
    : `${rounded(floor.ratio)} × ${titleOf(floor.name).replace("floor: ", "")}`;
  return tableLine([`${row.what}: ${measure.what}`, text(sandboxed), text(open), distance]);
}
