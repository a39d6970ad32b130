/** Makes characters visible that a reader would not see, or that would change what is seen around them. */

/** Controls, direction marks, lone surrogates; a terminal's colours begin with one. */
const INVISIBLE =
  /[[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\u200b\u2060\ufeff\ufff9-\ufffb]--[\n\t]]/gv;

/** The text with such characters written as Python escapes. */
export function visible(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(INVISIBLE, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`;
  });
}
