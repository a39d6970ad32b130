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
  readonly #replies = new Map<string, Promise<Completion>>();

  /** Whether a call was made before. */
  has(key: MemoKey): boolean {
    return this.#replies.has(textOf(key));
  }

  /** The reply of an earlier identical call, or undefined. */
  get(key: MemoKey): Promise<Completion> | undefined {
    return this.#replies.get(textOf(key));
  }

  /** Remembers a call that is being made. */
  set(key: MemoKey, reply: Promise<Completion>): void {
    const text = textOf(key);
    this.#replies.set(text, reply);
    reply.catch(() => this.#replies.delete(text));
  }
}

/** Tells calls apart; two texts are equal only if the calls are. */
export function textOf({ model, messages, schema }: MemoKey): string {
  return JSON.stringify([model.identity ?? model.name, messages, schema]);
}
