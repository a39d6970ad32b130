/** EventLog: the events of a run as they are sent, numbered, bounded, and read by any number of readers at their own pace. */

/** A message of the log; a reader that has it goes on after its id. */
export interface LoggedEvent {
  readonly id: number;
  /** JSON in one line. */
  readonly text: string;
}

/** Hears of news. */
export interface LogListener {
  /** There is something to read, or the log has ended. */
  wake(): void;
  /** A piece of text that is not kept: an event that comes whole later. */
  piece(piece: LoggedEvent): void;
}

/** Characters that one reading gives, unless a single event has more. */
const READING_CHARS = 65_536;

/** What a run told so far. Readers hold a number each, so a slow one costs nothing. */
export class EventLog {
  readonly #maxChars: number;
  readonly #listeners = new Set<LogListener>();
  /** The first event, which tells what the run is; it is never given up. */
  #first: LoggedEvent | null = null;
  #events: LoggedEvent[] = [];
  #chars = 0;
  /** Events up to this id were given up, but for the first. */
  #lostUpTo = -1;
  #lastId = -1;
  #ended = false;

  /** Keeps so many characters of events. */
  constructor(maxChars: number) {
    this.#maxChars = maxChars;
  }

  /** Characters that are kept. */
  get chars(): number {
    return this.#chars + (this.#first?.text.length ?? 0);
  }

  /** The id of the last event; -1 before there is one. */
  get lastId(): number {
    return this.#lastId;
  }

  /** Whether nothing comes any more. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Adds an event; ids grow. One that comes after the last is left out: readers have been told that none does. */
  add(given: LoggedEvent): void {
    if (this.#ended) return;
    // One that would push out much of the rest is not kept at all.
    const event = given.text.length > this.#maxChars / 4 ? gap(given.id) : given;
    this.#lastId = event.id;
    if (this.#first === null) this.#first = event;
    else {
      this.#events.push(event);
      this.#chars += event.text.length;
      if (this.#chars > this.#maxChars) this.#giveUpOldest();
    }
    this.#wake();
  }

  /** Adds the last event of all, which is kept whatever its length; there is only one. */
  end(text: string): void {
    if (this.#ended) return;
    this.#events.push({ id: ++this.#lastId, text });
    this.#chars += text.length;
    this.#ended = true;
    this.#wake();
  }

  /** Whether somebody listens now. */
  get isHeard(): boolean {
    return this.#listeners.size > 0;
  }

  /** Tells whoever listens now of a piece of text. */
  tell(piece: LoggedEvent): void {
    if (this.#ended) return;
    for (const listener of this.#listeners) listener.piece(piece);
  }

  /** Listens until the returned function is called. */
  listen(listener: LogListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The next events after an id, some at a time; none when there are no more yet. */
  after(id: number, maxChars: number = READING_CHARS): LoggedEvent[] {
    const found: LoggedEvent[] = [];
    if (this.#first !== null && id < this.#first.id) found.push(this.#first);
    if (id < this.#lostUpTo) found.push(gap(this.#lostUpTo));
    let chars = 0;
    for (let at = this.#indexAfter(id); at < this.#events.length && chars < maxChars; at++) {
      const event = this.#events[at];
      if (event === undefined) break;
      found.push(event);
      chars += event.text.length;
    }
    return found;
  }

  /** The place of the first event with a larger id. */
  #indexAfter(id: number): number {
    let [low, high] = [0, this.#events.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#events[middle]?.id ?? 0) > id) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Gives up a quarter at once, so that a full log is not moved for each new event. */
  #giveUpOldest(): void {
    let count = 0;
    while (this.#chars > this.#maxChars * 0.75 && count < this.#events.length) {
      const event = this.#events[count++];
      this.#chars -= event?.text.length ?? 0;
      this.#lostUpTo = event?.id ?? this.#lostUpTo;
    }
    this.#events = this.#events.slice(count);
  }

  #wake(): void {
    for (const listener of this.#listeners) listener.wake();
  }
}

/** Tells a reader that events are missing. */
function gap(upTo: number): LoggedEvent {
  return { id: upTo, text: JSON.stringify({ type: "gap", upTo }) };
}
