/** What came of the rows, kept in a file after each, so that a run that is broken off leaves what it has. */
import type { Spread } from "../measure.ts";
import { FOLDER } from "./install.ts";
import type { DriverAnswer } from "./wire.ts";

/** One contestant's part of a row: figures by key, what happened, or its own error. */
export type Outcome =
  | { readonly spreads: Readonly<Record<string, Spread>> }
  | { readonly happened: DriverAnswer }
  | { readonly error: string };

/** Outcomes by contestant. */
export type Cells = Readonly<Record<string, Outcome>>;

/** A row by its name, with what came of it. */
export interface Entry {
  readonly row: string;
  readonly cells: Cells;
}

/** All that a page is made of. */
export interface Results {
  readonly command: string;
  readonly versions: readonly string[];
  /** Contestants, in the order of the columns. */
  readonly names: readonly string[];
  readonly minutes: number;
  readonly entries: readonly Entry[];
}

/** Where the last run's results are. */
export const KEPT: string = `${FOLDER}results.json`;

/** Keeps the results of this run so far. */
export async function keep(results: Results): Promise<void> {
  await Deno.writeTextFile(KEPT, JSON.stringify(results, null, 2));
}

/** The results of the last run. */
export async function kept(): Promise<Results> {
  return JSON.parse(await Deno.readTextFile(KEPT));
}
