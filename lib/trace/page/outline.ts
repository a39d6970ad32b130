/** Outline: which nodes of the run are unfolded, and so the rows of the tree. A cell is part of its turn and has none. */
import type { ViewNode } from "../viewer_data.ts";

/** Nodes with more children than this are folded at first. */
const MANY = 40;

/** The rows of the tree, as numbers of nodes. */
export class Outline {
  readonly #nodes: readonly ViewNode[];
  readonly #children = new Map<number, number[]>();
  readonly #levels: number[] = [];
  readonly #folded = new Set<number>();
  /** What was folded or unfolded since the page was made. */
  readonly #choices = new Map<string, boolean>();
  #rows: number[] | null = null;

  constructor(nodes: readonly ViewNode[]) {
    this.#nodes = nodes;
    nodes.forEach((node, number) => {
      const parent = this.rowOf(node.parent);
      this.#levels[number] = parent === -1 ? 0 : (this.#levels[parent] ?? 0) + 1;
      if (node.kind === "cell") return;
      const siblings = this.#children.get(parent);
      if (siblings === undefined) this.#children.set(parent, [number]);
      else siblings.push(number);
    });
    for (const [parent, children] of this.#children) {
      if (parent !== -1 && children.length > MANY && nodes[parent]?.kind !== "run") {
        this.#folded.add(parent);
      }
    }
  }

  /** The nodes that have a row now, from top to bottom. */
  get rows(): readonly number[] {
    return this.#rows ??= this.#collect();
  }

  node(number: number): ViewNode {
    const node = this.#nodes[number];
    if (node === undefined) throw new RangeError(`Cannot show node ${number}: there is none`);
    return node;
  }

  /** The node whose row stands for this one. */
  rowOf(number: number): number {
    const node = this.#nodes[number];
    return node?.kind === "cell" ? node.parent : number;
  }

  children(number: number): readonly number[] {
    return this.#children.get(number) ?? [];
  }

  hasChildren(number: number): boolean {
    return this.children(number).length > 0;
  }

  level(number: number): number {
    return this.#levels[number] ?? 0;
  }

  isOpen(number: number): boolean {
    return !this.#folded.has(number);
  }

  /** Folds or unfolds a node. */
  toggle(number: number, open: boolean = !this.isOpen(number)): void {
    if (open) this.#folded.delete(number);
    else this.#folded.add(number);
    this.#choices.set(this.node(number).anchor, open);
    this.#rows = null;
  }

  /** What was folded or unfolded, by anchors. */
  choices(): [anchor: string, isOpen: boolean][] {
    return [...this.#choices];
  }

  /** Folds and unfolds as it was done before. */
  choose(choices: Iterable<readonly [anchor: string, isOpen: boolean]>): void {
    const numbers = new Map(this.#nodes.map(({ anchor }, number) => [anchor, number]));
    for (const [anchor, isOpen] of choices) {
      const number = numbers.get(anchor);
      if (number !== undefined) this.toggle(number, isOpen);
    }
  }

  /** The row of a node, from 0, after unfolding what hides it. */
  position(number: number): number {
    for (let above = this.#above(number); above !== -1; above = this.#above(above)) {
      if (!this.isOpen(above)) this.toggle(above, true);
    }
    return this.rows.indexOf(number);
  }

  /** The nodes from the root down to this one. */
  path(number: number): number[] {
    const path = [number];
    for (let above = this.#above(number); above !== -1; above = this.#above(above)) {
      path.unshift(above);
    }
    return path;
  }

  #above(number: number): number {
    return this.rowOf(this.#nodes[number]?.parent ?? -1);
  }

  #collect(): number[] {
    const rows: number[] = [];
    const waiting = this.children(-1).toReversed();
    for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) {
      rows.push(number);
      if (!this.isOpen(number)) continue;
      for (const child of this.children(number).toReversed()) waiting.push(child);
    }
    return rows;
  }
}
