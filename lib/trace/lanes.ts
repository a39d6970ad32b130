/** Lanes: which row each span is drawn in, so that what ran at the same time stands one above the other. */
import type { Span } from "./spans.ts";

/**
 * The row of each span that is drawn, by its id, from 0 at the top. A run has a row for its turns, under it one for its
 * own model calls and cells, which come one after the other, and under that as many as calls were open together;
 * a child run is such a block inside its parent's. A tool call that only asks models or runs has no row: what it asks has.
 */
export function lanesOf(spans: readonly Span[]): Map<string, number> {
  const latest = spans.reduce((last, { start, end }) => Math.max(last, end ?? start), 0);
  const children = new Map<string, Span[]>();
  for (const span of spans) {
    if (span.parentId === null) continue;
    const siblings = children.get(span.parentId);
    if (siblings === undefined) children.set(span.parentId, [span]);
    else siblings.push(span);
  }
  const lanes = new Map<string, number>();
  let top = 0;
  for (const root of spans.filter(({ parentId }) => parentId === null)) {
    const block = blockOf(root, { children, latest });
    for (const [id, row] of block.rows) lanes.set(id, top + row);
    top += block.height;
  }
  return lanes;
}

/** Spans by the one that asked for them, and the time until which open ones last. */
interface Family {
  readonly children: ReadonlyMap<string, readonly Span[]>;
  readonly latest: number;
}

/** Rows of a span and of what is drawn with it, counted from the block's top. */
interface Block {
  readonly rows: ReadonlyMap<string, number>;
  readonly height: number;
}

function blockOf(span: Span, family: Family): Block {
  const own = new Map([[span.id, 0]]);
  if (span.kind !== "run") return { rows: own, height: 1 };
  const allocator = new RowAllocator(2);
  for (const part of partsOf(span, family)) {
    if (part.kind === "turn") own.set(part.id, 0);
    else if (isOwnWork(part)) own.set(part.id, 1);
    else {
      const block = blockOf(part, family);
      const top = allocator.place(part.start, part.end ?? family.latest, block.height);
      for (const [id, row] of block.rows) own.set(id, top + row);
    }
  }
  return { rows: own, height: allocator.height };
}

/** Everything of a run that is drawn, child runs as one each, in the order in which it began. */
function partsOf(run: Span, { children }: Family): Span[] {
  const parts: Span[] = [];
  const waiting: Span[] = [...children.get(run.id) ?? []];
  // What is added on the way is come to later, so that siblings stay in their order.
  for (const span of waiting) {
    const below = children.get(span.id) ?? [];
    if (span.kind !== "tool" || below.length === 0) parts.push(span);
    // One by one: a batch may have more children than a call has room for arguments.
    if (span.kind !== "run") { for (const child of below) waiting.push(child); }
  }
  return parts.sort((a, b) => a.start - b.start);
}

/** The run's own model calls and cells, of which one is open at a time. */
function isOwnWork(span: Span): boolean {
  return span.kind === "cell" || (span.kind === "model" && span.begin.role !== "sub");
}

/** Gives out rows to what lasts a while; a row is free again when what it held has ended. */
class RowAllocator {
  /** When each row is free. */
  readonly #free: number[];

  constructor(taken: number) {
    this.#free = Array.from({ length: taken }, () => Infinity);
  }

  get height(): number {
    return this.#free.length;
  }

  /** The first row at which so many rows are free from `start` on; takes them until `end`. */
  place(start: number, end: number, height: number): number {
    let top = 0;
    for (let row = 0; row < this.#free.length && row - top < height; row++) {
      if ((this.#free[row] ?? 0) > start) top = row + 1;
    }
    for (let row = top; row < top + height; row++) this.#free[row] = end;
    return top;
  }
}
