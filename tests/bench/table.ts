/** Figures as lines for people. */
import { type Bar, type Figure, overFloor, passes } from "./figure.ts";
import type { Spread } from "./measure.ts";

const VERDICTS = new Map([[true, "ok  "], [false, "MISS"], [null, "    "]]);

/** One line, and a second one where there is a floor. */
export function lineOf(figure: Figure): string {
  const { what, unit, spread, bar, floor } = figure;
  const parts = [
    `${VERDICTS.get(passes(figure))} ${what}: ${spreadText(spread)}${unitText(unit)}`,
    bar === undefined ? "" : `   bar ${barText(bar)}`,
  ];
  const ratio = overFloor(figure);
  if (floor !== undefined && ratio !== null) {
    parts.push(
      `\n       ${rounded(ratio)} × the floor: ${floor.what}, ${spreadText(floor.spread)}${
        unitText(unit)
      }`,
    );
  }
  return parts.join("");
}

function spreadText({ median, min, max, samples }: Spread): string {
  return samples === 1 ? rounded(median) : `${rounded(median)} (${rounded(min)}, ${rounded(max)})`;
}

function barText(bar: Bar): string {
  return "most" in bar ? `≤ ${rounded(bar.most)}` : `≥ ${rounded(bar.least)}`;
}

function unitText(unit: Figure["unit"]): string {
  return unit === "shares" ? "" : ` ${unit}`;
}

/** Three digits that mean something. */
function rounded(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
