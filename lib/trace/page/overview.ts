/** The top of the page: what was asked, how it ended, and the figures of the whole run. */
/// <reference lib="dom" />
import type { UsageRow } from "../trajectory.ts";
import type { ViewerData } from "../viewer_data.ts";
import { element } from "./elements.ts";
import { brief, count, dollars, duration, percent } from "./figures.ts";
import { visible } from "./visible.ts";

/** Models that are named at the top; the table has them all. */
const NAMED = 4;

/** The title with the state of the run. */
export function titleOf({ title, stopReason, running, models }: ViewerData): HTMLElement {
  const state = running ? "not ended" : stopReason ?? "cut off";
  return element(
    "div",
    { class: "title" },
    element("h1", { title: visible(title) }, visible(title)),
    element(
      "p",
      {},
      element("span", { class: `state ${running ? "open" : state}` }, state),
      ...models.slice(0, NAMED).map((model) => element("span", { class: "model" }, visible(model))),
      ...(models.length > NAMED ? [`and ${models.length - NAMED} more`] : []),
    ),
  );
}

/** The figures that one looks for first. */
export function figuresOf(data: ViewerData): HTMLElement {
  const { spent, seen, turns } = data;
  const { inputChars, sentChars, printedChars } = seen;
  return element(
    "dl",
    { class: "cards" },
    ...card("time", duration(data.duration)),
    ...card("turns", count(turns)),
    ...card("model calls", count(spent.calls)),
    ...card("tokens in", brief(spent.input), `${brief(spent.cached)} cached`),
    ...card("tokens out", brief(spent.output)),
    ...card("cost", dollars(spent.cost)),
    ...(inputChars === null ? [] : card("input", `${brief(inputChars)} chars`)),
    ...card(
      "sent to models",
      inputChars === null ? `${brief(sentChars)} chars` : percent(sentChars, inputChars),
      inputChars === null ? "" : `${brief(sentChars)} chars`,
    ),
    ...card(
      "printed",
      inputChars === null ? `${brief(printedChars)} chars` : percent(printedChars, inputChars),
      inputChars === null ? "" : `${brief(printedChars)} chars`,
    ),
  );
}

/** What was spent by role, model and depth. */
export function usageOf({ usage }: ViewerData): HTMLElement {
  const head = ["model", "role", "depth", "calls", "in", "cached", "out", "cost"];
  const table = element(
    "table",
    {},
    element("thead", {}, element("tr", {}, ...head.map((name) => element("th", {}, name)))),
    element("tbody", {}, ...usage.map(usageRow)),
  );
  return element(
    "details",
    { class: "usage" },
    element("summary", {}, "Tokens and cost by model and depth"),
    element("div", { class: "wide" }, table),
  );
}

function usageRow(row: UsageRow): HTMLElement {
  const calls = [
    count(row.calls),
    ...(row.failedCalls > 0 ? [`${count(row.failedCalls)} failed`] : []),
    ...(row.cachedCalls > 0 ? [`${count(row.cachedCalls)} from the cache`] : []),
  ];
  const cells = [
    visible(row.model),
    row.role,
    String(row.depth),
    calls.join(", "),
    count(row.inputTokens),
    count(row.cachedTokens),
    count(row.outputTokens),
    dollars(row.cost),
  ];
  return element("tr", {}, ...cells.map((text) => element("td", {}, text)));
}

function card(name: string, value: string, note = ""): HTMLElement[] {
  const notes = note === "" ? [] : [element("small", {}, note)];
  return [element("div", {}, element("dt", {}, name), element("dd", {}, value, ...notes))];
}
