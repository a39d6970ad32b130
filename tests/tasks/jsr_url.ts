/**
 * Prints the registry that a task should use: JSR, or the stand-ins in `tests/jsr` where JSR can't be reached.
 * A task runs it as `JSR_URL=$(deno run … tests/tasks/jsr_url.ts) deno …`, so that the variable carries the answer on
 * to whatever that task starts; where it is set already nobody is asked.
 */

/** Where the stand-ins are. */
export const STAND_INS: string = new URL("../jsr/", import.meta.url).href;

/** The asked registry, with a slash at its end, if it answers in time; otherwise the stand-ins. */
export async function reachable(asked: string, patienceMs: number): Promise<string> {
  try {
    const response = await fetch(new URL("@std/assert/meta.json", asked), {
      signal: AbortSignal.timeout(patienceMs),
    });
    await response.body?.cancel();
    return response.ok ? asked : STAND_INS;
  } catch {
    // Refused, timed out or not permitted: for a task that is all the same.
    return STAND_INS;
  }
}

if (import.meta.main) {
  // Long enough for a slow line, short enough not to be felt where packets are dropped.
  const url = Deno.env.get("JSR_URL") || await reachable("https://jsr.io/", 1_500);
  await Deno.stdout.write(new TextEncoder().encode(url));
}
