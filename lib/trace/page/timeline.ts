/** Timeline: a bar for each span, so that what ran at the same time is seen. */
/// <reference lib="dom" />
import type { ViewerData, ViewNode } from "../viewer_data.ts";
import { button, element } from "./elements.ts";
import { duration } from "./figures.ts";
import { remember, remembered } from "./theme.ts";
import { visible } from "./visible.ts";

const SVG = "http://www.w3.org/2000/svg";
const AXIS = 22;
const LEAST_WIDTH = 2;
const KEY = "rlm-timeline";

/** Draws the bars; a click chooses a node. */
export class Timeline {
  readonly box = element("section", { class: "timeline", label: "Timeline" });
  readonly #scroller = element("div", { class: "scroller" });
  readonly #data: ViewerData;
  readonly #choose: (node: number) => void;
  readonly #bars = new Map<number, SVGElement>();
  readonly #fold = button("", { onclick: () => this.toggle() });
  #zoom = 1;
  #drawnWidth = 0;
  #chosen = -1;

  constructor(data: ViewerData, choose: (node: number) => void) {
    this.#data = data;
    this.#choose = choose;
    this.#scroller.tabIndex = 0;
    this.box.append(
      element(
        "div",
        { class: "bar" },
        legend(),
        button("−", { label: "zoom out", onclick: () => this.#zoomBy(0.5) }),
        button("+", { label: "zoom in", onclick: () => this.#zoomBy(2) }),
        this.#fold,
      ),
      this.#scroller,
    );
    this.#show(remembered(KEY) !== "hidden");
    this.#scroller.addEventListener("click", (event) => {
      const bar = event.target instanceof SVGElement ? event.target.closest("[data-node]") : null;
      if (bar !== null) this.#choose(Number(bar.getAttribute("data-node")));
    });
    new ResizeObserver(() => {
      if (Math.abs(this.#scroller.clientWidth - this.#drawnWidth) > 1) this.#draw();
    }).observe(this.#scroller);
  }

  /** Hides the bars, so that there is more room for what is below, or shows them again. */
  toggle(): void {
    this.#show(this.#scroller.hidden !== false);
    remember(KEY, this.#scroller.hidden ? "hidden" : "shown");
  }

  #show(shown: boolean): void {
    this.#scroller.hidden = !shown;
    this.#fold.textContent = shown ? "hide" : "show";
    this.#fold.setAttribute("aria-label", `${shown ? "hide" : "show"} the timeline`);
  }

  /** Marks the bars of a node, and of its cell where it is a turn. */
  show(node: number): void {
    for (const number of [this.#chosen, this.#chosen + 1]) {
      this.#bars.get(number)?.classList.remove("chosen");
    }
    this.#chosen = node;
    const bar = this.#bars.get(node);
    bar?.classList.add("chosen");
    if (bar === undefined || this.#zoom === 1) return;
    const x = Number(bar.getAttribute("x"));
    const { scrollLeft, clientWidth } = this.#scroller;
    if (x < scrollLeft || x > scrollLeft + clientWidth) {
      this.#scroller.scrollLeft = x - clientWidth / 3;
    }
  }

  #zoomBy(factor: number): void {
    const { scrollLeft, clientWidth } = this.#scroller;
    const middle = (scrollLeft + clientWidth / 2) / (clientWidth * this.#zoom);
    this.#zoom = Math.min(256, Math.max(1, this.#zoom * factor));
    this.#draw();
    this.#scroller.scrollLeft = middle * clientWidth * this.#zoom - clientWidth / 2;
  }

  #draw(): void {
    const { nodes } = this.#data;
    const width = this.#scroller.clientWidth;
    if (width === 0) return;
    this.#drawnWidth = width;
    const lanes = nodes.reduce((most, { lane }) => Math.max(most, lane + 1), 1);
    const height = lanes > 40 ? 7 : lanes > 16 ? 11 : 18;
    const scale = new Scale(width * this.#zoom, Math.max(1, this.#data.duration));
    const size = { width: scale.width, height: AXIS + lanes * height + 4 };
    // With it, paper can show the whole at another width.
    const svg = draw("svg", { ...size, viewBox: `0 0 ${size.width} ${size.height}` });
    svg.append(...ticks(scale, AXIS + lanes * height));
    this.#bars.clear();
    nodes.forEach((node, number) => {
      if (node.lane === -1) return;
      const bar = this.#bar(node, scale, height);
      bar.setAttribute("data-node", String(number));
      this.#bars.set(number, bar);
      svg.append(bar);
      if (node.kind === "turn") svg.append(...turnLabel(node, scale, height));
    });
    this.#scroller.replaceChildren(svg);
    this.show(this.#chosen);
  }

  #bar(node: ViewNode, scale: Scale, height: number): SVGElement {
    const end = node.end ?? this.#data.duration;
    const bar = draw("rect", {
      class: `bar-${node.kind} ${node.status}`,
      x: scale.x(node.start),
      y: AXIS + node.lane * height + 1,
      width: Math.max(LEAST_WIDTH, scale.x(end) - scale.x(node.start) - 1),
      height: height - 2,
      rx: Math.min(3, height / 4),
    });
    const title = draw("title", {});
    title.textContent = `${visible(node.name)} · ${duration(end - node.start)}\n${
      visible(node.hint)
    }`;
    bar.append(title);
    return bar;
  }
}

/** From milliseconds to pixels. */
class Scale {
  readonly width: number;
  readonly duration: number;

  constructor(width: number, duration: number) {
    this.width = width;
    this.duration = duration;
  }

  x(ms: number): number {
    return Math.round(ms / this.duration * (this.width - 6) * 10) / 10 + 3;
  }
}

/** Lines at round times, about a hundred pixels apart. */
function ticks(scale: Scale, bottom: number): SVGElement[] {
  const wanted = scale.duration / Math.max(1, scale.width / 110);
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= wanted) ??
    wanted;
  const marks: SVGElement[] = [];
  for (let time = 0; time <= scale.duration; time += step) {
    const x = scale.x(time);
    const label = draw("text", { x: x + 4, y: 14, class: "tick" });
    label.textContent = duration(time);
    marks.push(draw("line", { x1: x, x2: x, y1: 0, y2: bottom, class: "tick" }), label);
  }
  return marks;
}

function turnLabel(node: ViewNode, scale: Scale, height: number): SVGElement[] {
  const room = scale.x(node.end ?? scale.duration) - scale.x(node.start);
  if (height < 14 || room < 24) return [];
  const label = draw("text", {
    x: scale.x(node.start) + 5,
    y: AXIS + node.lane * height + height - 5,
    class: "label",
  });
  label.textContent = room > 60 ? node.name : node.name.replace("turn ", "");
  return [label];
}

function legend(): HTMLElement {
  const entry = (kind: string, text: string) =>
    element("span", { class: "entry" }, element("i", { class: `key-${kind}` }), text);
  return element(
    "span",
    { class: "legend" },
    entry("model", "model"),
    entry("cell", "Python"),
    entry("tool", "tool"),
    entry("failed", "failed"),
  );
}

function draw(tag: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}
