/** Follows a run that goes on: reads the page again when there is news, unless the reader wants to stay. */
/// <reference lib="dom" />
import type { ViewerData } from "../viewer_data.ts";
import { button } from "./elements.ts";
import { remember, remembered } from "./theme.ts";

const KEY = "rlm-follow";
/** Milliseconds between two looks at a page that nobody tells of news. */
const EVERY = 3_000;
/** Milliseconds between two readings of a page whose server tells of news. */
const AT_MOST_EVERY = 1_000;
/** Events that come whole later. */
const PIECES = ["model_delta", "cell_output"];

/** The button that says whether the page follows the run, and lets it stop. */
export function followButton({ live }: ViewerData): HTMLButtonElement {
  let follows = remembered(KEY) !== "no";
  const apply = () => {
    made.textContent = follows ? "following" : "paused";
    const when = live === null ? "every 3 s" : "when something happens";
    made.title = follows ? `read again ${when}: click to pause` : "click to follow the run";
  };
  const made = button("", {
    class: "follow",
    onclick: () => {
      follows = !follows;
      remember(KEY, follows ? "yes" : "no");
      apply();
    },
  });
  const hasNews = live === null ? () => true : listen(live);
  setInterval(() => {
    // Nothing is taken from under somebody who marks or types.
    const isBusy = document.activeElement instanceof HTMLInputElement ||
      getSelection()?.isCollapsed === false;
    if (follows && !isBusy && !document.hidden && hasNews()) location.reload();
  }, live === null ? EVERY : AT_MOST_EVERY);
  apply();
  return made;
}

/** Listens to the run's events; the returned function says whether one has come. */
function listen(address: string): () => boolean {
  let hasNews = false;
  new EventSource(address).onmessage = ({ data }) => {
    hasNews ||= !PIECES.includes(JSON.parse(data).type);
  };
  return () => hasNews;
}
