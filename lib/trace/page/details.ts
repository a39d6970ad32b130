/** Details: everything about the chosen node, and ways to what it called. */
/// <reference lib="dom" />
import type { Part, ViewNode } from "../viewer_data.ts";
import { button, element } from "./elements.ts";
import { brief, count, dollars, duration, plural } from "./figures.ts";
import type { Outline } from "./outline.ts";
import { joinedLines } from "./prose.ts";
import type { Store } from "./store.ts";
import { textView } from "./text_view.ts";
import { MARKS } from "./tree.ts";
import { visible } from "./visible.ts";

/** Calls that are listed in the details; the tree has them all. */
const LISTED = 50;

/** What details are drawn from. */
export interface DetailsContext {
  readonly store: Store;
  readonly outline: Outline;
  /** Shows another node. */
  readonly choose: (node: number) => void;
}

/** All that is known of a node. Folded parts are made when they are opened. */
export function detailsOf(number: number, context: DetailsContext): HTMLElement {
  const { outline } = context;
  const node = outline.node(number);
  const article = element("article", { class: "details" });
  article.append(
    pathTo(number, context),
    element(
      "h2",
      {},
      element("span", { class: `mark ${node.kind}` }, MARKS[node.kind]),
      visible(node.name),
      ...(node.status === "ok"
        ? []
        : [element("span", { class: `flag ${node.status}` }, node.status)]),
    ),
    figuresOf(node),
    ...node.parts.map((part) => partView(part, context)),
  );
  const calls = callsOf(number, context);
  if (calls !== null) article.append(calls);
  return article;
}

/** The nodes above, as buttons. */
function pathTo(number: number, { outline, choose }: DetailsContext): HTMLElement {
  const above = outline.path(number).slice(0, -1);
  const steps = above.map((each) =>
    button(visible(outline.node(each).name), { class: "link", onclick: () => choose(each) })
  );
  return element("nav", { class: "path", label: "Where this is" }, ...steps);
}

function figuresOf({ start, end, spent, kind }: ViewNode): HTMLElement {
  const { calls, input, cached, output, cost } = spent;
  const figures = [
    end === null ? "not ended" : duration(end - start),
    `at ${duration(start)}`,
    ...(calls > 0 && kind !== "model" ? [plural(calls, "model call")] : []),
    ...(input + output > 0 ? [`${count(input)} tokens in`, `${count(output)} out`] : []),
    ...(cached > 0 ? [`${brief(cached)} cached`] : []),
    ...(calls > 0 ? [cost === null ? "cost unknown" : dollars(cost)] : []),
  ];
  return element("p", { class: "figures" }, ...figures.map((text) => element("span", {}, text)));
}

function partView(part: Part, { store }: DetailsContext): HTMLElement {
  if (part.as === "facts") return factsView(part);
  if (part.as === "list") return listView(part, store);
  const { as, title, text, folded } = part;
  const section = fold(title, sizeOf(store.text(text)), !folded, () => {
    const content = store.text(text);
    return textView(as === "prose" ? joinedLines(content) : content, { code: as === "code" });
  });
  section.classList.add(`as-${as}`);
  section.dataset["text"] = String(text);
  return section;
}

function listView(part: Extract<Part, { as: "list" }>, store: Store): HTMLElement {
  const { title, items, firstNew } = part;
  const list = element("section", { class: "part list" }, element("h3", {}, title));
  items.forEach(({ label, text }, n) => {
    const isOpen = n >= firstNew && items.length - firstNew <= 12;
    const item = fold(label, sizeOf(store.text(text)), isOpen, () => textView(store.text(text)));
    item.dataset["text"] = String(text);
    list.append(item);
  });
  return list;
}

function factsView({ title, rows }: Extract<Part, { as: "facts" }>): HTMLElement {
  const list = element("dl", {});
  for (const [name, value] of rows) {
    list.append(element("dt", {}, visible(name)), element("dd", {}, visible(value)));
  }
  return element("section", { class: "part facts" }, element("h3", {}, title), list);
}

/** A part that can be folded; its content is made when it is first seen. */
function fold(
  title: string,
  size: string,
  open: boolean,
  make: () => HTMLElement,
): HTMLDetailsElement {
  const box = element(
    "details",
    { class: "part", open },
    element("summary", {}, visible(title), element("span", { class: "size" }, size)),
  );
  const fill = () => {
    if (box.open && box.childElementCount === 1) box.append(make());
  };
  box.addEventListener("toggle", fill);
  fill();
  return box;
}

function sizeOf(text: string): string {
  return text.length < 200 ? "" : `${count(text.length)} characters`;
}

/** What the node called, as buttons. */
function callsOf(number: number, { outline, choose }: DetailsContext): HTMLElement | null {
  const children = outline.children(number);
  if (children.length === 0) return null;
  const rows = children.slice(0, LISTED).map((child) =>
    callRow(outline.node(child), () => choose(child))
  );
  const more = children.length - rows.length;
  return element(
    "section",
    { class: "part calls" },
    element("h3", {}, outline.node(number).kind === "run" ? "Turns" : "Calls"),
    ...rows,
    ...(more > 0 ? [element("p", { class: "more" }, `and ${count(more)} more in the tree`)] : []),
  );
}

function callRow(node: ViewNode, onclick: () => void): HTMLElement {
  const { kind, name, hint, start, end, status } = node;
  const row = button("", { class: `call ${status}`, onclick });
  row.append(
    element("span", { class: `mark ${kind}` }, MARKS[kind]),
    element("span", { class: "name" }, visible(name)),
    element("span", { class: "hint" }, visible(hint)),
    element("span", { class: "figure" }, end === null ? status : duration(end - start)),
  );
  return row;
}
