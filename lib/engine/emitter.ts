/** Emitter: numbers the events of a run tree and hands them on, so that no listener can do harm. */
import type { EventHead, EventListener, RlmEvent } from "../trace/events.ts";

/** Keeps events for good, such as a journal. Unlike a listener, it may fail the run: lost records cost money. */
export interface EventSink {
  /** Takes an event; a failure may also be told by `flush` alone. */
  write(event: RlmEvent): void | Promise<void>;
  /** Settles when everything written so far is safe; awaited before a paid result is used. */
  flush(): Promise<void>;
}

/** An event without its head, which the emitter adds. */
export type EventBody = RlmEvent extends infer E
  ? E extends RlmEvent ? Omit<E, keyof EventHead> : never
  : never;

/** Numbers events and hands them to a sink and to listeners, in order. */
export class Emitter {
  #seq = 0;
  readonly #sink: EventSink | null;
  readonly #listeners: readonly EventListener[];
  readonly #broken = new Set<EventListener>();
  readonly #queue: RlmEvent[] = [];
  #handingOn = false;
  #failure: { readonly reason: unknown } | null = null;

  /** Takes those who are told of each event. */
  constructor(listeners: readonly EventListener[], sink: EventSink | null = null) {
    this.#listeners = [...listeners];
    this.#sink = sink;
  }

  /** Hands an event to everyone; events emitted by a listener follow after it. */
  emit(runId: string, body: EventBody): void {
    this.#queue.push({ seq: this.#seq++, time: Date.now(), runId, ...body });
    if (this.#handingOn) return;
    this.#handingOn = true;
    try {
      for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift()) {
        this.#keep(event);
        for (const listener of this.#listeners) this.#call(listener, event);
      }
    } finally {
      this.#handingOn = false;
    }
  }

  /** Settles when the sink has everything that was emitted so far; rejects when it could not keep something. */
  async flush(): Promise<void> {
    await this.#sink?.flush();
    if (this.#failure !== null) throw this.#failure.reason;
  }

  #keep(event: RlmEvent): void {
    const remember = (reason: unknown) => this.#failure ??= { reason };
    try {
      this.#sink?.write(event)?.catch(remember);
    } catch (error) {
      remember(error);
    }
  }

  #call(listener: EventListener, event: RlmEvent): void {
    const report = (error: unknown) => this.#reportOnce(listener, event.runId, error);
    try {
      const returned: unknown = listener(event);
      if (returned instanceof Promise) returned.catch(report);
    } catch (error) {
      report(error);
    }
  }

  /** Warns once of a listener that throws; it is still called, and its later errors are ignored. */
  #reportOnce(listener: EventListener, runId: string, error: unknown): void {
    if (this.#broken.has(listener)) return;
    this.#broken.add(listener);
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    this.emit(runId, {
      type: "warning",
      message: `an event listener threw ${reason}; the run goes on`,
    });
  }
}
