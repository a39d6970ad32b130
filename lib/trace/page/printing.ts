/** On paper the whole run follows: every turn with its code and output, without what only a screen can do. */
/// <reference lib="dom" />
import type { Part } from "../viewer_data.ts";
import { element } from "./elements.ts";
import { joinedLines } from "./prose.ts";
import type { Store } from "./store.ts";
import { textView } from "./text_view.ts";
import { visible } from "./visible.ts";

/** Characters of one text that are printed. */
const PRINTED = 6_000;

/** Puts the printed form into the page just before it is printed, and takes it away again. */
export function preparePrinting(store: Store): void {
  const paper = element("div", { class: "paper" });
  const folded: HTMLDetailsElement[] = [];
  addEventListener("beforeprint", () => {
    const steps = store.data.nodes.filter(({ kind }) => kind === "run" || kind === "turn");
    paper.replaceChildren(...steps.map((node) =>
      element(
        "section",
        {},
        // What tells turns apart in a list is their reasoning, which follows here.
        element(
          "h2",
          {},
          visible(node.kind === "turn" ? node.name : `${node.name} · ${node.hint}`),
        ),
        ...node.parts.flatMap((part) => printed(part, store)),
      )
    ));
    document.body.append(paper);
    for (const table of document.querySelectorAll<HTMLDetailsElement>(".usage:not([open])")) {
      table.open = true;
      folded.push(table);
    }
  });
  addEventListener("afterprint", () => {
    paper.remove();
    for (const table of folded.splice(0)) table.open = false;
  });
}

function printed(part: Part, store: Store): HTMLElement[] {
  if (part.as === "facts") {
    const rows = part.rows.map(([name, value]) => element("p", {}, visible(`${name}: ${value}`)));
    return [element("h3", {}, part.title), ...rows];
  }
  if (part.as === "list") {
    return part.items.flatMap(({ label, text }) => [
      element("h3", {}, visible(`${part.title}: ${label}`)),
      textView(cut(store.text(text))),
    ]);
  }
  if (part.folded) return [];
  const whole = store.text(part.text);
  const content = cut(part.as === "prose" ? joinedLines(whole) : whole);
  const text = textView(content, { code: part.as === "code" });
  return [
    element("h3", {}, visible(part.title)),
    element("div", { class: `as-${part.as}` }, text),
  ];
}

function cut(text: string): string {
  if (text.length <= PRINTED) return text;
  const half = PRINTED / 2;
  return `${text.slice(0, half)}\n[… ${text.length - PRINTED} characters …]\n${text.slice(-half)}`;
}
