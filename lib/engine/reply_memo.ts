/** ReplyMemo: sends identical sub-calls of a run tree once. */
import type { JsonSchema } from "../host/sandbox.ts";
import type { Completion, LanguageModel, Message } from "../models/language_model.ts";

/** What makes two calls the same. */
export interface MemoKey {
  readonly model: LanguageModel;
  readonly messages: readonly Message[];
  readonly schema: JsonSchema | null;
}

/** Remembers replies, also those that are still on their way. A failed call is forgotten. */
export class ReplyMemo {
  readonly #replies = new Map<string, Promise<Completion | null>>();

  /** Whether a call was made before. */
  has(key: MemoKey): boolean {
    return this.#replies.has(textOf(key));
  }

  /** The reply of an earlier identical call, or undefined; null comes when the sender gave the call up. */
  get(key: MemoKey): Promise<Completion | null> | undefined {
    return this.#replies.get(textOf(key));
  }

  /** Remembers a call that is being made, until it fails or `signal`, which is its sender's, aborts it. */
  set(key: MemoKey, reply: Promise<Completion>, signal: AbortSignal): void {
    const text = textOf(key);
    const shared = reply.catch((error: unknown) => {
      this.#replies.delete(text);
      // The end of one run is no answer to another that asked the same.
      if (signal.aborted) return null;
      throw error;
    });
    // The sender handles the failure; there may be nobody else who waits.
    shared.catch(() => {});
    this.#replies.set(text, shared);
  }
}

/** Tells calls apart; two texts are equal only if the calls are. */
export function textOf({ model, messages, schema }: MemoKey): string {
  return JSON.stringify([model.identity ?? model.name, messages, schema]);
}
