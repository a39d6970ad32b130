/** Where cached completions are kept: in memory, or one file each in a folder. */
import type { Completion } from "./language_model.ts";
import { countOf, fieldOf, isRecord } from "./json.ts";

/** Keeps completions by key; keys are lower-case hexadecimal. */
export interface CompletionStore {
  /** The completion of a key, or null. */
  get(key: string): Promise<Completion | null>;
  /** Keeps a completion. */
  set(key: string, completion: Completion): Promise<void>;
}

/** Keeps the most recently used completions in memory. */
export class MemoryStore implements CompletionStore {
  readonly #completions = new Map<string, Completion>();
  readonly #maxEntries: number;

  /** `maxEntries`, default 10,000: beyond it the least recently used are dropped. */
  constructor({ maxEntries = 10_000 }: { readonly maxEntries?: number } = {}) {
    this.#maxEntries = maxEntries;
  }

  /** The completion of a key, or null. */
  get(key: string): Promise<Completion | null> {
    const found = this.#completions.get(key);
    if (found !== undefined) this.#put(key, found);
    return Promise.resolve(found ?? null);
  }

  /** Keeps a completion. */
  set(key: string, completion: Completion): Promise<void> {
    this.#put(key, completion);
    for (const oldest of this.#completions.keys()) {
      if (this.#completions.size <= this.#maxEntries) break;
      this.#completions.delete(oldest);
    }
    return Promise.resolve();
  }

  #put(key: string, completion: Completion): void {
    this.#completions.delete(key);
    this.#completions.set(key, completion);
  }
}

/**
 * Keeps completions in a folder, for later runs: one JSON file each, written whole or not at all. Prompts are
 * not stored, replies are. Needs `--allow-read` and `--allow-write` of the folder.
 */
export class FolderStore implements CompletionStore {
  readonly #folder: string;

  /** The folder is made when the first completion is kept. */
  constructor(folder: string) {
    this.#folder = folder.replace(/[/\\]+$/, "");
  }

  /** The completion of a key; null when there is none, or none that can be read. */
  async get(key: string): Promise<Completion | null> {
    try {
      const value: unknown = JSON.parse(await Deno.readTextFile(this.#path(key)));
      return isCompletion(value) ? value : null;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return null;
      throw error;
    }
  }

  /** Keeps a completion: writes a file beside its place, then moves it there. */
  async set(key: string, completion: Completion): Promise<void> {
    const path = this.#path(key);
    const unfinished = `${path}.${crypto.randomUUID()}.tmp`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    try {
      await Deno.writeTextFile(unfinished, JSON.stringify(completion));
      await Deno.rename(unfinished, path);
    } catch (error) {
      await Deno.remove(unfinished).catch(() => {});
      throw error;
    }
  }

  #path(key: string): string {
    return `${this.#folder}/${key.slice(0, 2)}/${key}.json`;
  }
}

/** Whether a file holds what `set` wrote, not something older or foreign. */
function isCompletion(value: unknown): value is Completion {
  return isRecord(value) && typeof value.text === "string" && Array.isArray(value.toolCalls) &&
    typeof value.finishReason === "string" && typeof value.model === "string" &&
    (value.reasoning === null || typeof value.reasoning === "string") &&
    (value.cost === null || countOf(value.cost) !== null) && countOf(value.attempts) !== null &&
    (value.usage === null || countOf(fieldOf(value.usage, "inputTokens")) !== null);
}
