// deno run -A examples/sandbox_only.ts
import { createSandbox } from "@rlm/rlm/sandbox";

// Python that nobody has looked at, in a process that may do nothing; no model is needed.
await using sandbox = await createSandbox({ timeoutMs: 2_000, memoryMb: 256 });
await sandbox.bind({ words: "to be or not to be".split(" ") });

const counted = await sandbox.execute("from collections import Counter\nCounter(words)['be']");
console.log(counted.status, counted.value);

const refused = await sandbox.execute("open('/etc/passwd').read()");
console.log(refused.status, refused.error?.type);

const endless = await sandbox.execute("while True: pass", { timeoutMs: 300 });
console.log(endless.status);

const kept = await sandbox.execute("len(words)"); // variables are kept
console.log(kept.status, kept.value);
