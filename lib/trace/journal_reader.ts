/** Reads a journal back: the events as they were, whatever line the writer was stopped at. */
import type { JsonValue } from "../../sandbox/protocol.ts";
import { JournalError } from "../errors.ts";
import type { Message } from "../models/language_model.ts";
import { decode, largeIn } from "./codec.ts";
import type { RlmEvent } from "./events.ts";
import { accessError } from "./journal_file.ts";
import {
  conversationOf,
  Conversations,
  JOURNAL_FORMAT,
  type JournalHeader,
  textFolder,
} from "./journal_format.ts";
import { faultOf, isEvent } from "./event_shape.ts";
import { list, number, object, record, text } from "./guards.ts";
import { TextStore } from "./text_store.ts";

const isHeader = object<JournalHeader>({
  journal: number,
  package: text,
  deno: text,
  pyodide: text,
  time: number,
  retold: number,
});

/** One line of a journal. A header begins the run, or begins it again where it was resumed. */
export type JournalEntry =
  | { readonly kind: "header"; readonly header: JournalHeader }
  | { readonly kind: "inputs"; readonly load: LoadInputs; readonly leftOut: readonly string[] }
  | { readonly kind: "event"; readonly event: RlmEvent };

/** Reads the inputs that a journal keeps; they may be large. */
export type LoadInputs = () => Promise<Readonly<Record<string, unknown>>>;

/** A whole journal. */
export interface JournalContent {
  /** Where it was read. */
  readonly path: string;
  /** Which versions wrote it last; null when not even that had been written. */
  readonly header: JournalHeader | null;
  /** The run from its start to where it is now. */
  readonly events: readonly RlmEvent[];
  /** The same for each time that the run was begun or resumed, the first one first. */
  readonly attempts: readonly (readonly RlmEvent[])[];
  /** Reads the inputs that are kept, or null when none had been written. */
  readonly inputs: LoadInputs | null;
  /** Names of inputs that are too large to be kept. */
  readonly inputsLeftOut: readonly string[];
}

/** Options of {@linkcode readJournal} and {@linkcode streamJournal}. */
export interface ReadOptions {
  /** Ends the reading. */
  readonly signal?: AbortSignal;
}

/**
 * Reads a whole journal into memory.
 *
 * @throws {JournalError} when the file cannot be read, is no journal, or is damaged before its last line.
 *
 * @example
 * ```ts ignore
 * const { events } = await readJournal("run.jsonl");
 * console.log(usageOf(events).cost);
 * ```
 */
export async function readJournal(
  path: string,
  options: ReadOptions = {},
): Promise<JournalContent> {
  const parts: { header: JournalHeader; events: RlmEvent[]; lines: number }[] = [];
  let inputs: LoadInputs | null = null;
  let inputsLeftOut: readonly string[] = [];
  for await (const entry of streamJournal(path, options)) {
    const part = parts.at(-1);
    if (entry.kind === "header") parts.push({ header: entry.header, events: [], lines: 0 });
    else if (part !== undefined) part.lines++;
    if (entry.kind === "event") part?.events.push(entry.event);
    if (entry.kind === "inputs") [inputs, inputsLeftOut] = [entry.load, entry.leftOut];
  }
  const whole = parts.filter(({ header, lines }) => lines >= header.retold);
  const attempts = whole.map(({ events }) => events);
  const last = whole.at(-1);
  return {
    path,
    header: last?.header ?? null,
    events: last?.events ?? [],
    attempts,
    inputs,
    inputsLeftOut,
  };
}

/**
 * Reads a journal line by line, holding no more than the current event and what later requests build on. A last
 * line that was only written in part is left out.
 */
