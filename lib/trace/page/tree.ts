/** CallTree: the list of everything that was called, indented; of a long one only the rows in sight are in the page. */
/// <reference lib="dom" />
import type { ViewNode } from "../viewer_data.ts";
import { element } from "./elements.ts";
import { brief, duration } from "./figures.ts";
import type { Outline } from "./outline.ts";
import { visible } from "./visible.ts";

const ROW_HEIGHT = 28;

/** What each kind of node is marked with. */
export const MARKS: Readonly<Record<ViewNode["kind"], string>> = {
  run: "◆",
  turn: "↻",
  model: "●",
  tool: "ƒ",
  cell: "▪",
};

/** Draws the outline's rows and lets them be chosen, folded and unfolded. */
export class CallTree {
  readonly box = element("div", { class: "tree", role: "tree", label: "Calls" });
  readonly #rows = element("div", { class: "rows" });
  readonly #outline: Outline;
  readonly #choose: (node: number) => void;
  #chosen = 0;

  constructor(outline: Outline, choose: (node: number) => void) {
    this.#outline = outline;
    this.#choose = choose;
    this.box.tabIndex = 0;
    this.box.append(this.#rows);
    this.box.addEventListener("scroll", () => this.draw());
    new ResizeObserver(() => this.draw()).observe(this.box);
  }

  /** Marks a node and brings its row into sight. */
  show(node: number): void {
    this.#chosen = node;
    const top = this.#outline.position(node) * ROW_HEIGHT;
    const { scrollTop, clientHeight } = this.box;
    if (top < scrollTop) this.box.scrollTop = top - ROW_HEIGHT;
    else if (top + ROW_HEIGHT > scrollTop + clientHeight) {
      this.box.scrollTop = top - clientHeight + 2 * ROW_HEIGHT;
    }
    this.draw();
  }

  /** Draws the rows in sight. */
  draw(): void {
    const { rows } = this.#outline;
    this.#rows.style.height = `${rows.length * ROW_HEIGHT}px`;
    const first = Math.max(0, Math.floor(this.box.scrollTop / ROW_HEIGHT) - 5);
    const last = first + Math.ceil(this.box.clientHeight / ROW_HEIGHT) + 10;
    this.#rows.replaceChildren(
      ...rows.slice(first, last).map((node, n) => this.#row(node, first + n)),
    );
  }

  #row(number: number, position: number): HTMLElement {
    const outline = this.#outline;
    const node = outline.node(number);
    const isOpen = outline.isOpen(number);
    const hasChildren = outline.hasChildren(number);
    const fold = element("span", { class: "fold" }, hasChildren ? (isOpen ? "▾" : "▸") : "");
    const row = element(
      "div",
      { class: `row ${node.kind} ${node.status}`, role: "treeitem" },
      fold,
      element("span", { class: "mark" }, MARKS[node.kind]),
      element("span", { class: "name" }, visible(node.name)),
      element("span", { class: "hint" }, visible(node.hint)),
      ...(node.status === "failed" ? [element("span", { class: "flag" }, "failed")] : []),
      element("span", { class: "figure" }, figureOf(node)),
    );
    row.style.top = `${position * ROW_HEIGHT}px`;
    row.style.paddingLeft = `${6 + 14 * outline.level(number)}px`;
    row.setAttribute("aria-level", String(outline.level(number) + 1));
    row.setAttribute("aria-selected", String(number === this.#chosen));
    if (hasChildren) row.setAttribute("aria-expanded", String(isOpen));
    row.addEventListener("click", (event) => {
      if (event.target === fold && hasChildren) {
        outline.toggle(number);
        this.draw();
      } else this.#choose(number);
    });
    return row;
  }
}

/** The one figure that a row has room for. */
function figureOf({ start, end, spent }: ViewNode): string {
  const tokens = spent.input + spent.output;
  const time = end === null ? "…" : duration(end - start);
  return tokens === 0 ? time : `${brief(tokens)} tok · ${time}`;
}
