/** TextView: shows a text of any length; of a long one only the lines that are in sight are in the page. */
/// <reference lib="dom" />
import { element } from "./elements.ts";
import { pythonTokens } from "./python_tokens.ts";
import { visible } from "./visible.ts";

/** Texts up to this many characters and lines are put into the page whole. */
const WHOLE_CHARS = 30_000;
const WHOLE_LINES = 600;
/** Longer lines are shown in pieces. */
const LONGEST_LINE = 2_000;
const LINE_HEIGHT = 20;
/** Browsers do not draw what is much higher. */
const HIGHEST = 8_000_000;

/** Shows a text. `code` colours it as Python. */
export function textView(text: string, options: { readonly code?: boolean } = {}): HTMLElement {
  if (text.length <= WHOLE_CHARS && linesUpTo(text, WHOLE_LINES) < WHOLE_LINES) {
    const pre = element("pre", { class: "whole" });
    fill(pre, text, options);
    return pre;
  }
  return new LongText(text, options).box;
}

function linesUpTo(text: string, most: number): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at !== -1 && lines < most; at = text.indexOf("\n", at + 1)) {
    lines++;
  }
  return lines;
}

/** Puts text into an element, coloured where it is code. */
function fill(target: HTMLElement, text: string, { code = false }: { readonly code?: boolean }) {
  if (!code) {
    target.textContent = visible(text);
    return;
  }
  for (const token of pythonTokens(text)) {
    const shown = visible(token.text);
    target.append(
      token.kind === null ? shown : element("span", { class: `py-${token.kind}` }, shown),
    );
  }
}

/** A text that is longer than what a page can hold well. */
class LongText {
  readonly box = element("div", { class: "long", label: "long text" });
  readonly #text: string;
  readonly #options: { readonly code?: boolean };
  readonly #starts: Uint32Array;
  readonly #lines: number;
  readonly #window = element("pre", { class: "window" });
  /** Lines for each pixel that is scrolled; more than one per line's height where the text is very long. */
  readonly #linesPerPixel: number;
  #first = -1;

  constructor(text: string, options: { readonly code?: boolean }) {
    this.#text = text;
    this.#options = options;
    this.#starts = lineStarts(text);
    this.#lines = this.#starts.length - 1;
    const height = Math.min(this.#lines * LINE_HEIGHT, HIGHEST);
    this.#linesPerPixel = this.#lines / height;
    const spacer = element("div", { class: "spacer" }, this.#window);
    spacer.style.height = `${height}px`;
    this.box.tabIndex = 0;
    this.box.append(spacer);
    this.box.addEventListener("scroll", () => this.#draw());
    // In a scaled text a turn of the wheel would leave thousands of lines out.
    if (this.#linesPerPixel * LINE_HEIGHT > 1.01) {
      this.box.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    }
    this.box.addEventListener("reveal", (event) => {
      if (event instanceof CustomEvent) this.#reveal(Number(event.detail));
    });
    new ResizeObserver(() => this.#draw(true)).observe(this.box);
  }

  /** Scrolls to the line that has this character. */
  #reveal(offset: number): void {
    let [low, high] = [0, this.#lines - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    this.box.scrollTop = Math.max(0, low - 4) / this.#linesPerPixel;
    this.#draw();
  }

  #wheel(event: WheelEvent): void {
    if (event.ctrlKey || event.deltaY === 0) return;
    event.preventDefault();
    const lines = Math.sign(event.deltaY) *
      Math.max(1, Math.round(Math.abs(event.deltaY) / LINE_HEIGHT));
    this.box.scrollTop += Math.sign(lines) * Math.max(Math.abs(lines) / this.#linesPerPixel, 1);
  }

  /** Draws the lines that are in sight and some around them. */
  #draw(always = false): void {
    const { scrollTop, clientHeight } = this.box;
    const fits = Math.ceil(clientHeight / LINE_HEIGHT);
    const room = Math.max(0, this.#lines - fits);
    const top = Math.min(room, Math.floor(scrollTop * this.#linesPerPixel));
    const first = Math.max(0, top - 10);
    if (first === this.#first && !always) return;
    this.#first = first;
    const last = Math.min(this.#lines, top + fits + 10);
    this.#window.replaceChildren();
    this.#window.style.transform = `translateY(${scrollTop - (top - first) * LINE_HEIGHT}px)`;
    for (let line = first; line < last; line++) {
      const row = element("div");
      const [start = 0, end = 0] = this.#starts.subarray(line, line + 2);
      fill(row, this.#text.slice(start, end).replace(/\n$/, "") || " ", this.#options);
      this.#window.append(row);
    }
    this.box.dispatchEvent(new Event("drawn"));
  }
}

/** Where each line begins, and at the end where the text ends; a very long line counts as several. */
function lineStarts(text: string): Uint32Array {
  let starts = new Uint32Array(1024);
  let lines = 0;
  const add = (start: number) => {
    if (lines === starts.length) {
      const grown = new Uint32Array(lines * 2);
      grown.set(starts);
      starts = grown;
    }
    starts[lines++] = start;
  };
  let at = 0;
  while (at < text.length) {
    add(at);
    const newline = text.indexOf("\n", at);
    const end = newline === -1 ? text.length : newline + 1;
    while (end - at > LONGEST_LINE) add(at += LONGEST_LINE);
    at = end;
  }
  add(text.length);
  return starts.slice(0, lines);
}
