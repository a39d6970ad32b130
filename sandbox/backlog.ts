/**
 * What one realm has sent and another has not taken yet. A port queues without bound, so a guest that
 * sends faster than the host reads would fill the memory of the process; here it waits instead.
 */

/** Size that may be on its way at once. */
const MOST = 64 * 1024 * 1024;
/** So far below nothing that no count comes to {@linkcode MOST} again. */
const OPEN = -(2 ** 30);

/** A count that both realms see. */
export class Backlog {
  /** What the other realm makes its own count of. */
  readonly shared: Int32Array<SharedArrayBuffer>;

  constructor(shared = new Int32Array(new SharedArrayBuffer(4))) {
    this.shared = shared;
  }

  /** Counts something sent, then blocks this thread while too much is on its way. */
  add(size: number): void {
    let unread = Atomics.add(this.shared, 0, size) + size;
    while (unread > MOST) {
      Atomics.wait(this.shared, 0, unread);
      unread = Atomics.load(this.shared, 0);
    }
  }

  /** Counts something sent; resolves when more may be, for a thread that must not block. */
  async addLater(size: number): Promise<void> {
    let unread = Atomics.add(this.shared, 0, size) + size;
    while (unread > MOST) {
      await Atomics.waitAsync(this.shared, 0, unread).value;
      unread = Atomics.load(this.shared, 0);
    }
  }

  /** Whether all that was sent has been taken. */
  get isEmpty(): boolean {
    return Atomics.load(this.shared, 0) === 0;
  }

  /** Counts something taken. */
  remove(size: number): void {
    Atomics.sub(this.shared, 0, size);
    Atomics.notify(this.shared, 0);
  }

  /** Lets whoever waits go on, for good: nothing will be taken any more, and the sender is to end. */
  open(): void {
    Atomics.store(this.shared, 0, OPEN);
    Atomics.notify(this.shared, 0);
  }
}
