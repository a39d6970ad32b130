/** An execution that is going on: its deadline, and how much of what it prints is passed on. */
import { Deadline } from "./deadline.ts";
import { ErrorCode, type JsonValue } from "./protocol.ts";
import { RpcError } from "./rpc_peer.ts";

/** What happens at the deadline, and whether Python waits. */
export interface ExecutionClock {
  expire(): void;
  rests(): Promise<unknown>;
}

/** The state of one `execute` in the gateway. */
export class OpenExecution {
  readonly id: string;
  readonly #deadline: Deadline;
  /** Characters that may still be passed on; the guest has the same cap, but guest code can go round it. */
  #outputLeft: number;
  readonly #stopped = new AbortController();

  /** Starts the clock; throws `RpcError` when the host's parameters are not those of `execute`. */
  constructor(params: JsonValue, clock: ExecutionClock) {
    const { id, timeoutMs, maxOutputChars } = readExecute(params);
    this.id = id;
    this.#outputLeft = 2 * maxOutputChars;
    this.#deadline = new Deadline(timeoutMs, () => clock.expire(), () => clock.rests());
  }

  /** Stops the clock while a tool runs on the host, as far as Python really waits for it. */
  async whilePaused<T>(work: () => Promise<T>): Promise<T> {
    this.#deadline.pause();
    try {
      return await work();
    } finally {
      this.#deadline.resume();
    }
  }

  /** Brings the deadline forward to its next reminder, so that the cell is stopped again and again until it has ended. */
  expire(): void {
    this.#deadline.bringForward();
  }

  /** Whether a piece of output may be passed on. */
  admits(text: JsonValue): boolean {
    if (typeof text !== "string" || this.#outputLeft <= 0) return false;
    this.#outputLeft -= text.length;
    return true;
  }

  /** Aborts when Python shall stop, and when it has. */
  get signal(): AbortSignal {
    return this.#stopped.signal;
  }

  /** Gives up what Python waits for beside tools, so that it sees that it shall stop. */
  stop(): void {
    this.#stopped.abort();
  }

  /** Stops the clock for good. */
  [Symbol.dispose](): void {
    this.stop();
    this.#deadline[Symbol.dispose]();
  }
}

function readExecute(
  params: JsonValue,
): { id: string; timeoutMs: number; maxOutputChars: number } {
  const { executionId, timeoutMs, maxOutputChars, code } =
    typeof params === "object" && params !== null && !Array.isArray(params) ? params : {};
  if (
    typeof executionId !== "string" || typeof timeoutMs !== "number" || typeof code !== "string" ||
    typeof maxOutputChars !== "number"
  ) {
    throw new RpcError(
      ErrorCode.invalidParams,
      "Cannot execute: executionId, timeoutMs, maxOutputChars and code are needed",
    );
  }
  return { id: executionId, timeoutMs, maxOutputChars };
}
