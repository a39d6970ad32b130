/** Reads a signature's text from left to right, and says where it went wrong. */
import { SignatureError } from "../errors.ts";

/** A cursor over a signature's text that skips white space and makes errors with a caret. */
export class Scanner {
  readonly text: string;
  #at = 0;

  /** Starts at the beginning of `text`. */
  constructor(text: string) {
    this.text = text;
  }

  /** Index of the next character that is not white space. */
  get position(): number {
    while (/\s/.test(this.text.charAt(this.#at))) this.#at += 1;
    return this.#at;
  }

  /** Whether only white space is left. */
  get done(): boolean {
    return this.position === this.text.length;
  }

  /** Whether `token` comes next. */
  sees(token: string): boolean {
    return this.text.startsWith(token, this.position);
  }

  /** Takes `token` if it comes next. */
  take(token: string): boolean {
    if (!this.sees(token)) return false;
    this.#at += token.length;
    return true;
  }

  /** Takes `token`, which must come next. */
  expect(token: string, where: string): void {
    if (!this.take(token)) this.fail(`expected '${token}' ${where}, found ${this.next()}`);
  }

  /** Takes what `pattern` (sticky) matches here, or null. */
  match(pattern: RegExp): string | null {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.text)?.[0];
    if (found === undefined) return null;
    this.#at += found.length;
    return found;
  }

  /** Takes a quoted text; both kinds of quotes, no escapes. */
  quoted(): string | null {
    const start = this.position;
    const quote = this.text.charAt(start);
    if (quote !== '"' && quote !== "'") return null;
    const end = this.text.indexOf(quote, start + 1);
    if (end < 0) this.fail(`the text that starts here has no closing ${quote}`, start);
    const content = this.text.slice(start + 1, end);
    if (content.includes("\\")) {
      this.fail(
        "a text in a signature has no escapes; use the other kind of quotes, or schemas",
        start,
      );
    }
    this.#at = end + 1;
    return content;
  }

  /** What comes next, quoted for a message. */
  next(): string {
    const word = /[A-Za-z0-9_]+|->|[^\s]/y;
    word.lastIndex = this.position;
    const found = word.exec(this.text)?.[0];
    return found === undefined ? "the end" : `'${found}'`;
  }

  /** Throws a {@linkcode SignatureError} that shows the line and points at the place. */
  fail(problem: string, position: number = this.position): never {
    throw new SignatureError(
      `read signature: ${problem}\n${pointAt(this.text, position)}`,
      position,
    );
  }
}

/** The line around `position` with a caret under it, at most about 80 characters. */
function pointAt(text: string, position: number): string {
  const lineStart = text.lastIndexOf("\n", position - 1) + 1;
  const newline = text.indexOf("\n", position);
  const lineEnd = newline < 0 ? text.length : newline;
  const start = Math.max(lineStart, position - 40);
  const end = Math.min(lineEnd, position + 40);
  const before = (start > lineStart ? "…" : "") + text.slice(start, position);
  const after = text.slice(position, end) + (end < lineEnd ? "…" : "");
  return `  ${before}${after}\n  ${before.replace(/[^\t]/g, " ")}^`;
}
