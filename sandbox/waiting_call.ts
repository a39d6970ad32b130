/** Tool calls for which Python's whole thread waits: at most one, as that thread sends nothing meanwhile. */
import type { AnswerSlot } from "./answer_slot.ts";
import type { JsonValue } from "./protocol.ts";
import type { RpcPeer } from "./rpc_peer.ts";
import { answerText } from "./tool_answer.ts";

/** Milliseconds between two looks whether the worker's thread sleeps. */
const LOOK_MS = 10;

/** The worker's side. */
export class WaitingCaller {
  readonly #slot: AnswerSlot;
  #takeLater: ((text: string) => void) | null = null;

  constructor(slot: AnswerSlot) {
    this.#slot = slot;
  }

  /** Sends a call and blocks until it is answered, or until the answer is known to come through the port. */
  call(peer: RpcPeer, params: JsonValue): string | Promise<string> {
    this.#slot.clear();
    peer.notify("tool/wait", params);
    const text = this.#slot.wait();
    return text ?? new Promise((resolve) => this.#takeLater = resolve);
  }

  /** Takes an answer that came through the port. */
  take(answer: JsonValue): void {
    this.#takeLater?.(JSON.stringify(answer));
    this.#takeLater = null;
  }
}

/** The gateway's side. */
export class WaitingCallee {
  readonly #slot: AnswerSlot;
  readonly #send: (answer: JsonValue) => void;
  /** The call that is open, and whether the worker's thread has been told to wait at the port. */
  #open: { atPort: boolean } | null = null;

  /** `send` passes an answer on through the port. */
  constructor(slot: AnswerSlot, send: (answer: JsonValue) => void) {
    this.#slot = slot;
    this.#send = send;
  }

  /** Answers a call. A second one beside it gets nothing: no honest thread sends it. */
  async answer(call: () => Promise<JsonValue>): Promise<void> {
    if (this.#open !== null) return;
    const open = this.#open = { atPort: false };
    const text = await answerText(call);
    this.#open = null;
    if (!open.atPort && this.#slot.put(text)) return;
    try {
      this.#send(JSON.parse(text));
    } catch (error) {
      // The message is a little longer than the host's was, and may be too long by that.
      this.#send(JSON.parse(await answerText(() => Promise.reject(error))));
    }
  }

  /** Has the worker's thread take what is sent through the port from now on, the answer included. */
  usePort(): void {
    if (this.#open === null || this.#open.atPort) return;
    this.#open.atPort = true;
    this.#slot.refer();
  }

  /** Settles with true once the worker's thread sleeps, and with false once there is no such call. */
  async sleeps(): Promise<boolean> {
    while (this.#open !== null && !this.#open.atPort) {
      if (this.#slot.isWaitedFor()) return true;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return false;
  }
}
