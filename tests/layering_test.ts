/** The project keeps its structure, and each rule of it would be noticed when broken. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { complaints, RULES } from "./layering.ts";
import type { SourceFile } from "./layering_checks.ts";
import { projectFiles } from "./project_files.ts";

/** A file for a made-up project; imports are marked as types by a leading `type `. */
function file(path: string, imports: string[] = [], text = ""): SourceFile {
  return {
    path,
    text: `/** ${path} */\n${text}`,
    imports: imports.map((name) => ({
      target: name.replace(/^type /, ""),
      typeOnly: name.startsWith("type "),
    })),
  };
}

/** A small project that keeps every rule. */
const GOOD: readonly SourceFile[] = [
  file("mod.ts", ["lib/rlm.ts"]),
  file("lib/errors.ts"),
  file("lib/rlm.ts", ["lib/engine/loop.ts", "lib/models/openai.ts", "lib/host/process.ts"]),
  file("lib/engine/loop.ts", [
    "lib/errors.ts",
    "type lib/models/language_model.ts",
    "type lib/host/sandbox.ts",
    "lib/trace/journal.ts",
  ]),
  file("lib/models/language_model.ts", ["type sandbox/protocol.ts"]),
  file(
    "lib/models/openai.ts",
    ["lib/models/keys.ts", "npm:openai@7.55.0"],
    `const { OpenAI } = await import("openai");`,
  ),
  file("lib/models/keys.ts", [], `// Deno.env is read here alone\nDeno.env.get("KEY");`),
  file("lib/host/sandbox.ts", ["type sandbox/protocol.ts"]),
  file(
    "lib/host/process.ts",
    ["sandbox/rpc_peer.ts", "sandbox/runner.ts"],
    "new Deno.Command(path);",
  ),
  file("lib/host/packages/source.ts", [], "await fetch(place);"),
  file("lib/trace/journal.ts", ["lib/errors.ts"], "// no console.log here\nconst text = 'a // b';"),
  file("lib/cli/main.ts", ["mod.ts", "jsr:@std/cli@^1/parse-args"], "console.log(1);"),
  file("sandbox/protocol.ts"),
  file("sandbox/rpc_peer.ts", ["sandbox/protocol.ts"]),
  file("sandbox/main.ts", ["sandbox/rpc_peer.ts"], "Deno.stdout.write(frame);"),
  file("sandbox/runner.ts", [], "long\n".repeat(1000)),
  file("tests/loop_test.ts", ["mod.ts", "jsr:@std/assert@^1"]),
];

