/** What stands in a cell of a table. */
import { stripVTControlCharacters } from "node:util";
import type { Spread } from "../measure.ts";
import type { Measure } from "./row.ts";

/** How many times ours a figure of theirs is: above 1 we are ahead. Null where one is nothing, which has no ratio. */
export function ratioOf(
  { more = false }: Measure,
  { median: ours }: Spread,
  { median: theirs }: Spread,
): number | null {
  if (ours === theirs) return 1;
  if (ours === 0 || theirs === 0) return null;
  return more ? ours / theirs : theirs / ours;
}

/** One line of a table. */
export function tableLine(columns: readonly string[]): string {
  return `| ${columns.join(" | ")} |`;
}

/** Text as one line of plain words. */
export function plain(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\s+/g, " ").replaceAll("|", "\\|")
    .replaceAll("<", "&lt;");
}

/** Plain text with its middle left out where it is long. */
export function shortened(text: string, most: number): string {
  const line = plain(text);
  return line.length <= most ? line : `${line.slice(0, most / 2)} […] ${line.slice(-most / 2)}`;
}

/** Three digits that mean something. */
export function rounded(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
