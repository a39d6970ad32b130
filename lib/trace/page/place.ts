/** Keeps the reader's place while the page reads itself again: what is folded, what is open, and how far it is scrolled. */
/// <reference lib="dom" />
import type { Outline } from "./outline.ts";

const KEY = "rlm-place";

/** Where a reader's place can be seen. */
export interface Surroundings {
  readonly outline: Outline;
  readonly tree: HTMLElement;
  readonly details: HTMLElement;
}

/** A place as it is kept; the node that is shown stands in the address. */
interface Place {
  readonly page: string;
  readonly folds: readonly (readonly [anchor: string, isOpen: boolean])[];
  readonly parts: Readonly<Record<string, boolean>>;
  readonly scrolled: readonly [tree: number, details: number];
}

/** Keeps the place when the page is left. */
export function keepPlace({ outline, tree, details }: Surroundings): void {
  addEventListener("pagehide", () => {
    const place: Place = {
      page: location.pathname + location.hash,
      folds: outline.choices(),
      parts: Object.fromEntries(partsOf(details).map(([name, { open }]) => [name, open])),
      scrolled: [tree.scrollTop, details.scrollTop],
    };
    try {
      sessionStorage.setItem(KEY, JSON.stringify(place));
    } catch {
      // A page from disk may have no store; then the reader begins at the top.
    }
  });
}

/** Goes back to the place that was kept, if it was one of this page. */
export function returnToPlace({ outline, tree, details }: Surroundings, draw: () => void): void {
  const place = keptPlace();
  if (place?.page !== location.pathname + location.hash) return;
  outline.choose(place.folds);
  draw();
  for (const [name, part] of partsOf(details)) part.open = place.parts[name] ?? part.open;
  // What was opened gets its content, and so its height, in a task of its own.
  setTimeout(() => [tree.scrollTop, details.scrollTop] = place.scrolled, 30);
}

function keptPlace(): Place | null {
  try {
    const kept = sessionStorage.getItem(KEY);
    sessionStorage.removeItem(KEY);
    // Written by this script alone.
    return kept === null ? null : JSON.parse(kept) as Place;
  } catch {
    return null;
  }
}

/** The parts by their titles; of those with the same, the first one comes first. */
function partsOf(details: HTMLElement): [name: string, part: HTMLDetailsElement][] {
  const seen = new Map<string, number>();
  return [...details.querySelectorAll("details")].map((part) => {
    const title = part.querySelector("summary")?.firstChild?.textContent ?? "";
    const count = seen.get(title) ?? 0;
    seen.set(title, count + 1);
    return [`${title} ${count}`, part];
  });
}