/** Ways to break the small project, by the beginning of the rule that must notice. */
const BREAKS: [string, SourceFile][] = [
  ["sandbox/ imports", file("sandbox/main.ts", ["lib/errors.ts"])],
  ["sandbox/ imports", file("sandbox/main.ts", ["type lib/host/sandbox.ts"])],
  ["lib/engine/ imports", file("lib/engine/turn.ts", ["lib/models/openai.ts"])],
  ["lib/engine/ imports", file("lib/engine/turn.ts", ["type lib/host/process.ts"])],
  ["lib/engine/ imports", file("lib/engine/turn.ts", ["sandbox/rpc_peer.ts"])],
  ["lib/models/ imports", file("lib/models/cache.ts", ["lib/engine/loop.ts"])],
  ["lib/host/ imports", file("lib/host/pool.ts", ["lib/engine/loop.ts"])],
  ["lib/trace/ imports", file("lib/trace/viewer.ts", ["lib/engine/loop.ts"])],
  ["lib/ imports from sandbox/", file("lib/rlm.ts", ["sandbox/main.ts"])],
  ["sandbox/protocol.ts imports nothing", file("sandbox/protocol.ts", ["sandbox/framing.ts"])],
  ["sandbox/protocol.ts imports nothing", file("sandbox/protocol.ts", ["npm:zod@4"])],
  ["the library imports nothing from JSR", file("lib/engine/turn.ts", ["jsr:@std/async@^1"])],
  ["only examples, tests and lib/cli/", file("lib/rlm_batch.ts", ["type mod.ts"])],
  ["nothing imports lib/cli/", file("lib/rlm_batch.ts", ["lib/cli/main.ts"])],
  ["nothing imports lib/server/", file("lib/rlm_batch.ts", ["lib/server/handler.ts"])],
  ["lib/server/ imports", file("lib/server/handler.ts", ["lib/host/process.ts"])],
  ["one file starts processes", file("lib/engine/turn.ts", [], "new Deno . Command(path);")],
  ["one file starts processes", file("lib/host/process.ts")],
  ["one file calls models", file("lib/engine/turn.ts", [], `await fetch("https://example.org");`)],
  ["one file calls models", file("lib/models/azure.ts", ["npm:openai@7.55.0"])],
  ["one file fetches packages", file("lib/host/guest.ts", [], "await fetch(place);")],
  ["one file fetches packages", file("lib/host/packages/source.ts")],
  ["one file reads", file("lib/models/azure.ts", [], `Deno.env.get("AZURE_KEY")`)],
  ["of lib/, only cli/ prints", file("lib/engine/turn.ts", [], "console.warn(1);")],
  ["of lib/, only cli/ prints", file("lib/trace/viewer.ts", [], "Deno.stdout.writeSync(bytes);")],
  ["code has no escape", file("lib/engine/turn.ts", [], `// @ts-${"ignore"}`)],
  ["code has no escape", file("tests/turn_test.ts", [], `// ${"TO"}DO later`)],
  ["the root has no folders", file("scripts/release.ts")],
  ["names are in snake case", file("lib/engine/subCalls.ts")],
  ["no file is called", file("lib/engine/utils.ts")],
  ["no file has more than 300", file("lib/engine/turn.ts", [], "line\n".repeat(300))],
  ["no file has more than 300", file("sandbox/prelude.py", [], "line\n".repeat(300))],
  ["each file begins", { path: "lib/engine/turn.ts", text: "export const x = 1;", imports: [] }],
  ["rooms import each other", file("lib/errors.ts", ["lib/rlm.ts"])],
  ["rooms import each other", file("lib/models/replay.ts", ["lib/host/process.ts", "mod.ts"])],
];

/** The small project with one file put in, or in the place of another. */
function broken(change: SourceFile): SourceFile[] {
  return [...GOOD.filter(({ path }) => path !== change.path), change];
}

Deno.test("the project keeps every rule of its structure", async () => {
  const files = await projectFiles();
  assertGreater(files.length, 50);
  assertEquals(complaints(files), []);
});

Deno.test("the import graph holds what the rules are about", async () => {
  const files = await projectFiles();
  const targets = (path: string) => files.find((file) => file.path === path)?.imports ?? [];
  assert(
    targets("lib/models/language_model.ts").some(({ target, typeOnly }) =>
      target === "sandbox/protocol.ts" && typeOnly
    ),
  );
  assert(
    targets("tests/layering_test.ts").some(({ target, typeOnly }) =>
      target === "tests/layering.ts" && !typeOnly
    ),
  );
  assert(
    targets("tests/layering_test.ts").some(({ target }) =>
      target.startsWith("jsr:") && target.includes("@std/assert")
    ),
  );
});

Deno.test("a project that keeps every rule gets no complaint", () => {
  assertEquals(complaints(GOOD), []);
});

for (const [rule, change] of BREAKS) {
  const what = change.imports.map(({ target }) => `imports ${target}`)[0] ?? "is changed";
  Deno.test(`the rule "${rule}…" is broken when ${change.path} ${what}`, () => {
    const found = complaints(broken(change));
    assert(
      found.some((complaint) => complaint.startsWith(rule)),
      found.join("\n") || "no complaint",
    );
  });
}

Deno.test("each rule is broken by one of the changes above", () => {
  const untested = RULES.filter(({ sentence }) =>
    !BREAKS.some(([rule]) => sentence.startsWith(rule))
  );
  assertEquals(untested.map(({ sentence }) => sentence), []);
});
