/** Turns a run that reports to a listener into a stream of its events. */
import type { EventListener, RlmEvent } from "../trace/events.ts";

/**
 * Yields the events of a run as they happen and returns its result; throws what the run throws.
 * Leaving the stream early aborts the run.
 */
export async function* streamOf<T>(
  start: (onEvent: EventListener, signal: AbortSignal) => Promise<T>,
): AsyncGenerator<RlmEvent, T, void> {
  const controller = new AbortController();
  const queue: RlmEvent[] = [];
  let news = Promise.withResolvers<void>();
  let ended = false;
  const run = start((event) => {
    queue.push(event);
    news.resolve();
  }, controller.signal);
  run.catch(() => {}).finally(() => {
    ended = true;
    news.resolve();
  });
  try {
    for (;;) {
      for (let event = queue.shift(); event !== undefined; event = queue.shift()) yield event;
      if (ended) return await run;
      await news.promise;
      news = Promise.withResolvers<void>();
    }
  } finally {
    controller.abort(
      new DOMException("The stream was left before the run had ended", "AbortError"),
    );
    await run.catch(() => {});
  }
}
