/** The package as a registry serves it: published for real, loaded over HTTP, and run from a folder that isn't this one. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { LoopbackRegistry } from "./fixtures/loopback_registry.ts";
import { temporaryFolder } from "./fixtures/temporary_folder.ts";
import { ROOT } from "./project_files.ts";

/** What the README's programs need: the snapshot is read and written, and a sandbox is a process. */
const PERMISSIONS = [
  "--allow-read",
  "--allow-write",
  "--allow-env",
  `--allow-run=${Deno.execPath()}`,
];

/** All that a user of the package needs, and the sources that its documentation is made from. */
const PUBLISHED =
  /^(mod\.ts|deno\.json|README\.md|CHANGELOG\.md|SECURITY\.md|LICENSE|(lib|sandbox)\/[\w/]+\.ts)$/;

/** A program that serves a model's replies, and asks its own handler. */
const SERVE = `import { RLM } from "jsr:@rlm/rlm@^0.1";
import { createHandler } from "jsr:@rlm/rlm@^0.1/server";
import { cell, FakeSandbox, ScriptedModel } from "jsr:@rlm/rlm@^0.1/testing";

const lm = new ScriptedModel([cell("SUBMIT(answer=42)")]);
const sandbox = () => Promise.resolve(new FakeSandbox());
const rlm = new RLM("query -> answer: int", { lm, sandbox, verify: false });
await using handler = createHandler({ rlm });
const request = new Request("http://localhost/runs", {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ inputs: { query: "How many?" } }),
});
const response = await handler(request);
const { answer, stopReason } = await response.json();
console.log(response.status, answer.answer, stopReason);
`;

/** How a program ended and what it printed. */
interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

Deno.test("the package that is published works where only the registry has it", async (t) => {
  await using parent = await temporaryFolder();
  const folder = `${parent.path}/a folder`;
  const cache = `${parent.path}/cache`;
  await Deno.mkdir(folder);
  await Deno.mkdir(cache);
  await Deno.symlink(await npmCache(), `${cache}/npm`, { type: "junction" });
  await using registry = new LoopbackRegistry();
  const env = { JSR_URL: registry.url, DENO_DIR: cache };
  const run = (...args: string[]) => deno(["run", "--no-prompt", ...args], folder, env);

  await t.step(
    "it passes JSR's checks and holds no tests, tools, Python or recordings",
    async () => {
      await registry.publish(cache);
      const paths = [...registry.files.keys()];
      assertEquals(paths.filter((path) => !PUBLISHED.test(path)), []);
      assertEquals(paths.filter((path) => path.startsWith("lib/trace/page/")), []);
      for (const path of ["mod.ts", "sandbox/prelude.ts", "sandbox/runner.ts", "LICENSE"]) {
        assert(paths.includes(path), `${path} is missing`);
      }
    },
  );

  await t.step("the README's program type-checks and answers from a real sandbox", async () => {
    registry.asked.length = 0;
    await Deno.writeTextFile(`${folder}/whales.ts`, await quickstart());
    const { code, stdout, stderr } = await run("--check", ...PERMISSIONS, "whales.ts");
    assertEquals([code, stdout], [0, "1000000\n"], stderr);
    for (const path of ["mod.ts", "lib/testing.ts", "sandbox/runner.ts"]) {
      assert(registry.asked.some((asked) => asked.endsWith(`/${path}`)), `${path} was not loaded`);
    }
  });

  await t.step("a handler of ./server answers a request by a run", async () => {
    await Deno.writeTextFile(`${folder}/serve.ts`, SERVE);
    const { code, stdout, stderr } = await run("--check", ...PERMISSIONS, "serve.ts");
    assertEquals([code, stdout], [0, "200 42 submitted\n"], stderr);
  });

  await t.step("the command says its version and how it is used", async () => {
    const version = await run(...PERMISSIONS, "jsr:@rlm/rlm/cli", "--version");
    assertEquals(version.code, 0, version.stderr);
    assertMatch(version.stdout, /^rlm \d+\.\d+\.\d+ \(deno [\d.]+, pyodide [\d.]+\)\n$/);
    const help = await run(...PERMISSIONS, "jsr:@rlm/rlm/cli", "--help");
    assertEquals([help.code, help.stderr], [0, ""]);
    assertStringIncludes(help.stdout, "--context SOURCE");
  });
});

/** The README's program that needs no model, with the names under which a registry has the package. */
async function quickstart(): Promise<string> {
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  const [, code = ""] = /^```ts runnable\n(.*?)^```$/ms.exec(readme) ?? [];
  const named = code.replaceAll('"@rlm/rlm', '"jsr:@rlm/rlm@^0.1');
  assertStringIncludes(named, '"jsr:@rlm/rlm@^0.1/testing"');
  return `${named}console.log(answer);\n`;
}

/** Where this machine keeps npm packages, so that an otherwise empty cache needn't download them again. */
async function npmCache(): Promise<string> {
  const { code, stdout, stderr } = await deno(["info", "--json"], Deno.cwd(), {});
  assertEquals(code, 0, stderr);
  return JSON.parse(stdout).npmCache;
}

async function deno(args: string[], cwd: string, env: Record<string, string>): Promise<Ran> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd,
    env: { ...env, NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
