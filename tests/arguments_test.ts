/** The command line: every form that is accepted, and the one line that answers each mistake. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseCommand, type RunArguments } from "../lib/cli/arguments.ts";
import { FLAGS } from "../lib/cli/flags.ts";
import { helpPage, runPage } from "../lib/cli/help.ts";
import { SUBCOMMAND_NAMES } from "../lib/cli/subcommands.ts";
import { UsageError } from "../lib/cli/usage_error.ts";

function parseRun(...words: string[]): RunArguments {
  const command = parseCommand(words);
  assert(command.kind === "run");
  return command.run;
}

Deno.test("C164: a question alone gives the defaults", () => {
  assertEquals(parseRun("Who?"), {
    question: "Who?",
    contexts: [],
    maxContextBytes: 256 * 1024 * 1024,
    signature: null,
    schemaFile: null,
    instructions: null,
    model: null,
    subModel: null,
    baseUrl: null,
    limits: {},
    tools: [],
    packages: [],
    packagesFrom: null,
    allow: { read: [], write: [], net: [], env: [] },
    output: "text",
    journal: null,
    html: null,
    resume: false,
    detail: "normal",
  });
});

Deno.test("Every flag with a value is read in both spellings, and its value may begin with a dash", () => {
  const words = [
    "-c",
    "-",
    "--model",
    "a/b",
    "--instructions=-x",
    "--sub-model=c=d",
    "-j",
    "-run.jsonl",
  ];
  const run = parseRun("q", ...words);
  assertEquals(run.contexts, [{ name: null, source: "-" }]);
  assertEquals([run.model, run.instructions, run.subModel, run.journal], [
    "a/b",
    "-x",
    "c=d",
    "-run.jsonl",
  ]);
});

Deno.test("Contexts keep their order, and a name before an equals sign names the variable", () => {
  const run = parseRun(
    "-c",
    "a.txt",
    "q",
    "--context",
    "wörter=b=c.txt",
    "-c",
    "./x=y",
    "-c=http://h/?a=b",
  );
  assertEquals(run.contexts, [
    { name: null, source: "a.txt" },
    { name: "wörter", source: "b=c.txt" },
    { name: null, source: "./x=y" },
    { name: null, source: "http://h/?a=b" },
  ]);
});

Deno.test("Limits arrive under the library's names, and only those that were given", () => {
  const run = parseRun(
    ...["q", "--max-turns", "5", "--max-calls", "0", "--max-tokens=1_000", "--max-cost", "0.25"],
    ...["--max-seconds", "1.5", "--max-depth", "2", "--direct-tokens", "9"],
  );
  assertEquals(run.limits, {
    maxIterations: 5,
    maxLlmCalls: 0,
    maxTokens: 1000,
    maxCost: 0.25,
    maxSeconds: 1.5,
    maxDepth: 2,
    directTokens: 9,
  });
});

Deno.test("Grants for the guest are collected by kind", () => {
  const run = parseRun(
    "q",
    "--allow-read",
    "a",
    "--allow-read=b",
    "--allow-net",
    "h:1",
    "--allow-env",
    "E",
    "--package",
    "numpy",
    "--package=six.whl",
    "--packages-from",
    "wheels",
  );
  assertEquals([run.packages, run.packagesFrom], [["numpy", "six.whl"], "wheels"]);
  assertEquals(run.allow, { read: ["a", "b"], write: [], net: ["h:1"], env: ["E"] });
});

Deno.test("What follows a double dash is the question, whatever it looks like", () => {
  assertEquals(parseRun("-q", "--", "--help").question, "--help");
  assertEquals(parseRun("42").question, "42");
});

Deno.test("Help and version win over everything else", () => {
  assertEquals(parseCommand(["--help", "--max-turns", "x"]), { kind: "help", whole: false });
  assertEquals(parseCommand(["--help", "--verbose"]), { kind: "help", whole: true });
  assertEquals(parseCommand(["-V"]), { kind: "version" });
});

const MISTAKES: [words: string[], message: string][] = [
  [[], 'no question: write it in quotes, as in rlm "Who is mentioned?" -c FILE'],
  [["  "], 'no question: write it in quotes, as in rlm "Who is mentioned?" -c FILE'],
  [
    ["Who", "is"],
    `2 questions, "Who" and "is": put the question in quotes, and a pattern of files too, as in -c '*.txt'`,
  ],
  [["docter"], "no command docter: did you mean rlm doctor? (for a question, give -c SOURCE too)"],
  [
    ["hist", "run.jsonl"],
    "no command hist: did you mean rlm history? (for a question, give -c SOURCE too)",
  ],
  [["q", "--modle", "x"], "unknown flag --modle: did you mean --model?"],
  [["q", "--max-turn=3"], "unknown flag --max-turn: did you mean --max-turns?"],
  [["q", "--frobnicate"], "unknown flag --frobnicate: see rlm help run"],
  [["q", "-z"], "unknown flag -z: see rlm help run"],
  [["q", "-c"], "-c needs a value: write -c SOURCE"],
  [["q", "--model="], "--model needs a value: write --model NAME"],
  [["q", "--model", "--json"], "--model needs a value: write --model NAME"],
  [["q", "--json=yes"], "--json takes no value: write --json alone"],
  [["q", "-c", "name="], "--context name=: nothing after the equals sign, give NAME=FILE"],
  [["q", "--max-turns", "0"], "--max-turns 0: give a whole number of at least 1"],
  [["q", "--max-calls", "1.5"], "--max-calls 1.5: give a whole number of at least 0"],
  [["q", "--max-cost", "cheap"], "--max-cost cheap: give a number above 0"],
  [["q", "--model", "a", "--model", "b"], "--model: given twice, give it once"],
  [
    ["q", "--base-url", "localhost:8000"],
    "--base-url localhost:8000: not an http address, give one such as http://localhost:11434/v1",
  ],
  [["q", "--quiet", "--verbose"], "--quiet and --verbose exclude each other: give one of them"],
  [
    ["q", "--json", "--stream-json"],
    "--json and --stream-json exclude each other: give one of them",
  ],
  [["q", "--resume"], "--resume: it is not said with what, give --journal FILE too"],
  [
    ["q", "--schema", "a", "--signature", "b"],
    "--signature and --schema both say what the answer is: give one of them",
  ],
];

for (const [words, message] of MISTAKES) {
  Deno.test(`C164: rlm ${words.join(" ")} is answered with the remedy`, () => {
    assertEquals(assertThrows(() => parseCommand(words), UsageError).message, message);
  });
}

Deno.test("The first page of help fits a terminal of 80 by 24 with a prompt below, and names every command", () => {
  const lines = helpPage().split("\n");
  assert(lines.length <= 23, `${lines.length} lines`);
  for (const line of lines) assert(line.length <= 80, line);
  for (const name of SUBCOMMAND_NAMES) assert(lines.some((line) => line.startsWith(`  ${name} `)));
});

Deno.test("The page of a run names every flag, each on a line of 80 columns", () => {
  const lines = runPage().split("\n");
  for (const line of lines) assert(line.length <= 80, line);
  for (const { name } of FLAGS) assert(lines.some((line) => line.includes(`--${name} `)), name);
});

Deno.test("A question that is nearly the name of a command is a question where there is a context", () => {
  assertEquals(parseRun("docter", "-c", "a.txt").question, "docter");
});
