/** Binds a text of as many MB as the argument says, and prints what that took as JSON. */
import { createSandbox } from "../../../lib/host/mod.ts";
import { forgetPeak, peak, residentOf } from "../processes.ts";

const BYTES = Number(Deno.args[0]) * 1_000_000;

await using sandbox = await createSandbox({ memoryMb: 4_096 });
collectGarbage();
const before = await residentOf(Deno.pid);
const context = textOf(BYTES);
collectGarbage();
await forgetPeak();
const started = performance.now();
await sandbox.bind({ context });
const milliseconds = performance.now() - started;
const peakOfInput = (await peak() - before) * 1024 * 1024 / BYTES;
const { value } = await sandbox.execute("len(context), context[:4], context[-4:]");
if (value !== `(${BYTES}, '0123', '6789')`) throw new Error(`Cannot bind: Python has ${value}`);
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify({ milliseconds, peakOfInput })));

/** A text that lies in memory in one piece, as one that was read from a file does. */
function textOf(length: number): string {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = 48 + at % 10;
  return new TextDecoder().decode(bytes);
}

function collectGarbage(): void {
  const gc: unknown = Reflect.get(globalThis, "gc");
  if (typeof gc === "function") gc();
}
