/** Marks what was searched for in the texts that are shown, without changing them. */
/// <reference lib="dom" />
import { patternOf } from "./search.ts";

/** Marks are drawn by the browser; one that cannot shows the texts without. */
const NAME = "found";
const MOST = 500;

/** Marks every place in `within` that has the query, and gives the first. An empty query takes all marks away. */
export function markFound(within: HTMLElement, query: string): Range | null {
  CSS.highlights?.delete(NAME);
  if (query === "") return null;
  const ranges = [...within.querySelectorAll("pre")].flatMap((pre) => rangesIn(pre, query));
  if (CSS.highlights !== undefined) {
    CSS.highlights.set(NAME, new Highlight(...ranges.slice(0, MOST)));
  }
  return ranges[0] ?? null;
}

/** Colours split a text into many nodes: it is searched whole, and each place found again in its nodes. */
function rangesIn(pre: HTMLElement, query: string): Range[] {
  const walker = document.createTreeWalker(pre, NodeFilter.SHOW_TEXT);
  const nodes: { node: Node; start: number }[] = [];
  let whole = "";
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    nodes.push({ node, start: whole.length });
    whole += node.nodeValue ?? "";
  }
  let at = 0;
  const find = (offset: number): [Node, number] | null => {
    while (at > 0 && (nodes[at]?.start ?? 0) > offset) at--;
    while (at + 1 < nodes.length && (nodes[at + 1]?.start ?? 0) <= offset) at++;
    const found = nodes[at];
    return found === undefined ? null : [found.node, offset - found.start];
  };
  return [...whole.matchAll(patternOf(query, "giu"))].slice(0, MOST).flatMap((match) => {
    const start = find(match.index);
    const last = find(match.index + match[0].length - 1);
    if (start === null || last === null) return [];
    const range = document.createRange();
    range.setStart(...start);
    range.setEnd(last[0], last[1] + 1);
    return [range];
  });
}
