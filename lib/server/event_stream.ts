/** The events of a run as a stream of server-sent events: what was, what comes, and a comment when nothing does. */
import type { EventLog, LoggedEvent } from "./event_log.ts";

/** Writes an event as the stream has it; nothing where it has no place there. Pieces are events without an id of their own. */
export type EventFormat = (event: LoggedEvent, kind: "event" | "piece") => string;

/** Options of {@linkcode eventStream}. */
export interface EventStreamOptions {
  /** The last event that the client has; -1 for none. */
  readonly after: number;
  readonly heartbeatSeconds: number;
  /** Default: the event as it is, under its id. */
  readonly format?: EventFormat;
  /** Called once, when the stream has ended or was left. */
  readonly onEnd: (how: "ended" | "left") => void;
}

/** Characters of text pieces that wait for a reader; a slower one misses some, and gets the whole text later. */
const MAX_PIECE_CHARS = 65_536;

/** Milliseconds after which a client that lost the stream comes back. */
const RETRY_MS = 1_000;

/** The stream; it is read from the log only as fast as the client takes it. */
export function eventStream(
  log: EventLog,
  options: EventStreamOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = new LogReader(log, options);
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n\n`)),
    pull: async (controller) => {
      const text = await reader.next();
      if (text !== null) return controller.enqueue(encoder.encode(text));
      reader.close("ended");
      controller.close();
    },
    cancel: () => reader.close("left"),
  }, { highWaterMark: 0 });
}

function asItIs({ id, text }: LoggedEvent, kind: "event" | "piece"): string {
  return `${kind === "event" ? `id: ${id}\n` : ""}data: ${text}\n\n`;
}

/** Reads a log from where a client is. */
class LogReader {
  readonly #log: EventLog;
  readonly #heartbeatMs: number;
  readonly #stop: () => void;
  readonly #format: EventFormat;
  readonly #onEnd: EventStreamOptions["onEnd"];
  #at: number;
  #pieces: LoggedEvent[] = [];
  #pieceChars = 0;
  #closed = false;
  #wake: () => void = () => {};

  constructor(log: EventLog, options: EventStreamOptions) {
    const { after, heartbeatSeconds, format = asItIs, onEnd } = options;
    this.#log = log;
    this.#at = after;
    this.#heartbeatMs = heartbeatSeconds * 1000;
    this.#format = format;
    this.#onEnd = onEnd;
    this.#stop = log.listen({
      wake: () => this.#wake(),
      piece: (piece) => this.#keepPiece(piece),
    });
  }

  /** The next part of the stream, or null after the last one. */
  async next(): Promise<string | null> {
    const until = performance.now() + this.#heartbeatMs;
    for (;;) {
      const part = this.#take();
      if (part !== "") return part;
      const isAtEnd = this.#at >= this.#log.lastId;
      if (this.#closed || (isAtEnd && this.#log.ended)) return null;
      // What was read may have had no place in this stream, and to the client that is silence too.
      if (!isAtEnd) continue;
      if (!await this.#news(until - performance.now())) return ": still running\n\n";
    }
  }

  /** Stops listening; safe to call twice. */
  close(how: "ended" | "left"): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stop();
    this.#wake();
    this.#onEnd(how);
  }

  /** What can be sent now, pieces in their places between the events. */
  #take(): string {
    const events = this.#log.after(this.#at);
    const pieces = this.#pieces;
    const last = events.at(-1)?.id ?? Infinity;
    const due = pieces.filter(({ id }) => id > this.#at && id < last);
    this.#pieces = pieces.filter(({ id }) => id > last);
    this.#pieceChars = this.#pieces.reduce((sum, { text }) => sum + text.length, 0);
    this.#at = events.at(-1)?.id ?? this.#at;
    const kept = new Set(events);
    return [...events, ...due].sort((a, b) => a.id - b.id)
      .map((each) => this.#format(each, kept.has(each) ? "event" : "piece")).join("");
  }

  #keepPiece(piece: LoggedEvent): void {
    if (this.#pieceChars + piece.text.length > MAX_PIECE_CHARS) return;
    this.#pieces.push(piece);
    this.#pieceChars += piece.text.length;
    this.#wake();
  }

  /** Waits for something to send, at most so many milliseconds; false when nothing came. */
  async #news(ms: number): Promise<boolean> {
    if (ms <= 0) return false;
    return await new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ms);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = () => {};
        resolve(true);
      };
    });
  }
}
