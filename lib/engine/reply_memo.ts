/** ReplyMemo: sends identical sub-calls of a run tree once. */
import type { JsonSchema } from "../host/sandbox.ts";
import type { Completion, LanguageModel, Message } from "../models/language_model.ts";
import { sha256Of } from "../trace/text_store.ts";

/** What makes two calls the same. */
export interface MemoKey {
  readonly model: LanguageModel;
  readonly messages: readonly Message[];
  readonly schema: JsonSchema | null;
}

/** Remembers replies by {@linkcode memoKey}, also those that are still on their way. A failed call is forgotten. */
export class ReplyMemo {
  readonly #replies = new Map<string, Promise<Completion | null>>();

  /** Whether a call was made before. */
  has(key: string): boolean {
    return this.#replies.has(key);
  }

  /** The reply of an earlier identical call, or undefined; null comes when the sender gave the call up. */
  get(key: string): Promise<Completion | null> | undefined {
    return this.#replies.get(key);
  }

  /** Remembers a call that is being made, until it fails or `signal`, which is its sender's, aborts it. */
  set(key: string, reply: Promise<Completion>, signal: AbortSignal): void {
    const shared = reply.catch((error: unknown) => {
      this.#replies.delete(key);
      // The end of one run is no answer to another that asked the same.
      if (signal.aborted) return null;
      throw error;
    });
    // The sender handles the failure; there may be nobody else who waits.
    shared.catch(() => {});
    this.#replies.set(key, shared);
  }
}

/** Longer keys are kept as hashes: there may be thousands of prompts, and each may be large. */
const LONGEST_KEY = 2_000;

/** Tells calls apart. */
export function memoKey({ model, messages, schema }: MemoKey): string {
  const text = JSON.stringify([model.identity ?? model.name, messages, schema]);
  return text.length <= LONGEST_KEY ? text : sha256Of(text);
}
