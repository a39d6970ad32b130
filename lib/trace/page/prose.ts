/** Prose: what a model wrote as text, whose lines may have been broken for another width. */

/** A long line whose next one goes on with a word, and begins no list, heading, quotation or table. */
const BROKEN_LINE = /^(.{60,}\S) *\n(?=[\p{L}`"'(])/gmu;

/** The text with such lines joined, as Markdown does, so that they break where the screen ends. */
export function joinedLines(text: string): string {
  return text.replace(BROKEN_LINE, "$1 ");
}
