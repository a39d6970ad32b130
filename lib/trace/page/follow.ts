/** Follows a run that goes on: reads the page again from time to time, unless the reader wants to stay. */
/// <reference lib="dom" />
import { button } from "./elements.ts";
import { remember, remembered } from "./theme.ts";

const KEY = "rlm-follow";
const EVERY = 3_000;

/** The button that says whether the page follows the run, and lets it stop. */
export function followButton(): HTMLButtonElement {
  let follows = remembered(KEY) !== "no";
  const apply = () => {
    made.textContent = follows ? "following" : "paused";
    made.title = follows ? "read again every 3 s: click to pause" : "click to follow the run";
  };
  const made = button("", {
    class: "follow",
    onclick: () => {
      follows = !follows;
      remember(KEY, follows ? "yes" : "no");
      apply();
    },
  });
  setInterval(() => {
    // Nothing is taken from under somebody who marks or types.
    const isBusy = document.activeElement instanceof HTMLInputElement ||
      getSelection()?.isCollapsed === false;
    if (follows && !isBusy && !document.hidden) location.reload();
  }, EVERY);
  apply();
  return made;
}
