/** The code in the README is true: all of it type-checks, and what is marked as runnable runs. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { ROOT } from "./project_files.ts";
import { runDeno } from "./run_deno.ts";

/** A block of TypeScript in the README, with the words that follow `ts` on its fence. */
interface Block {
  readonly words: string;
  readonly code: string;
}

/** All blocks of TypeScript, in order. */
async function blocks(): Promise<Block[]> {
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  return [...readme.matchAll(/^```ts\b([^\n]*)\n(.*?)^```$/gms)]
    .map(([, words = "", code = ""]) => ({ words: words.trim(), code }));
}

Deno.test("the README has code, and none of it is kept from the checker", async () => {
  const all = await blocks();
  assertGreater(all.length, 0);
  assertEquals(all.filter(({ words }) => words.includes("ignore")), []);
});

Deno.test("the README's code type-checks", async () => {
  const { success, text } = await runDeno(["check", "--doc-only", "README.md"]);
  assert(success, text);
});

Deno.test("the README's runnable code runs without a key and without the network", async (t) => {
  const runnable = (await blocks()).filter(({ words }) => words === "runnable");
  assertGreater(runnable.length, 0);
  for (const [index, { code }] of runnable.entries()) {
    await t.step(`block ${index + 1}: ${code.split("\n")[0]}`, async () => {
      const file = await Deno.makeTempFile({ suffix: ".ts" });
      try {
        await Deno.writeTextFile(file, code);
        const { success, text } = await runDeno([
          "run",
          "--config=deno.json",
          "--no-prompt",
          // What the README says that a program needs which has no model to reach.
          `--allow-run=${Deno.execPath()}`,
          file,
        ]);
        assert(success, text);
      } finally {
        await Deno.remove(file);
      }
    });
  }
});
