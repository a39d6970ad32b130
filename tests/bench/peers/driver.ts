/** A driver's process: questions in, answers out, one line each. */
import { dirname } from "node:path";
import { FOLDER } from "./install.ts";
import { TextLineStream } from "./lines.ts";
import { endTree } from "./process_tree.ts";
import type { DriverAnswer } from "./wire.ts";

/** Milliseconds that a driver may take to get ready. */
const SET_UP_MS = 90_000;

/** What drivers and all that they start leave behind is here, and goes with the bench. */
export const TEMPORARY: string = `${FOLDER}temporary`;

/** One process. */
export class Driver {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #complaint: Promise<string>;
  #giveUp: (reason: string) => void = () => {};

  constructor([program = "", ...args]: readonly string[]) {
    this.#child = new Deno.Command(program, {
      args,
      cwd: TEMPORARY,
      env: {
        TMPDIR: TEMPORARY,
        // The peers that run Deno run the one that runs this project.
        PATH: `${dirname(Deno.execPath())}:${Deno.env.get("PATH") ?? ""}`,
      },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reader = this.#child.stdout
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream())
      .getReader();
    this.#complaint = lastOf(this.#child.stderr);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Asks, and waits no longer than the limit, which counts from the driver's being ready where there is a set-up. */
  async ask(request: unknown, limitMs: number, setUp: boolean): Promise<DriverAnswer> {
    const { promise: silence, resolve } = Promise.withResolvers<DriverAnswer>();
    this.#giveUp = (reason) => resolve({ error: `${reason}; stopped from outside` });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const wait = (ms: number, reason: string) => {
      clearTimeout(timer);
      timer = setTimeout(() => this.#giveUp(`not within ${ms / 1_000} s${reason}`), ms);
    };
    if (setUp) wait(SET_UP_MS, " ready to begin");
    else wait(limitMs, "");
    try {
      return await Promise.race([this.#answer(request, () => wait(limitMs, "")), silence]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the wait for an answer. */
  giveUp(reason: string): void {
    this.#giveUp(reason);
  }

  /** Ends the process and all that it started. */
  async end(): Promise<void> {
    await endTree(this.pid);
    await this.#writer.close().catch(() => {});
    await this.#child.status;
    await this.#complaint;
  }

  async #answer(request: unknown, ready: () => void): Promise<DriverAnswer> {
    try {
      await this.#writer.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
      for (;;) {
        const { value } = await this.#reader.read();
        if (value === undefined) break;
        const answer: DriverAnswer = JSON.parse(value);
        if (answer.ready !== true) return answer;
        ready();
      }
    } catch (error) {
      return { error: String(error) };
    }
    const { code, signal } = await this.#child.status;
    const complaint = await this.#complaint;
    return {
      error: `the whole program ended: ${signal ?? `exit code ${code}`} ${complaint}`.trim(),
    };
  }
}

/** The last characters of a stream, which is read to its end. */
async function lastOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let last = "";
  for await (const bytes of stream) {
    last = (last + decoder.decode(bytes, { stream: true })).slice(-300);
  }
  return last.trim();
}
