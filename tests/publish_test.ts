/** What is published is documented; what a registry then serves is tried in jsr_package_test.ts. */
import { assert, assertEquals, assertExists } from "@std/assert";
import { ROOT } from "./project_files.ts";
import { runDeno } from "./run_deno.ts";

/** Parts of deno.json that are read here. */
interface Config {
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
}

async function config(): Promise<Config> {
  return JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
}

Deno.test("everything that is exported is documented and typed in public terms", async () => {
  const { exports } = await config();
  const { success, text } = await runDeno(["doc", "--lint", ...Object.values(exports)]);
  assert(success, text);
});

Deno.test("each entry point says what it is for", async () => {
  const { exports } = await config();
  for (const path of Object.values(exports)) {
    const text = await Deno.readTextFile(new URL(path, ROOT));
    assert(/^\/\*\*.*?@module.*?\*\//s.test(text), `${path} has no module documentation`);
  }
});

Deno.test("what SECURITY.md names as the proof of a promise exists", async () => {
  const text = await Deno.readTextFile(new URL("SECURITY.md", ROOT));
  const named = [...text.matchAll(/\[(\w+)\]\((tests\/\w+\.ts)\)/g)];
  assert(named.length > 20, `${named.length} files`);
  for (const [, name, path = ""] of named) {
    assertEquals(path, `tests/${name}_test.ts`);
    assert((await Deno.stat(new URL(path, ROOT))).isFile);
  }
});

Deno.test("the change log has an entry for this version", async () => {
  const { version } = await config();
  const log = await Deno.readTextFile(new URL("CHANGELOG.md", ROOT));
  assertExists(log.split("\n").find((line) => line.startsWith(`## ${version}`)), version);
});
