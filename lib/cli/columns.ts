/** How many columns of a terminal a text takes, so that no line wraps by surprise. */

/** Takes no column of its own: combining marks and joiners. */
const WITHOUT_COLUMN = /^[[\p{Mn}\p{Me}\p{Cf}]--\ufe0f]$/v;

/** Takes two columns: East Asian characters in their wide form, and pictures. */
const TWO_COLUMNS =
  /^[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]$/u;

/** Columns that a text takes at most. Terminals differ on joined pictures, so each part of one is counted. */
export function columnsOf(text: string): number {
  if (isPlain(text)) return text.length;
  let columns = 0;
  for (const character of text) columns += columnsOfOne(character);
  return columns;
}

/** Shortens a text to so many columns; a cut one ends in an ellipsis. */
export function cut(text: string, columns: number): string {
  if (text.length <= columns && isPlain(text)) return text;
  let used = 0;
  let at = 0;
  let end = 0;
  for (const character of text) {
    used += columnsOfOne(character);
    if (used > columns) return columns < 1 ? "" : `${text.slice(0, end)}…`;
    at += character.length;
    // The ellipsis needs a column too.
    if (used < columns) end = at;
  }
  return text;
}

function columnsOfOne(character: string): number {
  if (isPlain(character)) return 1;
  if (TWO_COLUMNS.test(character)) return 2;
  return WITHOUT_COLUMN.test(character) ? 0 : 1;
}

function isPlain(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}
