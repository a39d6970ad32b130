/** A whole program of a user's: one sandbox, one cell. */
import { createSandbox } from "../../../lib/host/mod.ts";

await using sandbox = await createSandbox();
const { value } = await sandbox.execute("1");
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify({ value: Number(value) })));
