/** Tool calls for which Python's whole thread waits: at most one, as that thread sends nothing meanwhile. */
import type { Backlog } from "./backlog.ts";
import type { CallSlot } from "./call_slot.ts";
import { ErrorCode, type JsonValue, Limits } from "./protocol.ts";
import { parseMessage, RpcError, withinDepth } from "./rpc_message.ts";
import type { RpcPeer } from "./rpc_peer.ts";
import { answerText } from "./tool_answer.ts";

/** Milliseconds between two looks whether the worker's thread sleeps. */
const LOOK_MS = 10;

/** The worker's side. */
export class WaitingCaller {
  readonly #slot: CallSlot;
  readonly #unread: Backlog;
  #takeLater: ((text: string) => void) | null = null;

  /** `unread` counts what the worker has sent through the port. */
  constructor(slot: CallSlot, unread: Backlog) {
    this.#slot = slot;
    this.#unread = unread;
  }

  /** Sends a call and blocks until it is answered, or until the answer is known to come through the port. */
  call(peer: RpcPeer, call: string): string | Promise<string> {
    this.#slot.clear();
    // What was printed before the call, and a large value that it names, must arrive before it.
    const first = this.#unread.isEmpty && this.#slot.ask(call);
    if (!first) peer.notify("tool/wait", JSON.parse(call));
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
  readonly #slot: CallSlot;
  readonly #send: (answer: JsonValue) => void;
  /** The call that is open, and whether the worker's thread has been told to wait at the port. */
  #open: { atPort: boolean } | null = null;

  /** `send` passes an answer on through the port. */
  constructor(slot: CallSlot, send: (answer: JsonValue) => void) {
    this.#slot = slot;
    this.#send = send;
  }

  /** Answers the calls that lie in the slot, for as long as the realm lives. */
  async serve(answer: (call: JsonValue) => Promise<JsonValue>): Promise<void> {
    for await (const text of this.#slot.calls()) {
      this.answer(async () => await answer(readCall(text)));
    }
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

/** A call as the gateway takes it from a realm that may write anything. */
function readCall(text: string): JsonValue {
  const call = parseMessage(text);
  if (call !== undefined && withinDepth(call, Limits.depth)) return call;
  throw new RpcError(ErrorCode.invalidRequest, "Cannot read call: not JSON, or nested too deeply");
}
