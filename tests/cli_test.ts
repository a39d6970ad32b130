/** The real command, as a process, with a real sandbox and a real HTTP server that speaks the OpenAI protocol. */
import { assert, assertEquals, assertFalse, assertMatch, assertStringIncludes } from "@std/assert";
import { type Finished, PERMISSIONS, rlm, RunningCommand } from "./fixtures/command.ts";
import { closedBaseUrl, OpenAIServer, type ServerReply } from "./fixtures/openai_server.ts";
import { testsSideBySide } from "./fixtures/side_by_side.ts";

const test = testsSideBySide("the command, as a process");

const TEXT = "The key of the cellar is under the blue pot.\n".repeat(2000);

const cell = (code: string): ServerReply => ({ text: `\`\`\`python\n${code}\n\`\`\`` });

const LOOK_AND_ANSWER: readonly ServerReply[] = [
  cell("print(len(context), context[:44])"),
  cell("SUBMIT(answer='under the blue pot')"),
];

/** Runs a test in a folder that holds a file with the text. */
async function withFile(run: (file: string, folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/cellar.txt`, TEXT);
    await run(`${folder}/cellar.txt`, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Words that every live run needs. */
const live = (server: OpenAIServer) => ["--model", "test-model", "--base-url", server.baseUrl];

/** Asserts on everything that a command left when it was refused before it started. */
function assertRefused(finished: Finished, code: number, message: string | RegExp): void {
  assertEquals(finished.stdout, "");
  if (typeof message === "string") assertEquals(finished.stderr, `${message}\n`);
  else assertMatch(finished.stderr, message);
  assertEquals(finished.stderr.trimEnd().split("\n").length, 1, finished.stderr);
  assertEquals(finished.code, code);
}

test("C164: the answer alone is on stdout, the turns are on stderr, and the exit code is 0", () =>
  withFile(async (file) => {
    await using server = new OpenAIServer(LOOK_AND_ANSWER);
    const { code, stdout, stderr } = await rlm(["Where is the key?", "-c", file, ...live(server)]);
    assertEquals(stdout, "under the blue pot\n", stderr);
    assertEquals(code, 0);
    assertStringIncludes(stderr, "context: 90,000 characters in 1 file\n");
    assertStringIncludes(stderr, "turn 1 of at most 20\n  > print(len(context), context[:44])\n");
    assertStringIncludes(stderr, "  | 90000 The key of the cellar is under the blue pot.\n");
    assertStringIncludes(stderr, "  answer submitted\n");
    assertMatch(
      stderr,
      /2 turns · 2 model calls · 30 tokens · cost unknown · .*characters of 90,000/,
    );
    assertFalse(stderr.includes("\x1b"), "colours or cursor moves without a terminal");
  }));

test("C164: --json prints one object, with sub-calls counted, and --quiet nothing on stderr", () =>
  withFile(async (file) => {
    await using server = new OpenAIServer(({ body }) => {
      const asked = JSON.stringify(body.messages);
      if (asked.includes("the guest has read")) return cell("SUBMIT(words=[word], n=len(context))");
      if (asked.includes("Answer with one word")) return { text: "pot" };
      const prompt = "'Answer with one word: ' + context[:44]";
      return cell(`word = llm_query(${prompt})\nprint('the guest has read', word)`);
    });
    const words = ["--signature", "words: list[str], n: int", "--json", "--quiet"];
    const { code, stdout, stderr } = await rlm(["Where?", "-c", file, ...words, ...live(server)]);
    assertEquals([code, stderr], [0, ""]);
    const { seconds, usage, ...result } = JSON.parse(stdout);
    assertEquals(result, {
      type: "result",
      answer: { words: ["pot"], n: 90_000 },
      stopReason: "submitted",
      error: null,
      turns: 2,
    });
    assert(seconds > 0);
    assertEquals([usage.calls, usage.inputTokens, usage.cost], [3, 30, null]);
  }));

test("C164: --stream-json prints each event as a line, and the result last", () =>
  withFile(async (file) => {
    await using server = new OpenAIServer(LOOK_AND_ANSWER);
    const { code, stdout } = await rlm(["Where?", "-c", file, "--stream-json", ...live(server)]);
    assertEquals(code, 0);
    const lines = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    const types = lines.map(({ type }) => type);
    assertEquals([types[0], types.at(-2), types.at(-1)], ["run_start", "run_end", "result"]);
    assertEquals(
      lines.slice(0, -1).map(({ seq }) => seq),
      lines.slice(0, -1).map((_, index) => index),
    );
    assertEquals(lines.at(-1).answer, { answer: "under the blue pot" });
  }));

test("C164: an answer taken at a limit is printed with a warning; no answer at a limit ends with 3", () =>
  withFile(async (file) => {
    await using answers = new OpenAIServer([cell("print(1)"), { text: '{"answer": "a pot"}' }]);
    const taken = await rlm(["q", "-c", file, "--max-turns", "1", ...live(answers)]);
    assertEquals([taken.code, taken.stdout], [0, "a pot\n"], taken.stderr);
    assertStringIncludes(taken.stderr, "the answer was put together from what the turns had found");
    await using silent = new OpenAIServer([cell("print(1)"), { text: "I do not know" }]);
    const none = await rlm(["q", "-c", file, "--max-turns", "1", ...live(silent)]);
    assertEquals([none.code, none.stdout], [3, ""], none.stderr);
    assertMatch(none.stderr, /^rlm: .*answer/m);
  }));

test("C162: --direct-tokens asks about a small input in one call, without Python, and says so", () =>
  withFile(async (file) => {
    await using server = new OpenAIServer([{ text: '{"answer": "a pot"}' }]);
    const words = ["q", "-c", file, "--direct-tokens", "50_000", ...live(server)];
    const { code, stdout, stderr } = await rlm(words);
    assertEquals([code, stdout], [0, "a pot\n"], stderr);
    assertMatch(stderr, /^one call with the whole input, [\d,]+ tokens$/m);
    assertMatch(
      stderr,
      /^0 turns · 1 model call · .*the model saw [\d,]+ characters, the input has 90,000$/m,
    );
    assertStringIncludes(stderr, "the answer is one reply to the whole input, without Python");
  }));

test("Several contexts arrive under their names, a folder as a dict by path", () =>
  withFile(async (file, folder) => {
    await using server = new OpenAIServer([
      cell("print(sorted(context)[0][-10:], len(notes), type(context).__name__)"),
      cell("SUBMIT('ok')"),
    ]);
    const { stdout, stderr } = await rlm([
      "q",
      "-c",
      folder,
      "-c",
      `notes=${file}`,
      ...live(server),
    ]);
    assertEquals(stdout, "ok\n", stderr);
    assertStringIncludes(stderr, "  | cellar.txt 90000 dict\n");
  }));

test("What is piped in is the context, asked for or not", async () => {
  await using server = new OpenAIServer([cell("print(context)"), cell("SUBMIT(context.strip())")]);
  const asked = await rlm(["q", "-c", "-", ...live(server)], { stdin: "piped text\n" });
  assertEquals([asked.code, asked.stdout], [0, "piped text\n"], asked.stderr);
  await using again = new OpenAIServer([cell("print(context)"), cell("SUBMIT(context.strip())")]);
  const unasked = await rlm(["q", ...live(again)], { stdin: "piped text\n" });
  assertEquals([unasked.code, unasked.stdout], [0, "piped text\n"], unasked.stderr);
});

test("C163: the key reaches the server and nothing else", () =>
  withFile(async (file, folder) => {
    await using server = new OpenAIServer([
      cell("import os\nprint(dict(os.environ))"),
      cell("SUBMIT('done')"),
    ]);
    const key = "sk-test-0123456789abcdef";
    const journal = `${folder}/run.jsonl`;
    const words = ["q", "-c", file, "--journal", journal, "--stream-json", ...live(server)];
    const { code, stdout, stderr } = await rlm(words, { env: { OPENAI_API_KEY: key } });
    assertEquals(code, 0, stderr);
    assertEquals(server.last.headers.get("authorization"), `Bearer ${key}`);
    for (const text of [stdout, stderr, await Deno.readTextFile(journal)]) {
      assertFalse(text.includes(key));
    }
  }));

test("C164: mistakes on the command line end with 2, one line and nothing else", async () => {
  const cases: [string[], string][] = [
    [[], 'rlm: no question: write it in quotes, as in rlm "Who is mentioned?" -c FILE'],
    [["q", "--modle", "m"], "rlm: unknown flag --modle: did you mean --model?"],
    [
      ["q", "-c", "deno.json"],
      "rlm: no model: give --model openai/gpt-5 or another, or set RLM_MODEL",
    ],
    [
      ["q", "--model", "ollama/m"],
      "rlm: no context: name what to read with -c FILE, or pipe it in",
    ],
    [
      ["q", "--model", "ollama/m", "-c", "nowhere.txt"],
      "rlm: cannot read nowhere.txt: no such file or folder, check the path",
    ],
  ];
  for (const [words, message] of cases) assertRefused(await rlm(words), 2, message);
});

test("C164: a missing key ends with 4 and names the variable", async () => {
  const finished = await rlm(["q", "-c", "deno.json", "--model", "openai/gpt-5"]);
  assertRefused(
    finished,
    4,
    "rlm: Cannot ask openai/gpt-5: OPENAI_API_KEY is not set; set it in the environment (export OPENAI_API_KEY=...)",
  );
});

test("C164: a server that refuses the key, does not know the model or is not there ends with 4", () =>
  withFile(async (file) => {
    const error = (status: number, message: string) => ({ status, error: { message } });
    await using unauthorized = new OpenAIServer([error(401, "bad key")]);
    await using unknown = new OpenAIServer([error(404, "no such model")]);
    const cases = [
      [unauthorized.baseUrl, /^rlm: .*(401|key)/m],
      [unknown.baseUrl, /^rlm: .*test-model/m],
      [
        closedBaseUrl(),
        /^warning: [^;]*refused[^;]*; asking test-model again in [\d.]+ s$[^]*^rlm: .*127\.0\.0\.1/m,
      ],
    ] as const;
    // Together: the last one waits for most of its time.
    await Promise.all(cases.map(async ([baseUrl, pattern]) => {
      const { code, stdout, stderr } = await rlm(
        ["q", "-c", file, "--model", "test-model", "--base-url", baseUrl, "--max-seconds", "60"],
      );
      assertEquals([code, stdout], [4, ""], stderr);
      assertMatch(stderr, pattern);
    }));
  }));

test("Nothing is written where a mistake ends the command before the run", () =>
  withFile(async (_file, folder) => {
    const journal = `${folder}/run.jsonl`;
    const words = ["q", "-c", `${folder}/missing.txt`, "--journal", journal, "--model", "ollama/m"];
    assertEquals((await rlm(words)).code, 2);
    const left = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    assertEquals(left, ["cellar.txt"]);
  }));

test("A permission that Deno was not given is one line that names the flag", () =>
  withFile(async (file) => {
    const permissions = ["--allow-env", "--allow-net"];
    const finished = await rlm(["q", "-c", file, "--model", "ollama/m"], { permissions });
    assertRefused(
      finished,
      1,
      `rlm: Deno gave no permission: read access to "${file}"; run again with --allow-read=${file}`,
    );
  }));

test("C141: a sandbox that may not be started ends with 5 and the flag", () =>
  withFile(async (file) => {
    await using server = new OpenAIServer(LOOK_AND_ANSWER);
    const permissions = PERMISSIONS.filter((flag) => !flag.startsWith("--allow-run"));
    const { code, stdout, stderr } = await rlm(["q", "-c", file, ...live(server)], { permissions });
    assertEquals([code, stdout], [5, ""], stderr);
    assertMatch(stderr, /^rlm: .*--allow-run/m);
  }));

test("C164: Ctrl-C once ends the run, prints the best answer so far, and exits with 130", () =>
  withFile(async (file) => {
    await using server = new OpenAIServer((_request, n) =>
      n === 0 ? cell("print(1)\nSUBMIT(answer='maybe', n='many')") : { text: "", delayMs: 60_000 }
    );
    const words = ["q", "-c", file, "--signature", "answer: str, n: int", ...live(server)];
    const command = new RunningCommand(words, {});
    await command.shows("turn 2 of");
    command.signal("SIGINT");
    const { code, stdout, stderr } = await command.finished();
    assertEquals(code, 130, stderr);
    assertEquals(JSON.parse(stdout), { answer: "maybe", n: "many" });
    assertStringIncludes(
      stderr,
      "interrupted: ending the run; press Ctrl-C again to quit at once\n",
    );
  }));

test("C164: Ctrl-C with no answer yet leaves stdout empty, and says how to go on", () =>
  withFile(async (file, folder) => {
    await using server = new OpenAIServer([{ text: "", delayMs: 60_000 }]);
    const journal = `${folder}/run.jsonl`;
    const words = ["q", "-c", file, "--journal", journal, ...live(server)];
    const command = new RunningCommand(words, {});
    await command.shows("turn 1 of");
    command.signal("SIGINT");
    const { code, stdout, stderr } = await command.finished();
    assertEquals([code, stdout], [130, ""]);
    assertStringIncludes(stderr, `\nrlm: interrupted; to go on: rlm resume ${journal}\n`);
  }));

test("Help and version are on stdout, also without any permission", async () => {
  const help = await rlm(["--help"], { permissions: [] });
  assertEquals([help.code, help.stderr], [0, ""]);
  assertMatch(help.stdout, /^rlm "QUESTION" -c SOURCE/);
  assertEquals(await rlm(["help"], { permissions: [] }), help);
  const version = await rlm(["--version"], { permissions: [] });
  assertEquals([version.code, version.stderr], [0, ""]);
  assertMatch(
    version.stdout,
    /^rlm \d+\.\d+\.\d+ \(deno \d+\.\d+\.\d+, pyodide \d+\.\d+\.\d+\)\n$/,
  );
});
