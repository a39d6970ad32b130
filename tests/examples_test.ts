/** The examples: each is short, says how it is run, and does what it says, with a scripted model or a loopback server. */
import { assertEquals, assertLess, assertMatch, assertStringIncludes, fail } from "@std/assert";
import { OpenAIServer, type ServerReply } from "./fixtures/openai_server.ts";
import { testsSideBySide } from "./fixtures/side_by_side.ts";
import { ROOT } from "./project_files.ts";

/** Parts of the demo, which has a test of its own. */
const DEMO = ["demo", "removals", "standard_library"];

/** What an example prints on stdout: all of it, or a pattern of it. */
const PRINTED: Readonly<Record<string, string | RegExp>> = {
  quickstart: "100000 submitted 2 turns\n",
  typed_outputs: '{ city: "Oslo", nights: 2, mood: "good", known: null }\n',
  zod_schema: "launch 1969\n",
  custom_tools: "Ada 57\n",
  two_models: "2 of 3\nroot planner 2\nsub reader 3\n",
  many_documents: 'Late delivery costs 5 % a week. [ "contract_77.txt" ]\n',
  structured_extraction: "R-1 99.5 paid\nR-2 10 open\n",
  data_analysis: "2025-07 21.85\n",
  code_base: /^errors\.ts: BudgetError\n(.*\n)*errors\.ts: SubmissionError\n/m,
  recursion: '2024 { "2023": 9, "2024": 18, "2025": 1 }\n',
  streaming:
    'turn 1\n  > print(len(context))\n  | 14000\nturn 2\n  > SUBMIT(answer=context[:5])\nsubmitted { answer: "Hello" }\n',
  sandbox_only: "ok 2\nerror FileNotFoundError\ntimeout\nok 6\n",
  file_permissions: /^refused: \w+Error\nwritten 7\n$/,
  budget: "the best so far extracted maxIterations 4\nmaxCost 0 0.000001\n",
  resume: "stopped: gone\n3000 2 turns, 1 paid for now\n",
  batch: "banana 3\npapaya 3\ncherry 0\nkiwi 0\n",
};

/** Examples of providers, with the variables that lead them to a server on loopback, and what is asked of it. */
const PROVIDERS: Readonly<
  Record<string, { env: (baseUrl: string) => Record<string, string>; model: string; key: string }>
> = {
  ollama: {
    env: (baseUrl) => ({ OLLAMA_HOST: baseUrl.replace("/v1", "") }),
    model: "qwen3",
    key: "",
  },
  azure: {
    env: (baseUrl) => ({
      AZURE_OPENAI_ENDPOINT: baseUrl.replace("/v1", "/openai/v1"),
      AZURE_OPENAI_API_KEY: "azure-key",
      AZURE_OPENAI_DEPLOYMENT: "my-deployment",
    }),
    model: "my-deployment",
    key: "azure-key",
  },
  openrouter: {
    env: (baseUrl) => ({ OPENROUTER_BASE_URL: baseUrl, OPENROUTER_API_KEY: "router-key" }),
    model: "qwen/qwen3-coder",
    key: "router-key",
  },
};

/** The environment without a user's own settings, which would reach an example. */
const ENVIRONMENT = Object.fromEntries(
  Object.entries(Deno.env.toObject()).filter(([name]) =>
    !/^RLM_|_API_KEY$|^OPEN|^OLLAMA/.test(name)
  ),
);

const names = (await Array.fromAsync(Deno.readDir(new URL("examples/", ROOT))))
  .filter(({ isFile, name }) => isFile && name.endsWith(".ts"))
  .map(({ name }) => name.replace(/\.ts$/, ""))
  .sort();

const textOf = (name: string) => Deno.readTextFile(new URL(`examples/${name}.ts`, ROOT));

/** An example as the command in its first line starts it. */
async function commandOf(
  name: string,
  options: Deno.CommandOptions & { readonly env?: Record<string, string> } = {},
): Promise<Deno.Command> {
  const [line = ""] = (await textOf(name)).split("\n");
  const [, args = ""] = /^\/\/ (?:[A-Z_]+=\S+ )*deno (run -A examples\/\w+\.ts)/.exec(line) ?? [];
  return new Deno.Command(Deno.execPath(), {
    ...options,
    args: args.split(" "),
    cwd: ROOT,
    clearEnv: true,
    env: { ...ENVIRONMENT, NO_COLOR: "1", ...options.env },
    stdin: "null",
  });
}

/** Runs an example to its end. */
async function printed(name: string, env: Record<string, string> = {}): Promise<string> {
  const { code, stdout, stderr } = await (await commandOf(name, { env })).output();
  const [out = "", error = ""] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals(code, 0, out + error);
  return out;
}

Deno.test("Each example has under 40 lines, and its first line is the command that runs it", async () => {
  for (const name of names) {
    const lines = (await textOf(name)).trimEnd().split("\n");
    assertLess(lines.length, 40, name);
    const command = DEMO.includes(name)
      ? /^\/\/ deno task demo$/
      : new RegExp(`^// ([A-Z_]+=\\S+ )*deno run -A examples/${name}\\.ts( \\[\\w+\\])?$`);
    assertMatch(lines[0] ?? "", command);
  }
});

Deno.test("Each example is run by a test", () => {
  const tested = [...DEMO, "server", ...Object.keys(PRINTED), ...Object.keys(PROVIDERS)];
  assertEquals(names, tested.sort());
});

const test = testsSideBySide("each example does what it says");

for (const [name, expected] of Object.entries(PRINTED)) {
  test(`The example ${name} prints what it should, without a key`, async () => {
    const out = await printed(name);
    if (typeof expected === "string") assertEquals(out, expected);
    else assertMatch(out, expected);
  });
}

const ANSWER: ServerReply[] = [
  { text: "```python\nprint(context[:20])\n```" },
  { text: "```python\nSUBMIT(len(context.splitlines()))\n```" },
];

for (const [name, { env, model, key }] of Object.entries(PROVIDERS)) {
  test(`The example ${name} asks its model of its server, with its key`, async () => {
    await using server = new OpenAIServer(ANSWER);
    assertMatch(await printed(name, env(server.baseUrl)), /^10000 2 calls( null| [\d.]+)?\n$/);
    assertEquals(server.requests.map(({ body }) => body.model), [model, model]);
    const headers = [...server.last.headers.values()].join("\n");
    assertStringIncludes(headers, key);
  });
}

test("The example server answers whoever waits or follows, refuses what is no task, and ends on Ctrl-C", async () => {
  const port = freePort();
  const address = `http://127.0.0.1:${port}/runs`;
  const options = { env: { PORT: String(port) }, stdout: "null", stderr: "null" } as const;
  const process = (await commandOf("server", options)).spawn();
  try {
    await listening(port);
    const ask = (inputs: unknown, headers: Record<string, string> = {}) =>
      fetch(address, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify({ inputs }),
      });
    const inputs = { context: "a whale", query: "What is it?" };
    assertEquals((await (await ask(inputs)).json()).answer, { answer: "whale" });
    const events = await (await ask(inputs, { accept: "text/event-stream" })).text();
    assertStringIncludes(events, '"type":"run_start"');
    assertStringIncludes(events, '"answer":{"answer":"whale"}');
    const refused = await ask({});
    assertEquals([refused.status, (await refused.json()).code], [422, "bad_inputs"]);
    process.kill("SIGINT");
    assertEquals((await process.status).code, 0);
  } finally {
    await process[Symbol.asyncDispose]();
  }
});

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Settles when something listens on a port, or fails after 20 s. */
async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  fail(`nothing listens on port ${port} after 20 s`);
}
