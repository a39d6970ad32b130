/** The results as a page of Markdown. */
import { stripVTControlCharacters } from "node:util";
import type { Spread } from "../measure.ts";
import type { Entry, Outcome } from "./results.ts";
import type { Measure } from "./rows.ts";

/** What a page is made of. */
export interface PageContent {
  readonly command: string;
  readonly versions: readonly string[];
  readonly names: readonly string[];
  readonly entries: readonly Entry[];
}

const TITLES: Readonly<Record<string, string>> = {
  rlm: "this project",
  dspy: "DSPy",
  rlms: "alexzhang13/rlm",
  "fast-rlm": "fast-rlm",
  pyodide: "floor: plain Pyodide",
};

const NOTES = `Medians, with the least and the most in parentheses; under each peer, how many times
ours its figure is: **above 1 we are ahead, below 1 we are behind**. The contestants took turns on one machine that had other
work too, so trust the ratios more than the figures. The model is a server on loopback that answers at once.

- alexzhang13/rlm runs cells by \`exec\` in the program's own process, with no sandbox at all: it is the floor of CPython, and
  what its cells do, they do to the program.
- DSPy's runner imports one module from deno.land, which no package registry has; an import map puts
  \`line_reader.ts\` in its place, and everything else of its default command stays. It gives each input anew with every turn.
- This project's time limit is 2 s in the rows of cells that don't end (its default is 30 s). The peers have none; the bench
  kills them after 30 s.
- \`concurrency\` is 64 for this project's sub-calls; DSPy has 8 threads and no setting for them; alexzhang13/rlm is as it comes.
- The floor has no process of its own, no protocol and no limits: Pyodide in the thread that measures.`;

/** The whole page. */
export function pageOf({ command, versions, names, entries }: PageContent): string {
  const figures = entries.filter(({ row }) => row.measures.length > 0);
  const happenings = entries.filter(({ row }) => row.measures.length === 0);
  const head = (
    first: string,
  ) => [
    ["", first, ...names.map((name) => TITLES[name] ?? name), ""].join(" | ").trim(),
    `|${" --- |".repeat(names.length + 1)}`,
  ];
  return [
    "# Side by side with peers",
    `Made by \`${command}\` with ${versions.join(", ")}.`,
    NOTES,
    ...(figures.length === 0 ? [] : [
      "## Time and memory",
      [...head("row"), ...figures.flatMap((entry) => figureLines(entry, names))].join("\n"),
    ]),
    ...(happenings.length === 0 ? [] : [
      "## Cells that hang or kill",
      "`kept` is a variable of an earlier cell.",
      [...head("cell"), ...happenings.map((entry) => happeningLine(entry, names))].join("\n"),
    ]),
  ].join("\n\n") + "\n";
}

function figureLines({ row, cells }: Entry, names: readonly string[]): string[] {
  return row.measures.map((measure) => {
    const ours = spreadOfOutcome(cells.rlm, measure);
    const columns = names.map((name) => {
      const outcome = cells[name];
      if (outcome !== undefined && "error" in outcome) return errorText(outcome.error);
      const spread = spreadOfOutcome(outcome, measure);
      if (spread === undefined) return "–";
      const ratio = name === "rlm" || ours === undefined
        ? ""
        : `<br>${ratioText(spread, ours, measure)}`;
      return spreadText(spread, measure) + ratio;
    });
    const ideal = measure.ideal === undefined
      ? ""
      : `; an ideal schedule: ${measure.ideal} ${measure.unit}`;
    return tableLine([`${row.what}: ${measure.what}${ideal}`, ...columns]);
  });
}

function happeningLine({ row, cells }: Entry, names: readonly string[]): string {
  return tableLine([
    `\`${row.what}\``,
    ...names.map((name) => {
      const outcome = cells[name];
      if (outcome === undefined) return "–";
      if ("error" in outcome) return errorText(outcome.error);
      if (!("happened" in outcome)) return "–";
      const { alive, kept, milliseconds, said } = outcome.happened;
      const state = alive ? (kept ? "alive, kept" : "alive, `kept` lost") : "**dead**";
      return `${state}, ${rounded(Number(milliseconds))} ms: ${shortened(String(said), 90)}`;
    }),
  ]);
}

function spreadOfOutcome(outcome: Outcome | undefined, { key }: Measure): Spread | undefined {
  return outcome !== undefined && "spreads" in outcome ? outcome.spreads[key] : undefined;
}

function ratioText(theirs: Spread, ours: Spread, { more = false }: Measure): string {
  const ratio = more ? ours.median / theirs.median : theirs.median / ours.median;
  return `${ratio >= 1 ? "" : "**behind** "}${rounded(ratio)} ×`;
}

function spreadText({ median, min, max, samples }: Spread, { unit }: Measure): string {
  const range = samples === 1 ? "" : ` (${rounded(min)}, ${rounded(max)})`;
  return `${rounded(median)} ${unit}${range}`;
}

function errorText(error: string): string {
  return error === "this row is not driven for this peer"
    ? "–"
    : `**failed**: ${shortened(error, 160)}`;
}

function tableLine(columns: readonly string[]): string {
  return `| ${columns.join(" | ")} |`;
}

/** Text on one line of a table, without colours and with its middle left out where it is long. */
function shortened(text: string, most: number): string {
  const plain = stripVTControlCharacters(text).replaceAll(/\s+/g, " ").replaceAll("|", "\\|")
    .replaceAll("<", "&lt;");
  return plain.length <= most ? plain : `${plain.slice(0, most / 2)} […] ${plain.slice(-most / 2)}`;
}

/** Three digits that mean something. */
function rounded(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
