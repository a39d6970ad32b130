/** A figure: what was measured, the bar that it must pass, and the floor that no software of ours could go below. */
import type { Spread } from "./measure.ts";

/** What a median must not pass: `most` from above or `least` from below. */
export type Bar = { readonly most: number } | { readonly least: number };

/** The same unit of work done by less: what remains when all that this project adds is taken away. */
export interface Floor {
  readonly what: string;
  readonly spread: Spread;
}

/** One line of the table. */
export interface Figure {
  readonly what: string;
  readonly unit: "ms" | "MB" | "KB" | "×" | "%" | "calls" | "characters" | "runs" | "shares";
  readonly spread: Spread;
  /** Figures without one are there to explain another. */
  readonly bar?: Bar;
  readonly floor?: Floor;
}

/** How much to measure: a look of seconds, or all that the bars speak of. */
export interface Effort {
  readonly full: boolean;
}

/** Measures figures that belong together, and gives each when it is known. */
export type Experiment = (effort: Effort) => AsyncIterable<Figure>;

/** Whether a figure keeps to its bar; null where there is none. */
export function passes({ spread, bar }: Figure): boolean | null {
  if (bar === undefined) return null;
  return "most" in bar ? spread.median <= bar.most : spread.median >= bar.least;
}

/** A figure's median as a multiple of its floor's; null where there is none. */
export function overFloor({ spread, floor }: Figure): number | null {
  return floor === undefined ? null : spread.median / floor.spread.median;
}
