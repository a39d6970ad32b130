/** The demo, run as a user runs it, and its answer worked out again from the same files without a model. */
import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { readStandardLibrary } from "../examples/standard_library.ts";
import { type Announced, announcements, literalNames } from "./removals.ts";
import { ROOT } from "./project_files.ts";

/** One item of the demo's answer. */
interface Removal extends Announced {
  readonly what: string;
  readonly instead: string | null;
}

/** Runs `deno task demo`, with further words. */
async function runDemo(
  ...words: string[]
): Promise<{ stdout: string; stderr: string; seconds: number }> {
  const started = performance.now();
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "demo", ...words],
    cwd: ROOT,
    env: { NO_COLOR: "1", OPENAI_API_KEY: "" },
    stdin: "null",
  }).output();
  const texts = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals(code, 0, texts.join("\n"));
  return {
    stdout: texts[0] ?? "",
    stderr: texts[1] ?? "",
    seconds: (performance.now() - started) / 1000,
  };
}

const key = ({ file, version, kind }: Announced) => `${file} ${version} ${kind}`;

Deno.test("The demo's answer is what plain rules find in the same files", async () => {
  const removals: Removal[] = JSON.parse((await runDemo("--json")).stdout);
  const { sources } = await readStandardLibrary();
  const expected = Object.entries(sources).flatMap(([file, source]) => announcements(file, source));
  assert(expected.length > 30, `${expected.length} announcements`);
  assertEquals([...new Set(removals.map(key))].sort(), expected.map(key).sort());

  for (const [file, source] of Object.entries(sources)) {
    for (const { name, version } of literalNames(source)) {
      const said = removals.filter((item) => item.file === file && item.version === version);
      const [word = ""] = name.split(" ");
      const last = word.split(".").at(-1)?.toLowerCase() ?? "";
      assert(said.some(({ what }) => what.toLowerCase().includes(last)), `${file}: ${name}`);
    }
  }
  for (const { file, instead } of removals) {
    for (const [name] of (instead ?? "").matchAll(/[A-Za-z_][\w.]*(?=\()|\b\w+\.\w[\w.]*\b/g)) {
      assertStringIncludes(sources[file] ?? "", name.split(".").at(-1) ?? "", `${file}: ${name}`);
    }
  }
});

Deno.test("The demo says what it is, shows its turns and its spending, and takes less than 20 s", async () => {
  const { stdout, stderr, seconds } = await runDemo();
  assertLess(seconds, 20);
  const lines = stderr.split("\n");
  assertMatch(lines[0] ?? "", /^The model is a recording; for a live one: /);
  assertStringIncludes(stderr, "559 files, 9,593,973 characters\n");
  assertMatch(stderr, /^turn 1 of at most \d+$/m);
  assertMatch(stderr, /^ {2}llm_query_batched × 1 · \d model calls · /m);
  assertMatch(stderr, /^ {2}answer submitted$/m);
  assertMatch(
    stderr,
    /\d+ turns · \d+ model calls · [\d,]+ tokens · .* characters of 9,593,973 \(/,
  );
  assertMatch(stdout, /^3\.15 {2}glob\.py {2}glob\.glob0 → glob\.glob/m);
});
