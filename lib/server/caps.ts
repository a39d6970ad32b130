/** Caps that a client asks for: it may lower those of the server and raise none. */
import { isRecord } from "../engine/schema.ts";
import { type LoopOptions, type Settings, settingsOf } from "../engine/settings.ts";
import { Problem } from "./problem.ts";

/** The caps that a client may name. */
const NAMES = [
  "maxIterations",
  "maxLlmCalls",
  "maxDepth",
  "maxTokens",
  "maxCost",
  "maxSeconds",
  "maxErrors",
  "concurrency",
] as const;

/** Caps by name; null means that there is none. */
export type Caps = Readonly<Record<typeof NAMES[number], number | null>>;

/** The most that a run may take. */
export function capsOf(options: LoopOptions): Caps {
  const { maxIterations, maxDepth, concurrency, limits }: Settings = settingsOf(options);
  return { maxIterations, maxDepth, concurrency, ...limits };
}

/** Reads the caps that a client asks for; throws a problem when one is none or above the server's. */
export function readCaps(given: unknown, options: LoopOptions): LoopOptions {
  if (given === undefined) return {};
  if (!isRecord(given)) throw bad("expected an object with a number for each cap");
  const most = capsOf(options);
  for (const [name, value] of Object.entries(given)) {
    const cap = NAMES.find((known) => known === name);
    if (cap === undefined) throw bad(`'${name}' is unknown; there are ${NAMES.join(", ")}`);
    if (typeof value !== "number") throw bad(`${name} is not a number`);
    const allowed = most[cap];
    if (allowed !== null && value > allowed) {
      throw bad(`${name} ${value} is above this server's; ask for at most ${allowed}`);
    }
  }
  // Each name is a cap and each value a number; whether it is a possible one is asked here.
  const caps = given as Partial<Record<keyof Caps, number>>;
  try {
    settingsOf({ ...options, ...caps });
  } catch (error) {
    if (error instanceof RangeError) throw bad(error.message);
    throw error;
  }
  return caps;
}

function bad(message: string): Problem {
  return new Problem("bad_caps", `read caps: ${message}`);
}
