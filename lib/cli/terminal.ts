/** Writes lines to stderr, with live lines below them where there is a terminal. */
import { readOptional } from "../models/keys.ts";
import { columnsOf, cut } from "./columns.ts";

/** Where lines go, and what that place can show. */
export interface Screen {
  readonly write: (text: string) => void;
  /** A terminal shows live lines; a file or pipe does not. */
  readonly isTerminal: boolean;
  readonly color: boolean;
  /** The window at this moment; asked anew for each line, because windows change. */
  readonly size: () => { readonly columns: number; readonly rows: number };
}

/** The real stderr; `NO_COLOR` is honoured, and a terminal that calls itself dumb gets plain lines. */
export function stderrScreen(): Screen {
  const isTerminal = Deno.stderr.isTerminal() && readOptional("TERM") !== "dumb";
  return {
    write: (text) => writeAll(Deno.stderr, text),
    isTerminal,
    color: isTerminal && !Deno.noColor,
    size: () => isTerminal ? Deno.consoleSize() : { columns: 80, rows: 24 },
  };
}

/** Writes the whole text at once, so that a process about to end loses nothing. */
export function writeAll(file: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(file.writeSync(bytes));
}

/** Colours by what they say. */
const SGR = { strong: "1", faint: "2", good: "32", bad: "31", warn: "33", code: "36" } as const;

/** A colour by its meaning. */
export type Tone = keyof typeof SGR;

/** Columns that live lines leave free, so that the `^C` which a terminal echoes wraps nothing. */
const SPARE_COLUMNS = 3;

/** Lines, and live lines below them. Everything given to it must be made visible first. */
export class Terminal {
  readonly #screen: Screen;
  /** The live lines as they were cut and drawn, without colour. */
  #live: readonly string[] = [];

  /** Writes to a screen. */
  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Whether there are live lines at all. */
  get isTerminal(): boolean {
    return this.#screen.isTerminal;
  }

  /** Columns that a line may fill. */
  get columns(): number {
    return Math.max(20, this.#screen.size().columns);
  }

  /** Columns that a live line may fill. */
  get liveColumns(): number {
    return this.columns - SPARE_COLUMNS;
  }

  /** Rows of the window. */
  get rows(): number {
    return this.#screen.size().rows;
  }

  /** Prints a line above the live lines. */
  line(text: string): void {
    const { above, below } = this.#frame();
    this.#screen.write(`${above}${text}\n${below}`);
  }

  /** Replaces the live lines; none removes them. Without a terminal nothing is written. */
  live(lines: readonly string[]): void {
    if (!this.#screen.isTerminal) return;
    const next = lines.map((line) => cut(line, this.liveColumns));
    if (next.join("\n") === this.#live.join("\n")) return;
    const { above } = this.#frame();
    this.#live = next;
    this.#screen.write(`${above}${this.#frame().below}`);
  }

  /** Colours a text, where colour is wanted. */
  paint(tone: Tone, text: string): string {
    return this.#screen.color ? `\x1b[${SGR[tone]}m${text}\x1b[0m` : text;
  }

  /** What takes the live lines from the screen, and what puts them back below the cursor. */
  #frame(): { readonly above: string; readonly below: string } {
    if (this.#live.length === 0) return { above: "", below: "" };
    const { columns } = this.#screen.size();
    // A window made narrower has wrapped what was drawn.
    const rows = this.#live.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(columnsOf(line) / Math.max(1, columns))),
      0,
    );
    const up = rows > 1 ? `\x1b[${rows - 1}A` : "";
    return {
      above: `\r${up}\x1b[J`,
      below: this.#live.map((line) => this.paint("faint", line)).join("\n"),
    };
  }
}
