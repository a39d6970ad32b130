/** Drives this project: its sandbox for rows of a cell, its RLM for rows of a run. */
import { createSandbox, type Sandbox } from "../../../lib/host/mod.ts";
import { OpenAIModel, RLM, tool } from "../../../mod.ts";
import { millisecondsOf, spreadOf, timesOf } from "../measure.ts";
import { type DriverRequest, serve, textOf } from "./wire.ts";

/** Soft deadline of the cells that never end; everything else keeps the default of 30 s. */
const TIMEOUT_MS = 2_000;

const echo = tool({
  description: "Gives it back",
  parameters: "text: str",
  run: ({ text }) => text,
});
const slow = tool({
  description: "Takes 0.3 s",
  parameters: "n: int",
  concurrent: true,
  run: ({ n }) => new Promise<string>((resolve) => setTimeout(() => resolve(String(n)), 300)),
});

/** Sandboxes that rows share. */
const shared: Sandbox[] = [];
const warm = lazily(() => createSandbox({ tools: { echo, slow } }));
const survivor = lazily(() => createSandbox({ timeoutMs: TIMEOUT_MS, tools: { echo } }));

await serve({
  async start() {
    const sandbox = await millisecondsOf(async () => {
      const started = await createSandbox();
      expect((await started.execute("1 + 1")).value, "2");
      shared.push(started);
    });
    return { sandbox };
  },

  async cell({ count }) {
    const sandbox = await warm();
    return { cell: spreadOf(await timesOf(count, () => sandbox.execute("None"))).median };
  },

  async tool({ count }) {
    const sandbox = await warm();
    await sandbox.execute("echo('x')");
    const cell = await millisecondsOf(() => sandbox.execute(`for _ in range(${count}): echo('x')`));
    return { call: cell / count };
  },

  async tools8() {
    const sandbox = await warm();
    const cell = await millisecondsOf(async () => {
      expect((await sandbox.execute("len([slow(n) for n in range(8)])")).value, "8");
    });
    return { cell };
  },

  async input({ megabytes }, ready) {
    const context = textOf(megabytes);
    await using sandbox = await createSandbox({ memoryMb: 4_096 });
    await sandbox.execute("1");
    await ready();
    const turn = async () =>
      expect((await sandbox.execute("len(context)")).value, String(context.length));
    const first = await millisecondsOf(async () => {
      await sandbox.bind({ context });
      await turn();
    });
    return { first, later: await millisecondsOf(turn) };
  },

  async survival({ code }, ready) {
    const sandbox = await survivor();
    await sandbox.execute("kept = 41");
    await ready();
    let said = "";
    const milliseconds = await millisecondsOf(async () => {
      const { status, error, value, submission, restored } = await sandbox.execute(code);
      const text = error === null ? value : `${error.type}: ${error.message}`;
      const from = restored === null ? "" : `, a new guest from ${restored.from}`;
      said = `${status}${from}: ${text ?? Object.values(submission ?? {}).map(String).join()}`;
    });
    const { value } = await sandbox.execute("kept + 1");
    return { milliseconds, alive: true, kept: value === "42", said };
  },

  async run(request) {
    const context = textOf(request.megabytes);
    const rlm = program(request);
    const run = await millisecondsOf(async () => {
      expect((await rlm.run({ context, query: "How long is it?" })).answer, "done");
    });
    return { run };
  },

  async rest() {
    const sandbox = await createSandbox();
    await sandbox.execute("1");
    shared.push(sandbox);
    return {};
  },

  async resume(request) {
    const inputs = { context: textOf(request.megabytes), query: "How long is it?" };
    const rlm = program(request).withOptions({ checkpoint: true });
    const journal = `${request.folder}/run.jsonl`;
    const { answer } = request.again
      ? await rlm.resume(journal, inputs)
      : await rlm.run(inputs, { journal });
    expect(answer, "done");
    return {};
  },

  async runs(request) {
    const context = textOf(request.megabytes);
    const rlm = program(request);
    const runs = await millisecondsOf(() =>
      Promise.all(Array.from({ length: request.count }, async () => {
        expect((await rlm.run({ context, query: "How long is it?" })).answer, "done");
      }))
    );
    return { runs };
  },
});

/** An RLM whose models are the loopback server's. */
function program({ baseUrl, script }: DriverRequest) {
  const model = (name: string) => new OpenAIModel(name, { baseUrl, apiKey: "none" });
  return new RLM("context, query -> answer: str", {
    lm: model(`root rlm ${script}`),
    subLm: model("sub"),
    maxLlmCalls: 1_000,
    concurrency: 64,
  });
}

/** Makes a sandbox when it is first asked for. */
function lazily(make: () => Promise<Sandbox>): () => Promise<Sandbox> {
  let made: Promise<Sandbox> | undefined;
  return () => made ??= make();
}

function expect(value: unknown, expected: string): void {
  if (value !== expected) throw new Error(`Cannot measure: ${value} instead of ${expected}`);
}
