/** BodyRoom: bounds what all bodies hold that are being read, so that clients may take their time without a run's place. */
import { Problem } from "./problem.ts";

/** What one body holds, until it is disposed of. */
export interface BodyShare extends Disposable {
  /** Adds what has arrived; throws a problem where that is more than there is room for. */
  add(bytes: number): void;
}

/** Room for bodies. */
export class BodyRoom {
  readonly #maxBytes: number;
  #held = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** A share for one body. */
  open(): BodyShare {
    let own = 0;
    return {
      add: (bytes) => {
        if (this.#held + bytes > this.#maxBytes) {
          throw new Problem(
            "too_many_bodies",
            `read the body: others hold ${this.#held - own} bytes, of at most ${this.#maxBytes}; ` +
              "try again later",
            { "retry-after": "5" },
          );
        }
        own += bytes;
        this.#held += bytes;
      },
      [Symbol.dispose]: () => {
        this.#held -= own;
        own = 0;
      },
    };
  }
}
