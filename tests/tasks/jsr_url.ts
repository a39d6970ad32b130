/**
 * Prints the registry that a task should use: JSR, or the stand-ins in `tests/jsr` where JSR can't be reached.
 * A task runs it as `JSR_URL=$(deno run … tests/tasks/jsr_url.ts) deno …`, so the variable carries the answer on to
 * whatever that task starts; where it is set already nobody is asked.
 */

const JSR = "https://jsr.io/";

/** Long enough for a slow line, short enough not to be felt where packets are dropped. */
const PATIENCE_MS = 1_500;

/** Whether the registry answers in time. */
async function answers(registry: string): Promise<boolean> {
  try {
    const response = await fetch(new URL("@std/assert/meta.json", registry), {
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** Prints the answer on standard output; a variable set by the caller is the answer. */
async function main(): Promise<void> {
  const chosen = Deno.env.get("JSR_URL") ||
    (await answers(JSR) ? JSR : new URL("../jsr/", import.meta.url).href);
  await Deno.stdout.write(new TextEncoder().encode(chosen));
}

await main();
