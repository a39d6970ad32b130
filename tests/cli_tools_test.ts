/** The subcommands, as processes of their own, over journals that real runs wrote. */
import { assert, assertEquals, assertFalse, assertMatch, assertStringIncludes } from "@std/assert";
import { basename, dirname } from "node:path";
import { SUBCOMMAND_NAMES } from "../lib/cli/subcommands.ts";
import { findSubcommand } from "../lib/cli/subcommands.ts";
import { flagsOf, subcommandPage } from "../lib/cli/subcommand.ts";
import { rlm, rlmHere } from "./fixtures/command.ts";
import { OpenAIServer, type ServerReply } from "./fixtures/openai_server.ts";
import { testsSideBySide } from "./fixtures/side_by_side.ts";
import { copyOfSnapshot } from "./fixtures/snapshots.ts";

const test = testsSideBySide("the subcommands, as processes");

/** A folder that is removed with what is in it. */
async function temporaryFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

const cell = (code: string): ServerReply => ({ text: `\`\`\`python\n${code}\n\`\`\`` });

const TURNS = [
  cell("print(len(context), llm_query('Which colour? ' + context[:44]))"),
  { text: "blue" },
  cell("SUBMIT(answer='under the blue pot')"),
] satisfies ServerReply[];

/** A run with a sub-call, which is made once, and what it left. */
async function recordedRun(folder: string): Promise<string> {
  recording ??= record(await Deno.makeTempDir());
  const journal = `${folder}/run.jsonl`;
  await Deno.copyFile(await recording, journal);
  return journal;
}

/** Journal of the run that the tests read, in a folder that lasts as long as they do. */
let recording: Promise<string> | undefined;
Deno.test.afterAll(async () => {
  const journal = await recording;
  if (journal !== undefined) await Deno.remove(dirname(journal), { recursive: true });
});

/** Makes a run with a sub-call; resolves to its journal. */
async function record(folder: string, words: string[] = []): Promise<string> {
  await Deno.writeTextFile(`${folder}/cellar.txt`, "The key is under the blue pot.\n".repeat(50));
  await using server = new OpenAIServer(TURNS);
  const journal = `${folder}/run.jsonl`;
  const given = ["-c", `${folder}/cellar.txt`, "--journal", journal, ...live(server), ...words];
  const { code, stderr } = await rlm(["Where is the key?", ...given]);
  assertEquals(code, 0, stderr);
  return journal;
}

const live = (server: OpenAIServer) => ["--model", "test-model", "--base-url", server.baseUrl];

/** Leaves of a journal what was written before its second turn began. */
async function cutAfterFirstTurn(journal: string): Promise<void> {
  const lines = (await Deno.readTextFile(journal)).split("\n");
  const end = lines.findIndex((line) => line.includes('"type":"turn_end"'));
  await Deno.writeTextFile(journal, `${lines.slice(0, end + 1).join("\n")}\n`);
}

test("Each subcommand has a help page that fits a terminal of 80 by 24, also without permissions", async () => {
  for (const name of SUBCOMMAND_NAMES) {
    const command = await findSubcommand(name);
    assert(command !== null && command.name === name);
    const page = subcommandPage(command);
    const lines = page.split("\n");
    assert(lines.length <= 23, `${name}: ${lines.length} lines`);
    for (const line of lines) assert(line.length <= 80, line);
    for (const flag of flagsOf(command)) assertMatch(page, new RegExp(`--${flag.name}\\b`));
  }
  const flag = await rlm(["history", "--help"], { permissions: [] });
  assertEquals([flag.code, flag.stderr], [0, ""]);
  assertMatch(flag.stdout, /^rlm history JOURNAL \[flags\]\n/);
  assertEquals(await rlm(["help", "history"], { permissions: [] }), flag);
});

