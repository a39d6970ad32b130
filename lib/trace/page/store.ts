/** Reads the data that the page was written with; texts only when they are needed. */
/// <reference lib="dom" />
import type { ViewerData } from "../viewer_data.ts";

/** The run, and its texts by number. */
export class Store {
  readonly data: ViewerData;
  readonly #chunks = new Map<number, readonly string[]>();

  constructor() {
    // The page was written together with this script, from these types.
    this.data = JSON.parse(contentOf("run")) as ViewerData;
  }

  /** The text with this number. */
  text(ref: number): string {
    const { chunks } = this.data;
    let chunk = chunks.length - 1;
    while (chunk > 0 && (chunks[chunk] ?? 0) > ref) chunk--;
    let texts = this.#chunks.get(chunk);
    if (texts === undefined) {
      texts = JSON.parse(contentOf(`texts-${chunk}`)) as readonly string[];
      this.#chunks.set(chunk, texts);
    }
    return texts[ref - (chunks[chunk] ?? 0)] ?? "";
  }
}

function contentOf(id: string): string {
  return document.getElementById(id)?.textContent ?? "null";
}
