/**
 * Where the answer to a tool call lies when Python waits for it with its whole thread. Suspending Python's stack and
 * turning the event loop costs more than all the rest of a call, and is of use only where another stack could run
 * meanwhile. The worker's thread sleeps on the slot; the gateway's writes and wakes it.
 */

/** Bytes of the largest answer that has room; larger ones go through the port. */
const ROOM = 64 * 1024;
/** Bytes before the text: the state and the length. */
const HEAD = 8;

const STATE = 0;
const LENGTH = 1;

/** What the slot holds: nothing yet, the answer, or word that it comes through the port. */
const EMPTY = 0;
const HERE = 1;
const ELSEWHERE = 2;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One end of a slot; the other realm makes its own of the shared memory. */
export class AnswerSlot {
  /** What both ends see. */
  readonly shared: SharedArrayBuffer;
  readonly #head: Int32Array<SharedArrayBuffer>;
  readonly #text: Uint8Array<SharedArrayBuffer>;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(HEAD + ROOM)) {
    this.shared = shared;
    this.#head = new Int32Array(shared, 0, 2);
    this.#text = new Uint8Array(shared, HEAD);
  }

  /** Makes room for the next answer; call before anything is asked. */
  clear(): void {
    Atomics.store(this.#head, STATE, EMPTY);
  }

  /** Blocks this thread until there is an answer; null when it comes through the port. */
  wait(): string | null {
    // It also wakes when the other end only looks whether it sleeps.
    while (Atomics.load(this.#head, STATE) === EMPTY) Atomics.wait(this.#head, STATE, EMPTY);
    if (Atomics.load(this.#head, STATE) !== HERE) return null;
    const length = Atomics.load(this.#head, LENGTH);
    return decoder.decode(this.#text.slice(0, length));
  }

  /** Writes an answer and wakes who waits. One without room is not written: who waits is told to look at the port. */
  put(text: string): boolean {
    const bytes = text.length <= ROOM ? encoder.encode(text) : null;
    if (bytes === null || bytes.length > ROOM) {
      this.refer();
      return false;
    }
    this.#text.set(bytes);
    Atomics.store(this.#head, LENGTH, bytes.length);
    this.#wake(HERE);
    return true;
  }

  /** Tells who waits that the answer comes through the port. */
  refer(): void {
    this.#wake(ELSEWHERE);
  }

  #wake(state: number): void {
    Atomics.store(this.#head, STATE, state);
    Atomics.notify(this.#head, STATE);
  }

  /** Whether a thread sleeps on the slot. It can't be made to look so: only one that really sleeps can be woken. */
  isWaitedFor(): boolean {
    return Atomics.notify(this.#head, STATE) > 0;
  }
}
