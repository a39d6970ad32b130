/**
 * Events as clients get them: in the journal's form, without what is the host's own.
 *
 * Left out are warnings, the messages of providers (they name addresses and accounts) and, unless they may be shown,
 * instructions and system messages, which tell of tools and grants. Long texts lose their middle. A model request has
 * only the messages that the one before it in its conversation had not; `shared` counts the others.
 */
import { BudgetError, SubmissionError } from "../errors.ts";
import type { Message } from "../models/language_model.ts";
import { redactor } from "../models/redact.ts";
import { encode } from "../trace/codec.ts";
import type { RlmEvent } from "../trace/events.ts";
import { conversationOf, Conversations } from "../trace/journal_format.ts";
import { plainJson } from "../trace/plain_json.ts";
import { modelFailure, Problem, problemOf } from "./problem.ts";

/** Characters of one text that are sent. */
const MAX_TEXT_CHARS = 100_000;

/** What stands in the place of a text that clients may not see. */
const HIDDEN = "[not shown]";

/** Errors whose messages are made of the task and its caps. */
const HARMLESS: ReadonlySet<string> = new Set([
  BudgetError.name,
  SubmissionError.name,
  Problem.name,
]);

/** Turns the events of one run into JSON, one after the other. */
export class WireEvents {
  readonly #showPrompts: boolean;
  readonly #conversations = new Conversations();
  readonly #redact = redactor([]);
  #instructions = "";
  /** What providers said, which cells may have printed, and what stands in its place. */
  readonly #said = new Map<string, string>();

  constructor({ showPrompts }: { readonly showPrompts: boolean }) {
    this.#showPrompts = showPrompts;
  }

  /** The event as JSON in one line, or null when it is not for clients. */
  encode(event: RlmEvent): string | null {
    const shown = this.#public(event);
    if (shown === null) return null;
    return JSON.stringify(
      encode(this.#sharing(shown)),
      // Bytes are in base64, which is of no use in part.
      (key, value) => typeof value === "string" && key !== "base64" ? this.#text(value) : value,
    );
  }

  /** An answer without what providers said, which a model may have put into it. */
  clean<T>(answer: T): T {
    if (this.#said.size === 0) return answer;
    // Texts stay texts: only what is in them changes.
    return JSON.parse(
      plainJson(answer),
      (_key, value) => typeof value === "string" ? this.#unsaid(value) : value,
    );
  }

  /** The event without what is the host's own. */
  #public(event: RlmEvent): RlmEvent | null {
    switch (event.type) {
      case "warning":
        return null;
      case "run_start":
        // Those of a child come from its parent's cell.
        if (this.#showPrompts || event.depth > 0 || event.instructions === "") return event;
        this.#instructions = event.instructions;
        return { ...event, instructions: HIDDEN };
      case "model_request":
        if (this.#showPrompts) return event;
        return { ...event, messages: event.messages.map((message) => this.#message(message)) };
      case "model_error": {
        const { code, status, message: said } = event.error;
        const message = modelFailure(code, status);
        this.#hide(said, message);
        return { ...event, error: { ...event.error, message } };
      }
      case "run_end":
        return event.error === null || HARMLESS.has(event.error.type) ? event : {
          ...event,
          error: {
            type: event.error.type,
            message: this.#said.get(event.error.message) ?? INTERNAL,
          },
        };
      default:
        return event;
    }
  }

  /** Remembers what a provider said, and the hosts in it: of a message that was cut, they may be left. */
  #hide(said: string, message: string): void {
    if (said !== "") this.#said.set(said, message);
    for (const url of said.match(/\bhttps?:\/\/[^\s"'<>;]+/g) ?? []) {
      if (URL.canParse(url)) this.#said.set(new URL(url).host, HIDDEN);
    }
  }

  /** A message without what the operator tells models: the task has the instructions in it. */
  #message({ role, content }: Message): Message {
    if (role === "system") return { role, content: HIDDEN };
    if (this.#instructions === "") return { role, content };
    return { role, content: content.replaceAll(this.#instructions, HIDDEN) };
  }

  #sharing(event: RlmEvent): unknown {
    if (event.type !== "model_request") return event;
    const shared = this.#conversations.shared(conversationOf(event), event.messages);
    return { ...event, shared, messages: event.messages.slice(shared) };
  }

  /** The text as clients may see it; cut last, since half of a key has the shape of none. */
  #text(text: string): string {
    return cut(this.#redact(this.#unsaid(text)));
  }

  #unsaid(text: string): string {
    let shown = text;
    for (const [said, message] of this.#said) shown = shown.replaceAll(said, () => message);
    return shown;
  }
}

/** What is said of all other errors. */
const INTERNAL = problemOf(null).message;

/** A text that is not too long, or its two ends. */
function cut(text: string): string {
  if (text.length <= MAX_TEXT_CHARS) return text;
  const half = MAX_TEXT_CHARS / 2;
  const gap = `[… ${text.length - MAX_TEXT_CHARS} characters are left out here …]`;
  return `${text.slice(0, half)}\n${gap}\n${text.slice(-half)}`.toWellFormed();
}
