/** Ctrl-C: once ends the run in good order, twice ends the process. */
import { ExitCode } from "./exit_code.ts";

/** Listens for interrupts while it lives. */
export class Interrupt {
  readonly #controller = new AbortController();
  readonly #onFirst: () => void;
  readonly #quit: (code: number) => void;
  readonly #signals: readonly Deno.Signal[];
  readonly #listener = (): void => this.#interrupted();

  /** `onFirst` may tell the user that the run is being ended; `quit` ends the process. */
  constructor(onFirst: () => void, quit: (code: number) => void = Deno.exit) {
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
    if (this.signal.aborted) return this.#quit(ExitCode.interrupted);
    this.#controller.abort(new DOMException("The run was interrupted", "AbortError"));
    this.#onFirst();
  }
}
