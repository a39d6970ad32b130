/** `rlm view`, and the page of `--html`: what is written, where, and what is said when it can't be. */
import { assert, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { HtmlPage, writeWhole } from "../lib/cli/html_page.ts";
import { main } from "../lib/cli/main.ts";
import { rlm as rlmProcess } from "./fixtures/command.ts";
import { OpenAIServer } from "./fixtures/openai_server.ts";
import { RunEvents } from "./fixtures/drawn_run.ts";

const RECORDING = `${import.meta.dirname}/../examples/recordings/removals.jsonl`;

/** Runs the command with what it says. */
async function rlm(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ["", ""];
  const code = await main(words, {
    stdout: (text) => stdout += text,
    stderr: (text) => stderr += text,
    deno: Deno.version.deno,
  });
  return { code, stdout, stderr };
}

/** Runs `work` with a folder that is removed afterwards. */
async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
}

Deno.test("rlm view writes the page and prints where it is", async () => {
  await inFolder(async (folder) => {
    const out = `${folder}/a page.html`;
    assertEquals(await rlm("view", RECORDING, "--out", out), {
      code: 0,
      stdout: `${out}\n`,
      stderr: "",
    });
    const html = await Deno.readTextFile(out);
    assertStringIncludes(html, "<title>removals.jsonl · rlm</title>");
    assertEquals(await namesIn(folder), ["a page.html"]);
  });
});

Deno.test("rlm view writes beside the journal, with an ending for each format", async () => {
  await inFolder(async (folder) => {
    await Deno.copyFile(RECORDING, `${folder}/run.jsonl`);
    await Deno.symlink(`${RECORDING}.d`, `${folder}/run.jsonl.d`);
    for (const format of ["html", "trace", "graph", "graphml", "rlm-jsonl"]) {
      assertEquals((await rlm("view", `${folder}/run.jsonl`, "-f", format)).code, 0);
    }
    assertEquals(await namesIn(folder), [
      "run.graph.json",
      "run.graphml",
      "run.html",
      "run.jsonl",
      "run.jsonl.d",
      "run.rlm.jsonl",
      "run.trace.json",
    ]);
    const trace = JSON.parse(await Deno.readTextFile(`${folder}/run.trace.json`));
    assertEquals(trace.traceEvents[0].name, "process_name");
  });
});

Deno.test("rlm view --out - prints what it would write", async () => {
  const { code, stdout } = await rlm("view", RECORDING, "--format", "graph", "--out", "-");
  assertEquals(code, 0);
  assertEquals(JSON.parse(stdout).nodes[0].kind, "run");
});

const MISTAKES: [string[], number, string][] = [
  [["view"], 2, "rlm: rlm view needs more: write rlm view JOURNAL [flags]\n"],
  [
    ["view", RECORDING, "-f", "pdf"],
    2,
    "rlm: --format pdf: give one of html, trace, graph, graphml, rlm-jsonl\n",
  ],
  [
    ["view", RECORDING, "-o", RECORDING],
    2,
    `rlm: --out ${RECORDING}: that is the journal itself, name another file\n`,
  ],
  [
    ["view", RECORDING, "-o", "/no/such/folder/x.html"],
    2,
    "rlm: --out /no/such/folder/x.html: it cannot be written, there is no such folder\n",
  ],
  [
    ["view", "/no/such/run.jsonl"],
    2,
    "rlm: Cannot read journal: /no/such/run.jsonl: there is no such file, check the path\n",
  ],
  [
    ["view", "README.md"],
    2,
    "rlm: Cannot read journal: README.md:1 is not a journal: its first line is not JSON\n",
  ],
];

for (const [words, code, stderr] of MISTAKES) {
  Deno.test(`rlm ${words.join(" ").replaceAll(RECORDING, "JOURNAL")} is answered with the remedy`, async () => {
    assertEquals(await rlm(...words), { code, stdout: "", stderr });
  });
}

Deno.test("The page of a run is written at its start, after each turn and at its end, whole each time", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/run.html`;
    const page = new HtmlPage(path, (error) => {
      throw error;
    });
    page.describe({ title: "What goes?" });
    const run = new RunEvents().start().turn("print('first')").end().turn("print('second')").end();
    let shown = "";
    for (const event of run.finish()) {
      page.add(event);
      if (event.type !== "turn_end" && event.type !== "run_start") continue;
      await page.written();
      const html = await Deno.readTextFile(path);
      assert(html.endsWith("</html>\n"));
      assertStringIncludes(html, '"running":true');
      assertFalse(html === shown);
      shown = html;
    }
    await page.written();
    assertStringIncludes(await Deno.readTextFile(path), '"running":false');
    assertEquals(await namesIn(folder), ["run.html"]);
  });
});

Deno.test("A page that cannot be written is told of once and does not disturb the run", async () => {
  const errors: unknown[] = [];
  const page = new HtmlPage("/no/such/folder/run.html", (error) => errors.push(error));
  for (const event of new RunEvents().start().turn("1").end().turn("2").end().finish()) {
    page.add(event);
    await page.written();
  }
  assertEquals(errors.length, 1);
});

Deno.test("A file that cannot be replaced keeps what it had, and nothing is left beside it", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/taken`);
    await Deno.writeTextFile(`${folder}/taken/kept`, "kept");
    const failed = await writeWhole(`${folder}/taken`, "new").then(() => false, () => true);
    assert(failed);
    assertEquals(await namesIn(folder), ["taken"]);
    assertEquals(await namesIn(`${folder}/taken`), ["kept"]);
  });
});

Deno.test("--html leaves the page of the whole run, with the question and the size of the input", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/cellar.txt`, "The key is under the pot.\n".repeat(1000));
    await using server = new OpenAIServer([
      { text: "```python\nprint(len(context))\n```" },
      { text: "```python\nSUBMIT(answer='under the pot')\n```" },
    ]);
    const model = ["--model", "test-model", "--base-url", server.baseUrl];
    const page = `${folder}/run.html`;
    const words = ["Where is the key?", "-c", `${folder}/cellar.txt`, "--html", page, ...model];
    const { code, stderr } = await rlmProcess(words);
    assertEquals(code, 0, stderr);
    const html = await Deno.readTextFile(page);
    assertStringIncludes(html, "<title>Where is the key? · rlm</title>");
    for (
      const part of ['"running":false', '"turns":2', '"inputChars":26000', "print(len(context))"]
    ) {
      assertStringIncludes(html, part);
    }
    assertEquals(await namesIn(folder), ["cellar.txt", "run.html"]);
  });
});
