/** The viewer's page: puts its parts together and keeps them at the same node. */
/// <reference lib="dom" />
import { detailsOf } from "./details.ts";
import { button, element } from "./elements.ts";
import { followButton } from "./follow.ts";
import { type Key, listenForKeys } from "./keyboard.ts";
import { markFound } from "./marks.ts";
import { Outline } from "./outline.ts";
import { figuresOf, titleOf, usageOf } from "./overview.ts";
import { keepPlace, returnToPlace } from "./place.ts";
import { preparePrinting } from "./printing.ts";
import { type Place, Search } from "./search.ts";
import { Store } from "./store.ts";
import { themeButton } from "./theme.ts";
import { Timeline } from "./timeline.ts";
import { CallTree } from "./tree.ts";

/** The page of one run. */
class Page {
  readonly #store = new Store();
  readonly #outline = new Outline(this.#store.data.nodes);
  readonly #anchors = new Map(this.#store.data.nodes.map(({ anchor }, n) => [anchor, n]));
  readonly #tree = new CallTree(this.#outline, (node) => this.#go(node));
  readonly #timeline = new Timeline(this.#store.data, (node) => this.#go(node));
  readonly #details = element("main", { class: "pane" });
  readonly #search = new Search(
    this.#store,
    this.#outline,
    (place, query) => this.#find(place, query),
  );
  readonly #isOneColumn = matchMedia("(max-width: 760px)");
  #chosen = 0;
  #query = "";

  /** Draws the page and shows the node that the address names. */
  start(): void {
    const { data } = this.#store;
    const theme = themeButton();
    const help = listenForKeys(this.#keys(theme));
    const tools = element(
      "div",
      { class: "tools" },
      this.#search.box,
      ...(data.running ? [followButton(data)] : []),
      theme,
      button("?", { class: "icon", label: "keys", onclick: () => help.showModal() }),
    );
    document.body.append(
      element("header", {}, titleOf(data), tools),
      element("div", { class: "overview" }, figuresOf(data), usageOf(data)),
      this.#timeline.box,
      element("div", { class: "columns" }, this.#tree.box, this.#details),
      help,
    );
    this.#details.tabIndex = -1;
    addEventListener("hashchange", () => this.#show(this.#addressed()));
    this.#details.addEventListener("drawn", () => markFound(this.#details, this.#query), true);
    this.#details.addEventListener("toggle", () => markFound(this.#details, this.#query), true);
    preparePrinting(this.#store);
    this.#show(this.#addressed());
    // A page that reads itself again stays where its reader is.
    if (location.hash !== "" && !data.running) this.#bringDetails();
    const place = { outline: this.#outline, tree: this.#tree.box, details: this.#details };
    returnToPlace(place, () => this.#tree.draw());
    if (data.running) keepPlace(place);
  }

  /** The node that the address names; without one, the run. */
  #addressed(): number {
    const name = location.hash.slice(1);
    // Somebody may have typed a percent sign that means nothing.
    const anchor = /^(?:[^%]|%[\da-f]{2})*$/i.test(name) ? decodeURIComponent(name) : name;
    return this.#anchors.get(anchor) ?? 0;
  }

  /** Goes to a node by its address, so that the browser can go back. */
  #go(node: number, query = ""): void {
    this.#query = query;
    const row = this.#outline.rowOf(node);
    const hash = `#${encodeURIComponent(this.#outline.node(row).anchor)}`;
    if (location.hash === hash) this.#show(row);
    else location.hash = hash;
    this.#bringDetails();
  }

  /** On a phone the details are below the screen: what was tapped or linked to would not be seen. */
  #bringDetails(): void {
    if (this.#isOneColumn.matches) this.#details.scrollIntoView({ block: "start" });
  }

  #show(number: number): void {
    const { nodes } = this.#store.data;
    if (nodes.length === 0) return;
    const node = this.#outline.rowOf(number);
    this.#chosen = node;
    const { store, outline } = { store: this.#store, outline: this.#outline };
    const choose = (each: number) => this.#go(each);
    this.#details.replaceChildren(detailsOf(node, { store, outline, choose }));
    this.#details.scrollTop = 0;
    this.#tree.show(node);
    this.#timeline.show(node);
    markFound(this.#details, this.#query);
  }

  /** Shows a place that was found: opens the part that has it and scrolls to it. */
  #find({ node, text, offset }: Place, query: string): void {
    this.#go(node, query);
    this.#query = query;
    // The address changes the page in a task of its own.
    setTimeout(() => {
      const part = text === null
        ? null
        : this.#details.querySelector<HTMLDetailsElement>(`[data-text="${text}"]`);
      if (part === null) return;
      part.open = true;
      setTimeout(() => {
        part.scrollIntoView({ block: "nearest" });
        part.querySelector(".long")?.dispatchEvent(new CustomEvent("reveal", { detail: offset }));
        const range = markFound(part, query);
        range?.startContainer.parentElement?.scrollIntoView({ block: "center" });
      }, 30);
    }, 30);
  }

  #step(by: number): void {
    const { rows } = this.#outline;
    const next = rows[this.#outline.position(this.#chosen) + by];
    if (next !== undefined) this.#go(next);
  }

  /** Folds the node, or goes to the one above it. */
  #fold(): void {
    const { hasChildren, isOpen } = {
      hasChildren: this.#outline.hasChildren(this.#chosen),
      isOpen: this.#outline.isOpen(this.#chosen),
    };
    const above = this.#outline.path(this.#chosen).at(-2);
    if (hasChildren && isOpen) this.#outline.toggle(this.#chosen, false);
    else if (above !== undefined) return this.#go(above);
    this.#tree.draw();
  }

  #unfold(): void {
    this.#outline.toggle(this.#chosen, true);
    this.#tree.draw();
  }

  #turn(by: number): void {
    const { nodes } = this.#store.data;
    for (let n = this.#chosen + by; n >= 0 && n < nodes.length; n += by) {
      if (nodes[n]?.kind === "turn") return this.#go(n);
    }
  }

  #keys(theme: HTMLButtonElement): Key[] {
    return [
      { keys: ["j", "ArrowDown"], help: "next", run: () => this.#step(1) },
      { keys: ["k", "ArrowUp"], help: "previous", run: () => this.#step(-1) },
      { keys: ["h", "ArrowLeft"], help: "fold, or go up", run: () => this.#fold() },
      { keys: ["l", "ArrowRight"], help: "unfold", run: () => this.#unfold() },
      { keys: ["]"], help: "next turn", run: () => this.#turn(1) },
      { keys: ["["], help: "previous turn", run: () => this.#turn(-1) },
      { keys: ["g"], help: "the whole run", run: () => this.#go(0) },
      { keys: ["/"], help: "search", run: () => this.#search.field.select() },
      { keys: ["v"], help: "hide or show the timeline", run: () => this.#timeline.toggle() },
      { keys: ["t"], help: "light, dark or the system's theme", run: () => theme.click() },
    ];
  }
}

new Page().start();
