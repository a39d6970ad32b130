/** The results as a page of Markdown. */
import type { Spread } from "../measure.ts";
import { CONTESTANTS, titleOf } from "./contestants.ts";
import { plain, ratioOf, rounded, shortened, tableLine } from "./cells.ts";
import { NOTES } from "./notes.ts";
import type { Entry, Outcome, Results } from "./results.ts";
import type { Measure, Row } from "./row.ts";
import { ROWS } from "./rows.ts";
import { sectionOnRows } from "./meaning.ts";
import { NOT_DRIVEN } from "./wire.ts";

/** An entry with its row. */
interface Measured extends Omit<Entry, "row"> {
  readonly row: Row;
}

/** The whole page. */
export function pageOf({ command, versions, names, minutes, entries }: Results): string {
  const measured = ROWS.flatMap((row): Measured[] => {
    const entry = entries.find((one) => one.row === row.name);
    return entry === undefined ? [] : [{ ...entry, row }];
  });
  const columns = CONTESTANTS.filter((name) => names.includes(name));
  // Nothing hangs or kills a floor, which has nothing to keep alive.
  const guarded = columns.filter((name) =>
    measured.some(({ row, cells }) => row.measures.length === 0 && !isUndriven(cells[name]))
  );
  const figures = measured.filter(({ row }) => row.measures.length > 0);
  const happenings = measured.filter(({ row }) => row.measures.length === 0);
  return [
    "# Side by side with peers",
    `Made by \`${command}\` in ${minutes.toFixed(0)} minutes, with ${
      versions.join(", ")
    }, on ${navigator.hardwareConcurrency} cores.`,
    NOTES,
    ...(figures.length === 0 ? [] : [
      "## Time and memory",
      [...head("row", columns), ...figures.flatMap((entry) => figureLines(entry, columns))]
        .join("\n"),
    ]),
    ...(happenings.length === 0 ? [] : [
      "## Cells that hang or kill",
      "`kept` is a variable of an earlier cell.",
      [...head("cell", guarded), ...happenings.map((entry) => happeningLine(entry, guarded))]
        .join("\n"),
    ]),
    ...(figures.length === 0 ? [] : [sectionOnRows(entries, columns)]),
  ].join("\n\n") + "\n";
}

function head(first: string, names: readonly string[]): string[] {
  return [tableLine([first, ...names.map(titleOf)]), `|${" --- |".repeat(names.length + 1)}`];
}

function figureLines({ row, cells }: Measured, names: readonly string[]): string[] {
  return row.measures.map((measure) => {
    const ours = spreadOfOutcome(cells.rlm, measure);
    const columns = names.map((name) => {
      const outcome = cells[name];
      if (isUndriven(outcome)) return "–";
      if (outcome !== undefined && "error" in outcome) return errorText(outcome.error);
      const spread = spreadOfOutcome(outcome, measure);
      if (spread === undefined) return "–";
      const compared = name === "rlm" || ours === undefined
        ? ""
        : ratioText(ratioOf(measure, ours, spread));
      return spreadText(spread, measure) + compared;
    });
    const ideal = measure.ideal === undefined
      ? ""
      : `; an ideal schedule: ${measure.ideal} ${measure.unit}`;
    return tableLine([`${row.what}: ${measure.what}${ideal}`, ...columns]);
  });
}

function happeningLine({ row, cells }: Measured, names: readonly string[]): string {
  return tableLine([
    `\`${row.what}\``,
    ...names.map((name) => {
      const outcome = cells[name];
      if (outcome === undefined || isUndriven(outcome)) return "–";
      if ("error" in outcome) return errorText(outcome.error);
      if (!("happened" in outcome)) return "–";
      const { alive, kept, milliseconds, said } = outcome.happened;
      const state = alive ? (kept ? "alive, kept" : "alive, **`kept` lost**") : "**dead**";
      return `${state}, ${rounded(Number(milliseconds))} ms: ${shortened(String(said), 90)}`;
    }),
  ]);
}

function isUndriven(outcome: Outcome | undefined): boolean {
  return outcome !== undefined && "error" in outcome && outcome.error === NOT_DRIVEN;
}

function spreadOfOutcome(outcome: Outcome | undefined, { key }: Measure): Spread | undefined {
  return outcome !== undefined && "spreads" in outcome ? outcome.spreads[key] : undefined;
}

function ratioText(ratio: number | null): string {
  if (ratio === null) return "";
  if (Math.abs(ratio - 1) < 0.005) return "<br>equal";
  return `<br>${ratio >= 1 ? "" : "**behind** "}${rounded(ratio)} ×`;
}

function spreadText({ median, min, max, samples }: Spread, { unit }: Measure): string {
  const range = samples === 1 || min === max
    ? ""
    : ` (${rounded(min)}–${rounded(max)}, ${samples} times)`;
  return `${rounded(median)} ${unit}${range}`;
}

function errorText(error: string): string {
  return /^not (within|tried)/.test(error)
    ? `**${plain(error)}**`
    : `**failed**: ${shortened(error, 160)}`;
}
