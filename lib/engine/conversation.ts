/** Conversation: the messages of a run. They only ever grow, so that providers can reuse what they have read. */
import type { Message } from "../models/language_model.ts";

/** The messages that the root model is sent. */
export class Conversation {
  readonly #messages: Message[];

  /** Makes a conversation that is empty, or goes on from messages kept before. */
  constructor(messages: readonly Message[] = []) {
    this.#messages = [...messages];
  }

  /** Adds the system prompt and the first question. */
  begin(system: string, question: string): void {
    this.#messages.push({ role: "system", content: system }, { role: "user", content: question });
  }

  /** All messages, oldest first, as a copy. */
  get messages(): readonly Message[] {
    return [...this.#messages];
  }

  /** Adds a reply and what came of it. */
  add(reply: string, feedback: string): void {
    this.#messages.push({ role: "assistant", content: reply }, { role: "user", content: feedback });
  }

  /** Adds a further question; a message of the user's that has no reply yet is made longer instead. */
  ask(text: string): void {
    const last = this.#messages.at(-1);
    if (last?.role === "user") {
      this.#messages[this.#messages.length - 1] = {
        role: "user",
        content: `${last.content}\n\n${text}`,
      };
    } else {
      this.#messages.push({ role: "user", content: text });
    }
  }
}
