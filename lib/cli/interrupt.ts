/** Ctrl-C: once ends the run in good order, twice ends the process. */
import { ExitCode } from "./exit_code.ts";

/** Milliseconds in which a second signal is the same key press: task runners pass on what the terminal sent already. */
const SAME_PRESS_MS = 500;

/** Listens for interrupts while it lives. */
export class Interrupt {
  readonly #controller = new AbortController();
  readonly #onFirst: () => void;
  readonly #quit: (code: ExitCode) => void;
  readonly #signals: readonly Deno.Signal[];
  #firstAt = 0;
  readonly #listener = (): void => this.#interrupted();

  /** `onFirst` may tell the user that the run is being ended; `quit` ends the process. */
  constructor(onFirst: () => void, quit: (code: ExitCode) => void = Deno.exit) {
    this.#onFirst = onFirst;
    this.#quit = quit;
    this.#signals = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
    for (const signal of this.#signals) Deno.addSignalListener(signal, this.#listener);
  }

  /** Aborts at the first interrupt. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Stops listening. */
  [Symbol.dispose](): void {
    for (const signal of this.#signals) Deno.removeSignalListener(signal, this.#listener);
  }

  #interrupted(): void {
    if (this.signal.aborted) {
      if (performance.now() - this.#firstAt > SAME_PRESS_MS) this.#quit(ExitCode.interrupted);
      return;
    }
    this.#firstAt = performance.now();
    this.#controller.abort(new DOMException("The run was interrupted", "AbortError"));
    this.#onFirst();
  }
}
