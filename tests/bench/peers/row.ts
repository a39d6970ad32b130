/** What a row is: the work that every contestant is asked to do, and which figures of the answers count. */

/** A figure of an answer. */
export interface Measure {
  readonly key: string;
  readonly what: string;
  readonly unit: "ms" | "MB" | "%" | "characters" | "calls";
  /** More is better; otherwise less is. */
  readonly more?: boolean;
  /** The least that an ideal schedule could take. */
  readonly ideal?: number;
}

/** One kind of work. */
export interface Row {
  readonly name: string;
  readonly what: string;
  readonly request: Readonly<Record<string, unknown>>;
  /** Empty for rows that tell what happened. */
  readonly measures: readonly Measure[];
  /** Milliseconds for one answer, set-up excluded where the driver says when it is ready. */
  readonly limitMs: number;
  /** The driver says when its set-up is done, and the limit counts from there. */
  readonly setUp?: boolean;
  /** Repetitions that are enough where one takes long or all are alike. */
  readonly mostPairs?: number;
  /** A row of the same work, but less: who failed there is not asked for more. */
  readonly harderThan?: string;
  /** Each repetition starts with a new driver. */
  readonly fresh?: boolean;
  /** What is asked is more than one answer: memory when nothing happens, or a program that is killed and started again. */
  readonly kind?: "rest" | "crash";
}