export async function* streamJournal(
  path: string,
  options: ReadOptions = {},
): AsyncGenerator<JournalEntry> {
  const reader = new LineReader(path, options);
  let number = 0;
  let damaged: JournalError | null = null;
  try {
    for await (const line of wholeLines(path, options)) {
      // Only the last line may be damaged: by a power failure that kept its end and not its middle.
      if (damaged !== null) throw damaged;
      number++;
      const json = parse(line);
      if (json === null) {
        const what = number === 1
          ? "is not a journal: its first line is not JSON"
          : "is damaged: not JSON";
        damaged = new JournalError(`Cannot read journal: ${path}:${number} ${what}`, path, number);
      } else yield await reader.entry(json, number);
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    throw accessError(error, "read", path);
  }
  if (damaged !== null && number === 1) throw damaged;
}

/** Turns the JSON of one line after the other into entries. */
class LineReader {
  readonly #path: string;
  readonly #options: ReadOptions;
  readonly #texts: TextStore;
  #conversations = new Conversations();

  constructor(path: string, options: ReadOptions) {
    this.#path = path;
    this.#options = options;
    this.#texts = new TextStore(textFolder(path));
  }

  async entry(json: { [key: string]: JsonValue }, line: number): Promise<JournalEntry> {
    if ("journal" in json) return { kind: "header", header: this.#header(json, line) };
    if (line === 1) throw this.#error("is not a journal: its first line is no header", line);
    if (typeof json.type === "string") {
      return { kind: "event", event: await this.#event(json, line) };
    }
    const { inputs, leftOut = [] } = json;
    if (inputs === undefined) throw this.#error("is neither an event nor the inputs", line);
    if (!list(text)(leftOut)) throw this.#error("has no list of the inputs left out", line);
    return { kind: "inputs", load: () => this.#inputs(inputs, line), leftOut };
  }

  async #inputs(json: JsonValue, line: number): ReturnType<LoadInputs> {
    const inputs = await this.#decode(json, line);
    if (record(inputs)) return inputs;
    throw this.#error("has inputs without names", line);
  }

  #header(json: { [key: string]: JsonValue }, line: number): JournalHeader {
    const { journal } = json;
    if (typeof journal !== "number" || !(journal <= JOURNAL_FORMAT)) {
      throw this.#error(
        `has format ${
          JSON.stringify(journal).slice(0, 80)
        }, this program reads up to ${JOURNAL_FORMAT}, update it`,
        line,
      );
    }
    const header = { retold: 0, ...json };
    if (!isHeader(header)) throw this.#error("is a header that lacks something", line);
    // A resumed run tells everything again.
    this.#conversations = new Conversations();
    return header;
  }

  async #event(json: { [key: string]: JsonValue }, line: number): Promise<RlmEvent> {
    const { shared = 0, ...rest } = json;
    const event = await this.#decode(rest, line);
    if (!isEvent(event)) throw this.#error(faultOf(event) ?? "is no event", line);
    if (event.type !== "model_request") return event;
    return { ...event, messages: this.#messages(event, shared, line) };
  }

  #messages(
    event: RlmEvent & { readonly type: "model_request" },
    shared: JsonValue,
    line: number,
  ): readonly Message[] {
    try {
      if (typeof shared !== "number") throw new TypeError("what it shares is no number");
      return this.#conversations.whole(conversationOf(event), shared, event.messages);
    } catch (error) {
      throw this.#error(`cannot be completed: ${(error as Error).message}`, line);
    }
  }

  async #decode(json: JsonValue, line: number): Promise<unknown> {
    try {
      const large = new Map<string, Uint8Array>();
      for (const sha256 of largeIn(json)) {
        if (!large.has(sha256)) large.set(sha256, await this.#texts.read(sha256, this.#options));
      }
      return decode(json, (sha256) => large.get(sha256) ?? new Uint8Array());
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      if (error instanceof Deno.errors.NotCapable) throw error;
      const why = error instanceof Deno.errors.NotFound
        ? `a text is missing that it keeps in ${textFolder(this.#path)}, put that folder beside it`
        : (error as Error).message;
      throw this.#error(`cannot be completed: ${why}`, line);
    }
  }

  #error(what: string, line: number): JournalError {
    return new JournalError(`Cannot read journal: ${this.#path}:${line} ${what}`, this.#path, line);
  }
}

/** The lines of a file that have an end. */
async function* wholeLines(path: string, options: ReadOptions): AsyncGenerator<string> {
  options.signal?.throwIfAborted();
  using file = await Deno.open(path);
  let begun: string[] = [];
  for await (const text of file.readable.pipeThrough(new TextDecoderStream())) {
    options.signal?.throwIfAborted();
    const [first = "", ...rest] = text.split("\n");
    begun.push(first);
    for (const next of rest) {
      yield begun.join("");
      begun = [next];
    }
  }
}

function parse(line: string): { [key: string]: JsonValue } | null {
  try {
    const json: JsonValue = JSON.parse(line);
    return typeof json === "object" && json !== null && !Array.isArray(json) ? json : null;
  } catch {
    return null;
  }
}
