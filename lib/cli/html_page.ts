/** `--html FILE`: the page of a run that goes on, written anew at the end of each turn. */
import type { RlmEvent } from "../trace/events.ts";
import { renderViewer, type ViewerOptions } from "../trace/viewer.ts";

/** Keeps a run's events and writes them as a page. Feed it every event; wait for {@linkcode HtmlPage.written} at the end. */
export class HtmlPage {
  readonly #path: string;
  readonly #failed: (error: unknown) => void;
  readonly #events: RlmEvent[] = [];
  #options: ViewerOptions = {};
  #stale = false;
  #writing: Promise<void> | null = null;
  #broken = false;

  /** Writes to `path`; `failed` is told once when that does not work, and the run goes on without a page. */
  constructor(path: string, failed: (error: unknown) => void) {
    this.#path = path;
    this.#failed = failed;
  }

  /** Says what the events do not tell. */
  describe(options: ViewerOptions): void {
    this.#options = options;
  }

  /** Takes one event into account. */
  add(event: RlmEvent): void {
    // The reply and the cell's end have these whole.
    if (event.type === "model_delta" || event.type === "cell_output") return;
    this.#events.push(event);
    if (event.type === "run_start" || event.type === "turn_end" || event.type === "run_end") {
      this.#stale = true;
      this.#writing ??= this.#write();
    }
  }

  /** Resolves when the page tells everything that has happened so far. */
  async written(): Promise<void> {
    this.#stale = this.#events.length > 0;
    this.#writing ??= this.#write();
    await this.#writing;
  }

  /** Writes until nothing new has come in the meantime. */
  async #write(): Promise<void> {
    try {
      while (this.#stale && !this.#broken) {
        this.#stale = false;
        // Turns may end in quick succession; the last one's page is enough.
        await new Promise((resolve) => setTimeout(resolve, 0));
        await writeWhole(this.#path, renderViewer(this.#events, this.#options));
      }
    } catch (error) {
      this.#broken = true;
      this.#failed(error);
    } finally {
      this.#writing = null;
    }
  }
}

/** Writes a file so that whoever reads it has the old text or the new one, never a part. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const next = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  try {
    await Deno.writeTextFile(next, text);
    await Deno.rename(next, path);
  } catch (error) {
    await Deno.remove(next).catch(() => {});
    throw error;
  }
}
