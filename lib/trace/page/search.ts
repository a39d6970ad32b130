/** Search: finds a text in everything that the run holds, without making the page wait. */
/// <reference lib="dom" />
import type { Part } from "../viewer_data.ts";
import { button, element } from "./elements.ts";
import { count } from "./figures.ts";
import type { Outline } from "./outline.ts";
import type { Store } from "./store.ts";
import { visible } from "./visible.ts";

/** Places that are listed. */
const LISTED = 100;
/** Milliseconds of work before the page may do something else. */
const SLICE = 12;

/** Where something was found. */
export interface Place {
  readonly node: number;
  /** The text that has it, and where in it; null when it is in the node's name. */
  readonly text: number | null;
  readonly offset: number;
}

/** The field at the top, and the list of what was found. */
export class Search {
  readonly box = element("search", { class: "search" });
  readonly field = element("input", { type: "search", label: "Search (press /)" });
  readonly #list = element("div", { class: "found", role: "listbox", hidden: true });
  readonly #store: Store;
  readonly #outline: Outline;
  readonly #choose: (place: Place, query: string) => void;
  #places: Place[] = [];
  #run = 0;
  #at = -1;

  constructor(
    store: Store,
    outline: Outline,
    choose: (place: Place, query: string) => void,
  ) {
    this.#store = store;
    this.#outline = outline;
    this.#choose = choose;
    this.field.placeholder = "Search  /";
    this.box.append(this.field, this.#list);
    this.field.addEventListener("input", () => void this.#search());
    this.field.addEventListener("focus", () => this.#show(this.#places.length > 0));
    this.field.addEventListener("keydown", (event) => this.#key(event));
    document.addEventListener("click", ({ target }) => {
      if (target instanceof Node && !this.box.contains(target)) this.#show(false);
    });
  }

  #show(shown: boolean): void {
    this.#list.hidden = !shown;
  }

  #key(event: KeyboardEvent): void {
    if (event.key === "Escape") {
      this.#show(false);
      this.field.blur();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      this.#mark(this.#at + (event.key === "ArrowDown" ? 1 : -1));
      event.preventDefault();
    } else if (event.key === "Enter") this.#pick(Math.max(0, this.#at));
  }

  #mark(at: number): void {
    this.#at = Math.min(Math.max(0, at), this.#list.querySelectorAll("button").length - 1);
    this.#list.querySelectorAll("button").forEach((row, n) => {
      row.classList.toggle("marked", n === this.#at);
      if (n === this.#at) row.scrollIntoView({ block: "nearest" });
    });
  }

  #pick(at: number): void {
    const place = this.#places[at];
    if (place === undefined) return;
    this.#show(false);
    this.#choose(place, this.field.value.trim());
  }

  /** Searches what is typed now; a later search ends it. */
  async #search(): Promise<void> {
    const run = ++this.#run;
    const query = this.field.value.trim();
    this.#places = [];
    this.#at = -1;
    this.#list.replaceChildren();
    if (query.length < 2) return this.#show(false);
    await pause(120);
    let slice = performance.now();
    for (const place of placesOf(this.#store, this.#outline, query)) {
      if (performance.now() - slice > SLICE) {
        await pause(0);
        slice = performance.now();
      }
      if (run !== this.#run) return;
      if (place === null) continue;
      this.#add(place, query);
      if (this.#places.length === LISTED) break;
    }
    if (run === this.#run) this.#finish();
  }

  #add(place: Place, query: string): void {
    const number = this.#places.push(place) - 1;
    const row = button("", { role: "option", onclick: () => this.#pick(number) });
    const { name } = this.#outline.node(place.node);
    const part = place.text === null ? [] : this.#partOf(place.node, place.text);
    const where = [this.#where(place.node, name), ...part].join(" · ");
    row.append(element("b", {}, where), ...this.#excerpt(place, query));
    this.#list.append(row);
    this.#show(true);
  }

  /** The node's name and the turn that it is in. */
  #where(node: number, name: string): string {
    const turn = this.#outline.path(node).map((each) => this.#outline.node(each))
      .findLast(({ kind }) => kind === "turn");
    return visible(turn === undefined || turn.name === name ? name : `${turn.name} · ${name}`);
  }

  /** What the text is in its node: its code, its output, a message. */
  #partOf(node: number, text: number): string[] {
    const part = this.#outline.node(node).parts.find((part) => textsOf(part).includes(text));
    if (part === undefined) return [];
    const item = part.as === "list" ? part.items.find((item) => item.text === text) : undefined;
    return [visible(item === undefined ? part.title : item.label)];
  }

  #excerpt({ text, offset }: Place, query: string): (Node | string)[] {
    if (text === null) return [];
    const whole = this.#store.text(text);
    const before = whole.slice(Math.max(0, offset - 30), offset).replaceAll(/\s+/g, " ");
    const end = offset + query.length;
    const after = whole.slice(end, end + 60).replaceAll(/\s+/g, " ");
    const found = element("mark", {}, visible(whole.slice(offset, end)));
    return [element("span", {}, visible(before), found, visible(after))];
  }

  #finish(): void {
    const found = this.#places.length;
    const note = found === 0
      ? "nothing found"
      : found === LISTED
      ? `the first ${LISTED} places`
      : `${count(found)} found`;
    this.#list.append(element("p", { class: "more" }, note));
    this.#show(true);
  }
}

/** Every place, one for each text that has the query; null where only time went by. */
function* placesOf(store: Store, outline: Outline, query: string): Generator<Place | null> {
  const pattern = patternOf(query);
  const { nodes } = store.data;
  const seen = new Set<number>();
  for (let node = 0; node < nodes.length; node++) {
    const { kind, name, parts } = outline.node(node);
    if (kind === "cell") continue;
    if (pattern.test(name)) yield { node, text: null, offset: 0 };
    for (const text of parts.flatMap(textsOf)) {
      // A message that was sent again is found where it was sent first.
      if (seen.has(text)) continue;
      seen.add(text);
      const offset = store.text(text).search(pattern);
      yield offset === -1 ? null : { node, text, offset };
    }
  }
}

/** What is typed, letter by letter, in either case. */
export function patternOf(query: string, flags = "iu"): RegExp {
  return new RegExp(query.replaceAll(/[\\^$.*+?()[\]{}|\/]/g, "\\$&"), flags);
}

function textsOf(part: Part): readonly number[] {
  if (part.as === "facts") return [];
  return part.as === "list" ? part.items.map(({ text }) => text) : [part.text];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
