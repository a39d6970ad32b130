/** What came of a row. No behaviour. */
import type { Spread } from "../measure.ts";
import type { Row } from "./rows.ts";
import type { DriverAnswer } from "./wire.ts";

/** One contestant's part of a row: figures by key, what happened, or its own error. */
export type Outcome =
  | { readonly spreads: Readonly<Record<string, Spread>> }
  | { readonly happened: DriverAnswer }
  | { readonly error: string };

/** Outcomes by contestant. */
export type Cells = Readonly<Record<string, Outcome>>;

/** A row with what came of it. */
export interface Entry {
  readonly row: Row;
  readonly cells: Cells;
}
