/** The theme: the system's, or the one that was chosen. */
/// <reference lib="dom" />
import { button } from "./elements.ts";

const KEY = "rlm-theme";
const THEMES = ["auto", "light", "dark"] as const;
type Theme = typeof THEMES[number];

const LABELS: Readonly<Record<Theme, string>> = { auto: "◐", light: "☀", dark: "☾" };

/** The button that goes through the themes. */
export function themeButton(): HTMLButtonElement {
  let theme: Theme = THEMES.find((each) => each === remembered(KEY)) ?? "auto";
  const apply = () => {
    document.documentElement.dataset["theme"] = theme;
    made.textContent = LABELS[theme];
    made.title = `theme: ${theme} (t)`;
    made.setAttribute("aria-label", made.title);
  };
  const made = button("", {
    class: "icon theme",
    onclick: () => {
      theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "auto";
      remember(KEY, theme);
      apply();
    },
  });
  apply();
  return made;
}

/** What the browser kept under this name; a page from disk may have no store. */
export function remembered(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Asks the browser to keep something. */
export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Then it holds until the page is closed.
  }
}
