/** ViewerTexts: the table of everything that the viewer's page may have to show, each text once. */
import { encode } from "./codec.ts";

/** Characters of the texts that the page reads at once. */
const CHUNK = 1_000_000;

/** Characters that are kept of each end of a text when all texts together are too many for a page. */
const KEPT = 100_000;

/** Collects texts and gives each a number. The same text has the same number. */
export class ViewerTexts {
  readonly #numbers = new Map<string, number>();
  readonly #chunks: string[][] = [];
  #filled = 0;
  #left: number;

  /** Texts that come when `maxChars` characters have been taken lose their middle. */
  constructor(maxChars: number) {
    this.#left = maxChars;
  }

  /** The number of a text; a value that is none becomes its JSON. */
  put(value: unknown): number {
    const text = typeof value === "string" ? value : JSON.stringify(encode(value), null, 2);
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(text, number);
    this.#append(this.#fitting(text));
    return number;
  }

  /** The texts in chunks, in the order of their numbers. */
  chunks(): readonly (readonly string[])[] {
    return this.#chunks;
  }

  /** The number of each chunk's first text. */
  starts(): number[] {
    let start = 0;
    return this.#chunks.map(({ length }) => (start += length) - length);
  }

  #fitting(text: string): string {
    this.#left -= text.length;
    if (this.#left >= 0 || text.length <= 3 * KEPT) return text;
    const gap = `[… ${
      text.length - 2 * KEPT
    } characters are left out here; the journal has them …]`;
    return `${text.slice(0, KEPT)}\n${gap}\n${text.slice(-KEPT)}`;
  }

  #append(text: string): void {
    const last = this.#chunks.at(-1);
    if (last === undefined || this.#filled + text.length > CHUNK) {
      this.#chunks.push([text]);
      this.#filled = text.length;
    } else {
      last.push(text);
      this.#filled += text.length;
    }
  }
}
