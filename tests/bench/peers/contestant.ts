/** A contestant: a driver in a process of its own, asked row by row, watched, and replaced when it is gone. */
import { fileURLToPath } from "node:url";
import { PYTHON } from "./install.ts";
import { TextLineStream } from "./lines.ts";
import { endTree, treeMemory } from "./process_tree.ts";
import type { DriverAnswer } from "./wire.ts";

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const CONFIG = here("../../../deno.json");
const deno = (name: string) => [
  Deno.execPath(),
  "run",
  "-A",
  "--no-check",
  "--config",
  CONFIG,
  here(name),
];
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  rlm: deno("rlm_driver.ts"),
  dspy: [PYTHON, here("dspy_driver.py")],
  rlms: [PYTHON, here("rlms_driver.py")],
  "fast-rlm": [PYTHON, here("fast_rlm_driver.py")],
  pyodide: deno("pyodide_driver.ts"),
};

/** Names of all contestants; the first is this project, the last the floor. */
export const CONTESTANTS: readonly string[] = Object.keys(COMMANDS);

/** One contestant; `await using` ends its processes. */
export class Contestant implements AsyncDisposable {
  readonly name: string;
  #driver: Driver | null = null;

  constructor(name: string) {
    this.name = name;
  }

  /** Asks for a row once; a driver that is silent for longer than the limit is killed, and that is the answer. */
  async ask(request: Readonly<Record<string, unknown>>, limitMs: number): Promise<DriverAnswer> {
    const started = performance.now();
    const driver = this.#driver ??= new Driver(COMMANDS[this.name] ?? []);
    let peak = 0;
    const sampling = setInterval(async () => {
      peak = Math.max(peak, await treeMemory(driver.pid));
    }, 100);
    const answer = await driver.ask(request, limitMs);
    clearInterval(sampling);
    const process = performance.now() - started;
    if ("error" in answer || answer.alive === false) await this.end();
    return { ...answer, process, peak };
  }

  /** Ends the driver; the next question starts another. */
  async end(): Promise<void> {
    const driver = this.#driver;
    this.#driver = null;
    if (driver !== null) await driver.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}

/** A driver's process. */
class Driver {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #complaint: Promise<string>;

  constructor([program = "", ...args]: readonly string[]) {
    this.#child = new Deno.Command(program, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reader = this.#child.stdout
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream())
      .getReader();
    this.#complaint = new Response(this.#child.stderr).text().then((text) =>
      text.trim().slice(-300)
    );
  }

  get pid(): number {
    return this.#child.pid;
  }

  async ask(request: unknown, limitMs: number): Promise<DriverAnswer> {
    const { promise: silence, resolve } = Promise.withResolvers<DriverAnswer>();
    const seconds = limitMs / 1_000;
    const timer = setTimeout(
      () => resolve({ error: `no answer after ${seconds} s; killed from outside` }),
      limitMs,
    );
    try {
      return await Promise.race([this.#answer(request), silence]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #answer(request: unknown): Promise<DriverAnswer> {
    try {
      await this.#writer.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
      const { value } = await this.#reader.read();
      if (value !== undefined) return JSON.parse(value);
    } catch (error) {
      return { error: String(error) };
    }
    const { code, signal } = await this.#child.status;
    return { error: `the whole program ended: ${signal ?? `exit code ${code}`}` };
  }

  async end(): Promise<void> {
    await endTree(this.#child.pid);
    await this.#writer.close().catch(() => {});
    await this.#child.status;
    await this.#complaint;
  }
}
