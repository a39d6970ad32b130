/** The examples in the documentation of the public API run, and what they assert holds. */
import { assert, assertGreater } from "@std/assert";
import { ROOT } from "./project_files.ts";
import { runDeno } from "./run_deno.ts";
import { filesUnder } from "./tasks/files.ts";

Deno.test("each example in the documentation runs, and its assertions hold", async () => {
  const library = (await filesUnder(new URL("lib/", ROOT))).map((path) => `lib/${path}`);
  const { success, text } = await runDeno(["test", "--doc", "-A", "mod.ts", ...library]);
  assert(success, text);
  // A failed console.assert prints, and nothing more.
  assert(!text.includes("Assertion failed"), text);
  const [, passed] = /(\d+) passed/.exec(text) ?? [];
  assertGreater(Number(passed), 10, text);
});
