/** The examples in the documentation of the public API run, and what they assert holds. */
import { assert, assertGreater } from "@std/assert";
import { projectFiles } from "./project_files.ts";
import { runDeno } from "./run_deno.ts";

Deno.test("each example in the documentation runs, and its assertions hold", async () => {
  const documented = (await projectFiles()).filter(({ path, text }) =>
    /^(mod\.ts|lib\/)/.test(path) && /^ ?\* ```ts$/m.test(text)
  );
  const paths = documented.map(({ path }) => path);
  // Types are checked with those of all other files: `deno task check`.
  const how = ["--doc", "--parallel", "--no-check", "-A"];
  const { success, text } = await runDeno(["test", ...how, ...paths]);
  assert(success, text);
  // A failed console.assert prints, and nothing more.
  assert(!text.includes("Assertion failed"), text);
  const [, passed] = /(\d+) passed/.exec(text) ?? [];
  assertGreater(Number(passed), 10, text);
});
