/** Makes text fit to be shown to a model: cut to size, harmless, and marked as data. */

/** A text cut to size. */
export interface CutText {
  readonly text: string;
  /** Characters of the whole. */
  readonly length: number;
  /** Characters left out of the middle; 0 when it is whole. */
  readonly omitted: number;
}

/** Keeps the head and the tail of a text so that at most `maxChars` characters of it remain. */
export function cutMiddle(text: string, maxChars: number): CutText {
  if (text.length <= maxChars) return { text, length: text.length, omitted: 0 };
  const head = headOf(text, Math.ceil(maxChars / 2));
  const tail = tailOf(text, Math.floor(maxChars / 2));
  const omitted = text.length - head.length - tail.length;
  const gap = `… ${count(omitted)} characters left out …`;
  return {
    text: [head, gap, tail].filter((part) => part !== "").join("\n"),
    length: text.length,
    omitted,
  };
}

/** The first characters of a text, without half of a surrogate pair at the end. */
export function headOf(text: string, chars: number): string {
  return text.slice(0, chars).replace(/[\ud800-\udbff]$/, "");
}

/** The last characters of a text, without half of a surrogate pair at the start. */
export function tailOf(text: string, chars: number): string {
  return chars === 0 ? "" : text.slice(-chars).replace(/^[\udc00-\udfff]/, "");
}

/** What a terminal or a reader would not see as it is: controls, direction marks, lone surrogates. */
const INVISIBLE =
  /[[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\u200b\u2060\ufeff\ufff9-\ufffb]--[\n\t]]/gv;

/** Writes invisible characters as Python escapes, so that they are seen and can do nothing. */
export function makeVisible(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(INVISIBLE, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/**
 * Puts text that came from the inputs between marks. The system prompt says that what stands between such marks
 * is material, never instruction; a text that contains a mark of its own has it defused.
 */
export function markAsData(label: string, text: string): string {
  return `<data ${label}>\n${makeVisible(text).replaceAll(/<(\/?)data\b/gi, "<$1 data")}\n</data>`;
}

/** A whole number with separators. */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}
