/** Writes lines to stderr, with one live status line below them where there is a terminal. */

/** Where lines go, and what that place can show. */
export interface Screen {
  readonly write: (text: string) => void;
  /** A terminal shows a status line; a file or pipe does not. */
  readonly isTerminal: boolean;
  readonly color: boolean;
  /** Columns at this moment; asked anew for each line, because windows change. */
  readonly columns: () => number;
}

/** The real stderr; `NO_COLOR` is honoured. */
export function stderrScreen(): Screen {
  const isTerminal = Deno.stderr.isTerminal();
  return {
    write: (text) => writeAll(Deno.stderr, text),
    isTerminal,
    color: isTerminal && !Deno.noColor,
    columns: () => isTerminal ? Deno.consoleSize().columns : 80,
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

/** Lines and one status line. Everything given to it must be made visible first. */
export class Terminal {
  readonly #screen: Screen;
  #status = "";

  /** Writes to a screen. */
  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Whether there is a status line at all. */
  get isTerminal(): boolean {
    return this.#screen.isTerminal;
  }

  /** Columns that a line may fill. */
  get columns(): number {
    return Math.max(20, this.#screen.columns());
  }

  /** Prints a line above the status line. */
  line(text: string): void {
    this.#screen.write(`${this.#erase()}${text}\n${this.#status}`);
  }

  /** Replaces the status line; an empty text removes it. Without a terminal nothing is written. */
  status(text: string): void {
    if (!this.#screen.isTerminal) return;
    const erase = this.#erase();
    this.#status = text === "" ? "" : this.paint("faint", cut(text, this.columns - 1));
    if (erase !== "" || this.#status !== "") this.#screen.write(`${erase}${this.#status}`);
  }

  /** Colours a text, where colour is wanted. */
  paint(tone: Tone, text: string): string {
    return this.#screen.color ? `\x1b[${SGR[tone]}m${text}\x1b[0m` : text;
  }

  #erase(): string {
    return this.#status === "" ? "" : "\r\x1b[K";
  }
}

/** Shortens a text to so many characters; a cut one ends in an ellipsis. */
export function cut(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length
    ? text
    : `${characters.slice(0, Math.max(0, length - 1)).join("")}…`;
}
