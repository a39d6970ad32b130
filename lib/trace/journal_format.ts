/**
 * The journal's lines, shared by its writer and its reader.
 *
 * A journal is JSONL. Its lines are of three kinds, told apart by one key each:
 *
 * - `{"journal":1,…}`, a {@linkcode JournalHeader}: the first line, and one more where a resumed run goes on.
 *   What follows such a later header is the whole run again, so the last one begins the part to look at
 *   (see {@linkcode JournalHeader.retold}).
 * - `{"inputs":{…}}`: the inputs, when they are small enough to be kept.
 * - `{"seq":…,"type":…,…}`: an event of the run, in the order of `seq`.
 *
 * Values are written by the codec. Large texts are in the folder `<journal>.d`, in files named by their SHA-256.
 * The messages of a model request are written only beyond those that it shares with the request before it in
 * the same conversation; `shared` counts these.
 */
import config from "../../deno.json" with { type: "json" };
import type { Message } from "../models/language_model.ts";
import type { RlmEvent } from "./events.ts";

/** Version of the format; a journal of a later one is refused. */
export const JOURNAL_FORMAT = 1;

/** Tells which versions wrote a journal. */
export interface JournalHeader {
  /** Version of the format. */
  readonly journal: number;
  /** Version of this package. */
  readonly package: string;
  /** Version of Deno. */
  readonly deno: string;
  /** Version of Pyodide. */
  readonly pyodide: string;
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  /**
   * Lines that follow to tell a resumed run again; 0 in the first header. With fewer of them, the writer was stopped
   * before anything new was done, and the header and what follows count for nothing.
   */
  readonly retold: number;
}

/** The header that this program writes. */
export function newHeader(retold: number): JournalHeader {
  return {
    journal: JOURNAL_FORMAT,
    package: config.version,
    deno: Deno.version.deno,
    pyodide: config.imports.pyodide.replace(/^.*@/, ""),
    time: Date.now(),
    retold,
  };
}

/** Whether an event is journalled: pieces of what a later event has whole are not. */
export function isJournalled(event: RlmEvent): boolean {
  return event.type !== "model_delta" && event.type !== "cell_output";
}

/** The folder of a journal's large texts. */
export function textFolder(path: string): string {
  return `${path}.d`;
}

/**
 * Remembers the last request of each conversation, on either side.
 *
 * All requests of a run that have the same role to play are one conversation: a root prompt grows by what was
 * added since the last turn, and sub-calls share at least their system message.
 */
export class Conversations {
  readonly #last = new Map<string, readonly Message[]>();

  /** How many leading messages a request shares with the one before it; remembers the request. */
  shared(conversation: string, messages: readonly Message[]): number {
    const last = this.#last.get(conversation) ?? [];
    this.#last.set(conversation, messages);
    const differs = messages.findIndex((message, index) => !isSame(message, last[index]));
    return differs === -1 ? messages.length : differs;
  }

  /** The whole messages of a request of which `rest` was written; remembers the request. */
  whole(conversation: string, shared: number, rest: readonly Message[]): readonly Message[] {
    const last = this.#last.get(conversation) ?? [];
    if (!(shared >= 0 && shared <= last.length)) {
      throw new RangeError("the request that it builds on is missing");
    }
    const messages = [...last.slice(0, shared), ...rest];
    this.#last.set(conversation, messages);
    return messages;
  }
}

/** The conversation that a request belongs to. */
export function conversationOf(event: RlmEvent & { readonly type: "model_request" }): string {
  return `${event.runId} ${event.role === "sub" ? "sub" : "root"}`;
}

function isSame(a: Message, b: Message | undefined): boolean {
  return b !== undefined && a.role === b.role && a.content === b.content;
}
