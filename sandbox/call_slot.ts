/**
 * Where a tool call and its answer lie when Python waits with its whole thread. Suspending Python's stack and turning
 * the event loop costs more than all the rest of a call, and is of use only where another stack could run
 * meanwhile. The worker's thread writes the call and sleeps on the slot; the gateway's writes the answer and wakes it.
 */

/** Bytes of the largest call and the largest answer that have room; larger ones go through the port. */
const ROOM = 64 * 1024;
/** Bytes before the text: the three numbers. */
const HEAD = 12;

const STATE = 0;
const LENGTH = 1;
/** Counts the calls, so that none is missed. */
const CALLS = 2;

/** What the slot holds: nothing yet, the answer, or word that it comes through the port. */
const EMPTY = 0;
const HERE = 1;
const ELSEWHERE = 2;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One end of a slot; the other realm makes its own of the shared memory. */
export class CallSlot {
  /** What both ends see. */
  readonly shared: SharedArrayBuffer;
  readonly #head: Int32Array<SharedArrayBuffer>;
  readonly #text: Uint8Array<SharedArrayBuffer>;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(HEAD + ROOM)) {
    this.shared = shared;
    this.#head = new Int32Array(shared, 0, HEAD / 4);
    this.#text = new Uint8Array(shared, HEAD);
  }

  /** Makes room for the next answer; call before anything is asked. */
  clear(): void {
    Atomics.store(this.#head, STATE, EMPTY);
  }

  /** Writes a call and tells the other end; returns whether it had room. */
  ask(text: string): boolean {
    if (!this.#write(text)) return false;
    Atomics.add(this.#head, CALLS, 1);
    Atomics.notify(this.#head, CALLS);
    return true;
  }

  /** The calls as they come, for a thread that must not block; whoever writes them may write anything. */
  async *calls(): AsyncGenerator<string> {
    for (let seen = 0;;) {
      const next = Atomics.waitAsync(this.#head, CALLS, seen);
      // Whoever is always ahead of this thread would keep its event loop, and with it its clocks, from turning.
      await (next.async ? next.value : new Promise((resolve) => setTimeout(resolve, 0)));
      seen = Atomics.load(this.#head, CALLS);
      yield this.#read();
    }
  }

  /** Blocks this thread until there is an answer; null when it comes through the port. */
  wait(): string | null {
    // It also wakes when the other end only looks whether it sleeps.
    while (Atomics.load(this.#head, STATE) === EMPTY) Atomics.wait(this.#head, STATE, EMPTY);
    return Atomics.load(this.#head, STATE) === HERE ? this.#read() : null;
  }

  /** Writes an answer and wakes who waits. One without room is not written: who waits is told to look at the port. */
  put(text: string): boolean {
    const fits = this.#write(text);
    this.#wake(fits ? HERE : ELSEWHERE);
    return fits;
  }

  /** Tells who waits that the answer comes through the port. */
  refer(): void {
    this.#wake(ELSEWHERE);
  }

  /** Whether a thread sleeps on the slot. It can't be made to look so: only one that really sleeps can be woken. */
  isWaitedFor(): boolean {
    return Atomics.notify(this.#head, STATE) > 0;
  }

  #wake(state: number): void {
    Atomics.store(this.#head, STATE, state);
    Atomics.notify(this.#head, STATE);
  }

  #write(text: string): boolean {
    const bytes = text.length <= ROOM ? encoder.encode(text) : null;
    if (bytes === null || bytes.length > ROOM) return false;
    this.#text.set(bytes);
    Atomics.store(this.#head, LENGTH, bytes.length);
    return true;
  }

  /** The text, copied first: the other end may go on writing. */
  #read(): string {
    return decoder.decode(this.#text.slice(0, Atomics.load(this.#head, LENGTH)));
  }
}
