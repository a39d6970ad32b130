/** Makes text fit to be shown to a model: cut to size, harmless, and marked as data. */

/**
 * Keeps the head and the tail of a text, made visible, so that at most `maxChars` characters of it remain.
 * `length` is the length of the whole where the text is only what was kept of it.
 */
export function cutMiddle(text: string, maxChars: number, length: number = text.length): string {
  if (length <= maxChars) {
    const whole = makeVisible(text);
    if (whole.length <= maxChars) return whole;
  }
  const head = shownEnd(text, Math.ceil(maxChars / 2), headOf);
  const tail = shownEnd(text, Math.floor(maxChars / 2), tailOf);
  const gap = `… ${count(length - head.chars - tail.chars)} characters left out …`;
  return [head.text, gap, tail.text].filter((part) => part !== "").join("\n");
}

/** One end of a text, made visible; fewer of its characters where that makes them longer. */
function shownEnd(
  text: string,
  maxChars: number,
  end: (text: string, chars: number) => string,
): { readonly text: string; readonly chars: number } {
  const raw = end(text, maxChars);
  const shown = makeVisible(raw);
  if (shown.length <= maxChars) return { text: shown, chars: raw.length };
  const fewer = end(text, Math.floor(maxChars * maxChars / shown.length));
  return { text: end(makeVisible(fewer), maxChars), chars: fewer.length };
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

/** A whole number with separators. By hand: what the platform has for it takes tens of milliseconds to load. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, ",");
}