test("C164: mistakes after a subcommand end with 2 and one line", async () => {
  await using folder = await temporaryFolder();
  const none = `${folder.path}/none.jsonl`;
  const cases: [string[], string | RegExp][] = [
    [["replay"], "rlm: rlm replay needs more: write rlm replay JOURNAL [flags]\n"],
    [
      ["history", "a", "b"],
      "rlm: rlm history takes one word, got 2: write rlm history JOURNAL [flags]\n",
    ],
    [["history", "a", "--rol", "x"], "rlm: unknown flag --rol: did you mean --role?\n"],
    [["history", "a", "--journal"], "rlm: unknown flag --journal: see rlm history --help\n"],
    [["history", "a", "--role", "x"], "rlm: --role x: give root, sub, extract or direct\n"],
    [["cache", "empty"], "rlm: rlm cache empty: write rlm cache or rlm cache clear\n"],
    [["help", "me"], /^rlm: rlm help me: no such command, give one of run, view, /],
    [["completion", "tcsh"], "rlm: rlm completion tcsh: give one of bash, zsh, fish\n"],
    [["doctor", "now"], "rlm: rlm doctor takes no words, got now: leave it out\n"],
    [["models", "nobody"], /^rlm: rlm models nobody: no such provider, give one of openai, /],
    [["history", none], /^rlm: Cannot read journal: .*none\.jsonl/],
    [["resume", none], /^rlm: Cannot read journal: .*none\.jsonl/],
  ];
  for (const [words, message] of cases) {
    const { code, stdout, stderr } = await (words.includes(none) ? rlm(words) : rlmHere(words));
    assertEquals([code, stdout], [2, ""], stderr);
    if (typeof message === "string") assertEquals(stderr, message);
    else assertMatch(stderr, message);
  }
});

test("C160: rlm replay says that a run came out the same, without any network", async () => {
  await using folder = await temporaryFolder();
  const journal = await recordedRun(folder.path);
  const permissions = ["--allow-read", "--allow-write", `--allow-run=${Deno.execPath()}`];
  const { code, stdout, stderr } = await rlm(["replay", journal, "--quiet"], { permissions });
  assertEquals(stdout, "the same: 2 turns, each cell's output, and how it ended\n", stderr);
  assertEquals([code, stderr], [0, ""]);
});

test("C160: rlm replay ends with 1 and names what is not as it was recorded", async () => {
  await using folder = await temporaryFolder();
  const journal = await recordedRun(folder.path);
  const text = await Deno.readTextFile(journal);
  await Deno.writeTextFile(
    journal,
    text.replace("SUBMIT(answer='under", "SUBMIT(answer='not under"),
  );
  const { code, stdout } = await rlm(["replay", journal, "--quiet", "--json"]);
  assertEquals(code, 1);
  assertEquals(JSON.parse(stdout), {
    same: false,
    differences: ["the answer is another"],
    turns: 2,
    answer: { answer: "not under the blue pot" },
  });
});

test("C160: rlm replay follows a run that was broken off as far as it goes", async () => {
  await using folder = await temporaryFolder();
  const journal = await recordedRun(folder.path);
  await cutAfterFirstTurn(journal);
  const { code, stdout } = await rlm(["replay", journal, "--quiet"]);
  assertEquals([code, stdout], [0, "the same: 1 turn, each cell's output, and how it ended\n"]);
});

test("C161: rlm resume goes on where a run stopped and asks for nothing twice", async () => {
  await using folder = await temporaryFolder();
  const journal = await recordedRun(folder.path);
  await cutAfterFirstTurn(journal);
  await using server = new OpenAIServer(TURNS.slice(2));
  const { code, stdout, stderr } = await rlm(["resume", journal, ...live(server)]);
  assertEquals([code, stdout], [0, "under the blue pot\n"], stderr);
  assertEquals(server.requests.length, 1);
});

test("C161: --resume goes on with the journal's run, and begins one where there is none", async () => {
  await using folder = await temporaryFolder();
  const journal = await record(folder.path, ["--resume"]);
  await cutAfterFirstTurn(journal);
  await using server = new OpenAIServer(TURNS.slice(2));
  const words = ["-c", `${folder.path}/cellar.txt`, "--journal", journal, "--resume"];
  const again = await rlm(["Where is the key?", ...words, ...live(server)]);
  assertEquals([again.code, again.stdout], [0, "under the blue pot\n"], again.stderr);
  assertEquals(server.requests.length, 1);
});

