/** A contestant: a driver in a process of its own, asked row by row, watched, and replaced when it is gone. */
import { Driver } from "./driver.ts";
import { commandOf } from "./contestants.ts";
import { treeMemory } from "./process_tree.ts";
import { type DriverAnswer, NOT_DRIVEN } from "./wire.ts";

/** Milliseconds between two looks at the memory. */
const LOOK_MS = 150;
/** Share of the machine's memory above which a contestant is stopped, before the machine stops something else. */
const MOST_MEMORY = 0.6;

/** How one question is put. */
export interface Patience {
  readonly limitMs: number;
  /** The limit counts from when the driver says that it is ready. */
  readonly setUp?: boolean;
}

/** One contestant; `await using` ends its processes. */
export class Contestant implements AsyncDisposable {
  readonly name: string;
  #driver: Driver | null = null;

  constructor(name: string) {
    this.name = name;
  }

  /**
   * Asks for a row once. A driver that is silent for longer than the limit or takes too much memory is killed, and that
   * is the answer.
   */
  async ask(
    request: Readonly<Record<string, unknown>>,
    { limitMs, setUp = false }: Patience,
  ): Promise<DriverAnswer> {
    const started = performance.now();
    const driver = this.#driver ??= new Driver(commandOf(this.name));
    let peak = 0;
    let looking = Promise.resolve();
    const look = async () => {
      peak = Math.max(peak, await treeMemory(driver.pid));
      if (peak > mostMegabytes()) driver.giveUp(`more than ${Math.round(peak)} MB of memory`);
    };
    const timer = setInterval(() => looking = looking.then(look), LOOK_MS);
    try {
      const answer = await driver.ask(request, limitMs, setUp);
      const process = performance.now() - started;
      // Once at least, however short the work was.
      await (looking = looking.then(look));
      const failed = "error" in answer && answer.error !== NOT_DRIVEN;
      if (failed || answer.alive === false) await this.end();
      return { ...answer, process, peak };
    } finally {
      clearInterval(timer);
      await looking;
    }
  }

  /** Megabytes that the driver and all that it started hold now. */
  async memory(): Promise<number> {
    return this.#driver === null ? 0 : await treeMemory(this.#driver.pid);
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

function mostMegabytes(): number {
  return MOST_MEMORY * Deno.systemMemoryInfo().total / 1_000_000;
}
