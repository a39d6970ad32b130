/** Conversation: the messages of a run. They only grow, so that providers can reuse what they have read. */
import type { Message } from "../models/language_model.ts";
import type { Turn } from "../trace/trajectory.ts";

/** The messages that the root model is sent, and the turns they tell of. */
export class Conversation {
  #messages: Message[] = [];
  /** The question that is being answered, as it was asked. */
  #question = "";
  #questions = 0;
  readonly #log: Turn[] = [];

  /** All messages, oldest first, as a copy. */
  get messages(): readonly Message[] {
    return [...this.#messages];
  }

  /** How many questions were asked so far; more than one in a session. */
  get questions(): number {
    return this.#questions;
  }

  /** Every turn so far, also those whose messages were left out. */
  get log(): readonly Turn[] {
    return this.#log;
  }

  /** Adds the system prompt and the first question. */
  begin(system: string, question: string): void {
    this.#question = question;
    this.#questions = 1;
    this.#messages.push({ role: "system", content: system }, { role: "user", content: question });
  }

  /** Adds a further question; a message of the user's that has no reply yet is made longer instead. */
  ask(question: string): void {
    this.#question = question;
    this.#questions++;
    const last = this.#messages.at(-1);
    if (last?.role !== "user") this.#messages.push({ role: "user", content: question });
    else {
      const content = `${last.content}\n\n${question}`;
      this.#messages = [...this.#messages.slice(0, -1), { role: "user", content }];
    }
  }

  /** Adds a reply, what the model is told of it, and the turn that it made. */
  add(reply: string, feedback: string, turn: Turn): void {
    this.#log.push(turn);
    this.#messages.push({ role: "assistant", content: reply }, { role: "user", content: feedback });
  }

  /**
   * Leaves out all but the system prompt, the question with a note added, and the last turns. Gives the number of
   * messages left out; 0 when there is nothing to leave out, and then nothing is changed.
   */
  compact(lastTurns: number, note: string): number {
    const [system, ...rest] = this.#messages;
    const kept = lastTurns === 0 ? [] : rest.slice(-2 * lastTurns);
    const dropped = rest.length - kept.length - 1;
    if (system === undefined || dropped < 1 || kept[0]?.role === "user") return 0;
    const question: Message = { role: "user", content: `${this.#question}\n\n${note}` };
    this.#messages = [system, question, ...kept];
    return dropped;
  }
}
