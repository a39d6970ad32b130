/** Collects what is wrong with a value: a guest may submit millions of wrong items, and nobody reads more than the first few. */
import type { SubmissionIssue } from "../errors.ts";
import { count } from "./shown_text.ts";

/** Issues that are kept of one value, or of one submission. */
const MAX_ISSUES = 20;

/** What is wrong, as far as it is kept. */
export interface FoundIssues {
  /** At most {@linkcode MAX_ISSUES}; empty when nothing is wrong. */
  readonly issues: readonly SubmissionIssue[];
  /** Number of issues that were not kept; absent when all were. */
  readonly more?: number;
}

/** A list that keeps the first issues and counts the rest. */
export class Issues {
  readonly #kept: SubmissionIssue[] = [];
  #count = 0;

  /** Number of issues, those that were not kept included. */
  get count(): number {
    return this.#count;
  }

  /** The issues that were kept. */
  get kept(): readonly SubmissionIssue[] {
    return this.#kept;
  }

  /** Adds an issue, whose words are only made when it is kept. */
  add(words: () => SubmissionIssue): void {
    this.#count += 1;
    if (this.#kept.length < MAX_ISSUES) this.#kept.push(words());
  }

  /** Adds what was found elsewhere. */
  addAll({ issues, more = 0 }: FoundIssues): void {
    for (const issue of issues) this.add(() => issue);
    this.#count += more;
  }

  /** What was found so far. */
  found(): FoundIssues {
    const more = this.#count - this.#kept.length;
    return more === 0 ? { issues: this.#kept } : { issues: this.#kept, more };
  }
}

/** The first of the issues, and how many more there are. */
export function firstIssues(issues: readonly SubmissionIssue[]): FoundIssues {
  const first = new Issues();
  first.addAll({ issues });
  return first.found();
}

/** The issues that were kept, and as the last one that there are more. */
export function listIssues({ issues, more = 0 }: FoundIssues): readonly SubmissionIssue[] {
  if (more === 0) return issues;
  return [...issues, {
    path: "",
    wanted: `and ${count(more)} more like these`,
    got: "",
  }];
}
