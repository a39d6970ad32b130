/** Journal: the append-only JSONL file of a run, written before what was paid for is used. */
import type { JsonValue } from "../../sandbox/protocol.ts";
import { JournalError } from "../errors.ts";
import { encode } from "./codec.ts";
import { isLargerThan } from "./value_size.ts";
import type { RlmEvent } from "./events.ts";
import {
  conversationOf,
  Conversations,
  isJournalled,
  newHeader,
  textFolder,
} from "./journal_format.ts";
import { accessError, lengthOfWholeLines } from "./journal_file.ts";
import { TextStore, writeAll } from "./text_store.ts";

/** Characters, bytes and items that an input may have to be kept. */
const LARGEST_INPUT = 64 * 1024 * 1024;

/** Options of {@linkcode Journal.open}. */
export interface JournalOptions {
  /**
   * Waits until paid results are on the disk itself, so that they survive a power failure. Without it they
   * are handed to the operating system: they survive any end of this process. @default {false}
   */
  readonly durable?: boolean;
  /** Goes on with the journal that is there instead of refusing it. @default {false} */
  readonly resume?: boolean;
  /** Ends the opening. */
  readonly signal?: AbortSignal;
}

/**
 * Writes the events of one run to a file.
 *
 * Lines are written in the order of the calls, together where several wait. After a failure (a full disk, say)
 * every later call fails with the same error.
 *
 * @example
 * ```ts ignore
 * await using journal = await Journal.open("run.jsonl");
 * await journal.write(event); // the event is in the file
 * ```
 */
export class Journal implements AsyncDisposable {
  /** The file. */
  readonly path: string;
  readonly #file: Deno.FsFile;
  readonly #texts: TextStore;
  readonly #durable: boolean;
  readonly #conversations = new Conversations();
  #lines: string[] = [];
  /** The commit that is under way, or the last one. */
  #current: Promise<void> = Promise.resolve();
  /** The commit that takes the lines collected now, when there are any. */
  #next: Promise<void> | null = null;
  #held: boolean;
  #paid = false;
  #closed = false;
  #failure: unknown = null;

  private constructor(path: string, file: Deno.FsFile, texts: TextStore, options: JournalOptions) {
    this.path = path;
    this.#file = file;
    this.#texts = texts;
    this.#durable = options.durable ?? false;
    this.#held = options.resume ?? false;
    if (!this.#held) this.#lines.push(JSON.stringify(newHeader(0)));
  }

  /**
   * Opens a journal for writing and locks it against other writers.
   *
   * A new journal must not exist yet or be empty. With `resume` it goes on after its last whole line, and what is written is
   * held back until {@linkcode release}: a resumed run that pays for nothing new leaves the file as it is.
   *
   * @throws {JournalError} when the file cannot be written, is in use, or holds another run.
   */
  static async open(path: string, options: JournalOptions = {}): Promise<Journal> {
    options.signal?.throwIfAborted();
    const file = await openFile(path);
    try {
      await lock(file, path);
      const length = await lengthOfWholeLines(file, options.signal);
      if (length > 0 && !options.resume) {
        throw new JournalError(
          `Cannot write journal: ${path} already holds a run, name another file or resume that run`,
          path,
        );
      }
      await file.truncate(length);
      await file.seek(0, Deno.SeekMode.End);
      const texts = new TextStore(textFolder(path));
      await texts.clean();
      return new Journal(path, file, texts, options);
    } catch (error) {
      file.close();
      throw accessError(error, "write", path);
    }
  }

  /**
   * Writes an event. Resolves when the file has it, so await it before a paid result is used; the promise
   * may also be left alone, then {@linkcode flush} or a later write tells of a failure.
   */
  write(event: RlmEvent): Promise<void> {
    if (!isJournalled(event)) return Promise.resolve();
    this.#paid ||= event.type === "model_reply" || event.type === "tool_result";
    return this.#append(() => this.#lineOf(event));
  }

  /**
   * Keeps the inputs beside the journal, so that the run can be resumed without giving them again. Those of more
   * than 64 Mi characters, bytes or items are left out.
   */
  writeInputs(inputs: Readonly<Record<string, unknown>>): Promise<void> {
    const [kept, leftOut] = [new Map<string, unknown>(), [] as string[]];
    for (const [name, value] of Object.entries(inputs)) {
      if (isLargerThan(value, LARGEST_INPUT)) leftOut.push(name);
      else kept.set(name, value);
    }
    return this.#append(() => ({ inputs: this.#encode(Object.fromEntries(kept)), leftOut }));
  }

  /** Writes what was held back since the journal was opened to resume a run; later writes are not held back. */
  release(): Promise<void> {
    if (!this.#held) return this.flush();
    this.#held = false;
    this.#lines.unshift(JSON.stringify(newHeader(this.#lines.length)));
    return this.#commitSoon();
  }

  /** Resolves when all writes so far have reached the file. */
  flush(): Promise<void> {
    if (this.#failure !== null) return rejected(this.#failure);
    return this.#next ?? this.#current;
  }

  /** Writes what is left and closes the file. What is still held back is dropped. Safe to call twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.flush();
    } finally {
      this.#file.close();
    }
  }

  #lineOf(event: RlmEvent): JsonValue {
    if (event.type !== "model_request") return this.#encode(event);
    const shared = this.#conversations.shared(conversationOf(event), event.messages);
    return this.#encode({ ...event, shared, messages: event.messages.slice(shared) });
  }

  #encode(value: unknown): JsonValue {
    return encode(value, (content) => this.#texts.put(content));
  }

  #append(makeLine: () => JsonValue): Promise<void> {
    if (this.#failure !== null) return rejected(this.#failure);
    if (this.#closed) return rejected(accessError(new Error("it is closed"), "write", this.path));
    try {
      this.#lines.push(JSON.stringify(makeLine()));
    } catch (error) {
      // A value of a tool may throw when it is looked at.
      return rejected(this.#failWith(error));
    }
    return this.#held ? Promise.resolve() : this.#commitSoon();
  }

  /** Makes all later writes fail with the same error. */
  #failWith(cause: unknown): unknown {
    return this.#failure ??= accessError(cause, "write", this.path);
  }

  /** Lets the lines that come while a commit is under way be written together by the next one. */
  #commitSoon(): Promise<void> {
    return this.#next ??= handled(this.#current.then(() => this.#commit()));
  }

  async #commit(): Promise<void> {
    this.#current = this.#next ?? this.#current;
    this.#next = null;
    const lines = this.#lines;
    const durable = this.#durable && this.#paid;
    this.#lines = [];
    this.#paid = false;
    try {
      await this.#texts.write({ durable });
      await writeAll(this.#file, new TextEncoder().encode(lines.join("\n") + "\n"));
      if (durable) await this.#file.syncData();
    } catch (error) {
      throw this.#failWith(error);
    }
  }
}

function rejected(reason: unknown): Promise<void> {
  return handled(Promise.reject(reason));
}

/** Keeps a failure that nobody waits for from ending the program: the next write tells of it. */
function handled(promise: Promise<void>): Promise<void> {
  promise.catch(() => {});
  return promise;
}

async function openFile(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path, { read: true, write: true, create: true });
  } catch (error) {
    throw accessError(error, "write", path);
  }
}

async function lock(file: Deno.FsFile, path: string): Promise<void> {
  if (await file.tryLock(true)) return;
  throw new JournalError(`Cannot write journal: ${path} is being written by another run`, path);
}