test("rlm history lists every call, whole on demand, and filters them", async () => {
  await using folder = await temporaryFolder();
  const journal = await recordedRun(folder.path);
  const { code, stdout, stderr } = await rlm(["history", journal]);
  assertEquals([code, stderr], [0, "3 model calls · 45 tokens · cost unknown\n"]);
  assertEquals(stdout.match(/^c\d.*$/gm)?.map((line) => line.replace(/ · [\d.]+ s$/, "")), [
    "c1 · turn 1 · root · test-model · 10 → 5 tokens · cost unknown",
    "c3 · turn 1 · sub · test-model · 10 → 5 tokens · cost unknown",
    "c4 · turn 2 · root · test-model · 10 → 5 tokens · cost unknown",
  ]);
  const sub = await rlm(["history", journal, "--role", "sub", "--verbose"]);
  assertStringIncludes(sub.stdout, "--- user\nWhich colour? The key is under the blue pot.");
  assertStringIncludes(sub.stdout, "--- reply\nblue\n");
  const found = await rlm([
    "history",
    journal,
    "--grep",
    "COLOUR? the KEY",
    "--turn",
    "1",
    "--json",
  ]);
  const calls: { callId: string; reply: string; cost: null }[] = JSON.parse(found.stdout);
  assertEquals(calls.map(({ callId }) => callId), ["c3"]);
  assertEquals([calls[0]?.reply, calls[0]?.cost], ["blue", null]);
});

test("C163: rlm models says which keys are set and never what they are", async () => {
  const key = "sk-test-0123456789abcdef";
  const { code, stdout, stderr } = await rlm(["models"], { env: { OPENAI_API_KEY: key } });
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^openai +key set: OPENAI_API_KEY +https:\/\/api\.openai\.com\/v1$/m);
  assertMatch(stdout, /^ollama +no key needed +http:\/\/localhost:11434\/v1$/m);
  assertFalse(stdout.includes(key));
});

test("C152: rlm models gives prices that are known and says where they are not", async () => {
  const known = await rlm(["models", "openai/gpt-4o", "--json"]);
  const [model] = JSON.parse(known.stdout);
  assertEquals([model.model, model.input, model.output], ["gpt-4o", 2.5, 10]);
  const unknown = await rlm(["models", "openai/none-such"]);
  assertMatch(unknown.stdout, /^none-such +unknown +unknown +unknown +unknown$/m);
  const all = await rlm(["models", "anthropic"]);
  assertMatch(all.stdout, /^claude-\S+ +\$\d/m);
});

test("rlm cache clear removes the snapshots and nothing else", async () => {
  await using folder = await temporaryFolder();
  const { clearCached, listCached } = await import("../lib/host/snapshot.ts");
  await Deno.writeTextFile(`${folder.path}/other.bin`, "not a snapshot");
  assertEquals(await listCached(`${folder.path}/none`), []);
  const file = await copyOfSnapshot(folder.path);
  const made = await listCached(folder.path);
  const { size, mtime } = await Deno.stat(file);
  assertEquals(made.map(({ name, bytes }) => [name, bytes]), [[basename(file), size]]);
  assert((made[0]?.usedAt ?? 0) >= Number(mtime));
  assertEquals(await clearCached(folder.path), made);
  const left = await Array.fromAsync(Deno.readDir(folder.path), ({ name }) => name);
  assertEquals(left, ["other.bin"]);
});

test("--tool gives the guest functions of a module, and what is no tool is told", async () => {
  await using folder = await temporaryFolder();
  const module = `${folder.path}/tools.ts`;
  const source = (body: string) =>
    `import { tool } from ${JSON.stringify(new URL("../mod.ts", import.meta.url).href)};\n${body}`;
  await Deno.writeTextFile(
    module,
    source(`export default { double: tool({ description: "Doubles", parameters: "n: int",
      run: ({ n }) => 2 * n }) };`),
  );
  await using server = new OpenAIServer([
    cell("print(double(21))"),
    cell("SUBMIT(str(double(n=4)))"),
  ]);
  const words = ["q", "-c", "deno.json", "--tool", module, ...live(server)];
  const { code, stdout, stderr } = await rlm(words);
  assertEquals([code, stdout], [0, "8\n"], stderr);
  assertStringIncludes(stderr, "  | 42\n");
  for (
    const [body, message] of [
      ["export default {};", "it has no tools, write export default { name: tool({ … }) }"],
      ["export default { x: 1 };", "x is no tool, make it with tool()"],
      [
        "throw new Error('at once');",
        "it does not load (at once), run it with deno run to see where",
      ],
    ]
  ) {
    await Deno.writeTextFile(module, body ?? "");
    const refused = await rlm(words);
    assertEquals([refused.code, refused.stderr], [2, `rlm: --tool ${module}: ${message}\n`]);
  }
  const missing = await rlm(["q", "-c", "deno.json", "--tool", "none.ts", ...live(server)]);
  assertEquals(
    [missing.code, missing.stderr],
    [2, "rlm: --tool none.ts: no such module, or one that it imports is missing, check the path\n"],
  );
});
