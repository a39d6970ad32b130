/** What a run leaves on disk, and how it reads back. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertLess,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { JournalError } from "../lib/errors.ts";
import { ErrorValue } from "../lib/host/sandbox.ts";
import type { Message } from "../lib/models/language_model.ts";
import type { RlmEvent } from "../lib/trace/events.ts";
import { Journal } from "../lib/trace/journal.ts";
import { readJournal, streamJournal } from "../lib/trace/journal_reader.ts";
import { sha256Of } from "../lib/trace/text_store.ts";
import {
  cell,
  EventScript,
  reply,
  rootRequest,
  runEnd,
  runStart,
  subRequest,
  temporaryFolder,
} from "./fixtures/run_events.ts";

const LONG = "A long line of text. ".repeat(2_000);

/** One turn with a sub-call, values of many types, and a large output. */
function smallRun(): RlmEvent[] {
  const script = new EventScript();
  script.add(runStart());
  script.add({ type: "turn_start", stepId: "step", turn: 1, maxIterations: 20 });
  script.add(rootRequest("m1", [{ role: "system", content: "Rules" }]));
  script.add(reply("m1", "```python\nprint(1)\n```"));
  script.add({ type: "cell_start", stepId: "step", code: "print(1)", reasoning: "" });
  const args = { big: 2n ** 70n, prompt: LONG, when: new Date(0) };
  script.add({ type: "tool_call", callId: "tool", stepId: "step", name: "look", args });
  script.add(subRequest("m2", LONG));
  script.add(reply("m2", "short"));
  const result = new Map<unknown, unknown>([[1, new Set(["a"])], ["e", new ErrorValue("E", "m")]]);
  script.add({ type: "tool_result", callId: "tool", ok: true, result, durationMs: 2 });
  script.add({ type: "cell_end", stepId: "step", cell: cell(LONG + "1\n") });
  script.add({ type: "turn_end", stepId: "step", feedback: "1" });
  script.add(runEnd("1"));
  return script.events;
}

async function writeAllTo(path: string, events: readonly RlmEvent[]): Promise<void> {
  await using journal = await Journal.open(path);
  for (const event of events) await journal.write(event);
}

Deno.test("A journal gives back every event as it was, large texts and values of any type included", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  const events = smallRun();
  await writeAllTo(path, events);
  const content = await readJournal(path);
  assertEquals(content.events, events);
  assertEquals(content.attempts, [events]);
  assertEquals(content.path, path);
  assertEquals(content.inputs, null);
  assertEquals(content.header?.journal, 1);
  assertEquals(content.header?.deno, Deno.version.deno);
  assertEquals(/^\d+\.\d+\.\d+$/.test(content.header?.pyodide ?? ""), true);
  assertEquals(/^\d+\.\d+\.\d+$/.test(content.header?.package ?? ""), true);
});

Deno.test("A journal is one JSON line per event, its large texts once each in files named by their SHA-256", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  const events = smallRun();
  await writeAllTo(path, events);
  const lines = (await Deno.readTextFile(path)).trimEnd().split("\n").map((l) => JSON.parse(l));
  assertEquals(lines.slice(1).map((line) => line.type), events.map((event) => event.type));
  const files = await Array.fromAsync(Deno.readDir(`${path}.d`), (entry) => entry.name);
  assertEquals(files.toSorted(), [sha256Of(LONG), sha256Of(LONG + "1\n")].toSorted());
  assertEquals(await Deno.readTextFile(`${path}.d/${sha256Of(LONG)}`), LONG);
  assertLess((await Deno.stat(path)).size, 8_000);
});

Deno.test("A journal leaves out pieces that a later event has whole", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  const script = new EventScript();
  script.add(runStart());
  script.add({ type: "model_delta", callId: "m1", text: "piece" });
  script.add({ type: "cell_output", stepId: "step", stream: "stdout", text: "piece" });
  script.add({ type: "warning", message: "kept" });
  await writeAllTo(path, script.events);
  const { events } = await readJournal(path);
  assertEquals(events.map((event) => event.type), ["run_start", "warning"]);
});

Deno.test("An event is in the file when its write resolves", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  await using journal = await Journal.open(path);
  for (const event of smallRun()) {
    await journal.write(event);
    const text = await Deno.readTextFile(path);
    assert(text.endsWith("\n"));
    assertStringIncludes(text.trimEnd().split("\n").at(-1) ?? "", `"seq":${event.seq},`);
  }
});

Deno.test("Writes that nobody awaits keep their order", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  const script = new EventScript();
  script.add(runStart());
  for (let n = 0; n < 500; n++) script.add({ type: "warning", message: `${n} ${LONG.slice(n)}` });
  {
    await using journal = await Journal.open(path, { durable: true });
    for (const event of script.events) void journal.write(event);
    await journal.flush();
    assertEquals((await readJournal(path)).events.length, 501);
  }
  assertEquals((await readJournal(path)).events, script.events);
});

Deno.test("An append-only prompt is written once: a run of 200 turns takes a journal of linear size", async () => {
  const sizeOf = async (turns: number): Promise<number> => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/run.jsonl`;
    const script = new EventScript();
    script.add(runStart());
    const messages: Message[] = [{ role: "system", content: "x".repeat(5_000) }];
    for (let turn = 0; turn < turns; turn++) {
      messages.push({ role: "user", content: `turn ${turn} ${"y".repeat(1_000)}` });
      script.add(rootRequest(`m${turn}`, [...messages]));
      script.add(reply(`m${turn}`, "ok"));
    }
    await writeAllTo(path, script.events);
    assertEquals((await readJournal(path)).events, script.events);
    return (await Deno.stat(path)).size;
  };
  const [small, large] = [await sizeOf(20), await sizeOf(200)];
  assertLess(large, small * 10);
});

Deno.test("A prompt whose start changes, as at a compaction, is written again from where it differs", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  const script = new EventScript();
  const message = (content: string): Message => ({ role: "user", content });
  script.add(runStart());
  script.add(rootRequest("1", [message("a"), message("b"), message("c")]));
  script.add(rootRequest("2", [message("a"), message("summary")]));
  script.add(subRequest("3", "other"));
  script.add(rootRequest("4", [message("a"), message("summary"), message("d")]));
  script.add(rootRequest("5", [{ role: "assistant", content: "a" }]));
  script.add(rootRequest("6", []));
  await writeAllTo(path, script.events);
  assertEquals((await readJournal(path)).events, script.events);
  const shared = (await Deno.readTextFile(path)).trimEnd().split("\n")
    .map((line) => JSON.parse(line).shared).filter((count) => count !== undefined);
  assertEquals(shared, [0, 1, 0, 2, 0, 0]);
});

Deno.test("C161 a journal cut at any byte reads back as the events whose lines are whole", async () => {
  await using folder = await temporaryFolder();
  const whole = `${folder.path}/run.jsonl`;
  const events = smallRun();
  await writeAllTo(whole, events);
  const bytes = await Deno.readFile(whole);
  const cut = `${folder.path}/cut.jsonl`;
  await Deno.rename(`${whole}.d`, `${cut}.d`);
  const headerEnd = bytes.indexOf(10) + 1;
  for (let length = headerEnd; length <= bytes.length; length += 7) {
    await Deno.writeFile(cut, bytes.subarray(0, length));
    const lines = bytes.subarray(0, length).filter((byte) => byte === 10).length;
    assertEquals((await readJournal(cut)).events, events.slice(0, lines - 1));
  }
});

Deno.test("A journal of which not even the header was written is empty, and no error", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  for (const text of ["", '{"journal":1,"pack']) {
    await Deno.writeTextFile(path, text);
    const content = await readJournal(path);
    const nothing = {
      path,
      header: null,
      events: [],
      attempts: [],
      inputs: null,
      inputsLeftOut: [],
    };
    assertEquals(content, nothing);
  }
});

Deno.test("Damage is told by file and line: in the middle, in the header, in a text, in a format of the future", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  await writeAllTo(path, smallRun());
  const lines = (await Deno.readTextFile(path)).trimEnd().split("\n");
  const damaged = async (change: (lines: string[]) => void): Promise<JournalError> => {
    const copy = [...lines];
    change(copy);
    await Deno.writeTextFile(path, copy.join("\n") + "\n");
    return await assertRejects(() => readJournal(path), JournalError);
  };
  const middle = await damaged((copy) => copy[3] = '{"seq":2,"ty');
  assertEquals(middle.message, `Cannot read journal: ${path}:4 is not JSON`);
  assertEquals([middle.path, middle.line], [path, 4]);
  const first = await damaged((copy) => copy.shift());
  assertEquals(
    first.message,
    `Cannot read journal: ${path}:1 is not a journal: its first line is no header`,
  );
  const future = await damaged((copy) => copy[0] = '{"journal":2}');
  assertEquals(
    future.message,
    `Cannot read journal: ${path}:1 has format 2, this program reads up to 1, update it`,
  );
  const gap = await damaged((copy) =>
    copy[3] = (copy[3] ?? "").replace('"shared":0', '"shared":9')
  );
  assertStringIncludes(
    gap.message,
    ":4 cannot be completed: the request that it builds on is missing",
  );
  await Deno.writeTextFile(`${path}.d/${sha256Of(LONG)}`, "something else");
  const text = await damaged(() => {});
  assertEquals(text.line, 7);
  assertStringIncludes(text.message, sha256Of(LONG));
});

Deno.test("A last line that is whole but no JSON, as after a power failure, is left out", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  const events = smallRun();
  await writeAllTo(path, events);
  await Deno.writeTextFile(path, "\0\0\0\n", { append: true });
  assertEquals((await readJournal(path)).events, events);
});

Deno.test("A journal is not written over: another run is refused, and so is a second writer", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  await writeAllTo(path, smallRun());
  const before = await Deno.readTextFile(path);
  const taken = await assertRejects(() => Journal.open(path), JournalError);
  assertEquals(
    taken.message,
    `Cannot write journal: ${path} already holds a run, name another file or resume that run`,
  );
  assertEquals([taken.path, taken.line, taken.usage, taken.trajectory], [path, null, null, []]);
  await using _writer = await Journal.open(path, { resume: true });
  const busy = await assertRejects(() => Journal.open(path, { resume: true }), JournalError);
  assertEquals(busy.message, `Cannot write journal: ${path} is being written by another run`);
  assertEquals(await Deno.readTextFile(path), before);
});

Deno.test("A resumed journal drops the half line, holds back what is told again, and reads from its last header", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  const events = smallRun();
  await writeAllTo(path, events.slice(0, 5));
  const before = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, '{"seq":5,"half', { append: true });
  {
    await using journal = await Journal.open(path, { resume: true });
    for (const event of events.slice(0, 5)) await journal.write(event);
    assertEquals(await Deno.readTextFile(path), before);
  }
  assertEquals(await Deno.readTextFile(path), before);
  {
    await using journal = await Journal.open(path, { resume: true });
    for (const event of events.slice(0, 5)) await journal.write(event);
    await journal.release();
    for (const event of events.slice(5)) await journal.write(event);
  }
  const content = await readJournal(path);
  assertEquals(content.events, events);
  assertEquals(content.attempts, [events.slice(0, 5), events]);
  const kinds = await Array.fromAsync(streamJournal(path), (entry) => entry.kind);
  assertEquals(kinds.filter((kind) => kind === "header").length, 2);
});

Deno.test("A journal keeps inputs of any type, and reads them only when they are asked for", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  const inputs = { context: LONG, table: [{ n: 1n }], blob: new Uint8Array(70_000).fill(3) };
  {
    await using journal = await Journal.open(path);
    await journal.writeInputs(inputs);
  }
  const content = await readJournal(path);
  assertEquals(await content.inputs?.(), inputs);
  await Deno.remove(`${path}.d/${sha256Of(LONG)}`);
  assertEquals(content.inputsLeftOut, []);
  const again = await readJournal(path);
  const error = await assertRejects(async () => await again.inputs?.(), JournalError);
  assertEquals(error.line, 2);
  assertStringIncludes(error.message, "cannot be completed: No such file");
});

Deno.test("A journal leaves out inputs that are too large to be kept, and names them", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  {
    await using journal = await Journal.open(path);
    const context = Array.from({ length: 65 }, () => "x".repeat(1024 * 1024));
    await journal.writeInputs({ context, query: "Why?" });
  }
  const content = await readJournal(path);
  assertEquals(await content.inputs?.(), { query: "Why?" });
  assertEquals(content.inputsLeftOut, ["context"]);
});

Deno.test("What interrupted writes of texts have left is removed by the next writer", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  await writeAllTo(path, smallRun());
  await Deno.writeTextFile(`${path}.d/${sha256Of("x")}.123.part`, "hal");
  await using _journal = await Journal.open(path, { resume: true });
  const names = await Array.fromAsync(Deno.readDir(`${path}.d`), (entry) => entry.name);
  assertEquals(names.filter((name) => name.endsWith(".part")), []);
});

Deno.test("After a failed write every later one fails with the same error, and none is unhandled", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  // A file where the folder of large texts should be makes the first large text fail.
  await Deno.writeTextFile(`${path}.d`, "in the way");
  const journal = await Journal.open(path).catch((error) => error);
  assertInstanceOf(journal, JournalError);
  await Deno.remove(`${path}.d`);
  await using writer = await Journal.open(path);
  await Deno.writeTextFile(`${path}.d`, "in the way");
  const script = new EventScript();
  void writer.write(script.add({ type: "warning", message: LONG }));
  const failing = writer.flush();
  const first = await assertRejects(() => failing, JournalError);
  const second = await assertRejects(
    () => writer.write(script.add({ type: "warning", message: "small" })),
    JournalError,
  );
  assertEquals(first, second);
  assertStringIncludes(first.message, `Cannot write journal: ${path}: `);
  assertEquals([first.path, first.line], [path, null]);
  await assertRejects(() => writer.flush(), JournalError);
  await assertRejects(async () => await writer[Symbol.asyncDispose](), JournalError);
});

Deno.test("An event that cannot be written fails its write and all later ones, without throwing at once", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  const journal = await Journal.open(path);
  const result = {
    get trap(): never {
      throw new RangeError("do not look");
    },
  };
  const script = new EventScript();
  const call = script.add({ type: "tool_result", callId: "t", ok: true, result, durationMs: 1 });
  const failing = journal.write(call);
  const error = await assertRejects(() => failing, JournalError);
  assertEquals(error.message, `Cannot write journal: ${path}: do not look`);
  assertInstanceOf(error.cause, RangeError);
  void journal.write(script.add(runStart()));
  assertEquals(await assertRejects(() => journal.flush()), error);
  await assertRejects(async () => await journal[Symbol.asyncDispose]());
  assertEquals(await Deno.readTextFile(path), "");
});

Deno.test("A journal that is closed refuses to be written", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  const journal = await Journal.open(path);
  await journal[Symbol.asyncDispose]();
  await journal[Symbol.asyncDispose]();
  const event = new EventScript().add(runStart());
  const error = await assertRejects(() => journal.write(event), JournalError);
  assertEquals(error.message, `Cannot write journal: ${path}: it is closed`);
  assertEquals([error.path, error.line], [path, null]);
});

Deno.test("A journal in a folder that does not exist says so, and a missing one cannot be read", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/none/run.jsonl`;
  const write = await assertRejects(() => Journal.open(path), JournalError);
  assertEquals(
    write.message,
    `Cannot write journal: ${path}: its folder does not exist, make it first`,
  );
  const read = await assertRejects(() => readJournal(path), JournalError);
  assertStringIncludes(read.message, `Cannot read journal: ${path}: No such file`);
});

Deno.test("Opening and reading a journal can be aborted", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  await writeAllTo(path, smallRun());
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  for (
    const attempt of [() => Journal.open(path, { signal }), () => readJournal(path, { signal })]
  ) {
    assertEquals(await assertRejects(attempt), reason);
  }
  const controller = new AbortController();
  const stream = streamJournal(path, { signal: controller.signal });
  await stream.next();
  controller.abort(reason);
  assertEquals(await assertRejects(() => Array.fromAsync(stream)), reason);
});

for (
  const [name, flags, call, wanted] of [
    [
      "write",
      ["--allow-read"],
      `(await import("./lib/trace/journal.ts")).Journal.open("run.jsonl")`,
      "Cannot write journal: run.jsonl: Deno does not allow it, run again with " +
      "--allow-read=run.jsonl,run.jsonl.d --allow-write=run.jsonl,run.jsonl.d",
    ],
    [
      "read",
      [],
      `(await import("./lib/trace/journal_reader.ts")).readJournal("run.jsonl")`,
      "Cannot read journal: run.jsonl: Deno does not allow it, run again with " +
      "--allow-read=run.jsonl,run.jsonl.d",
    ],
  ] as const
) {
  Deno.test(`Without the permission to ${name} the error is one line that names the flag`, async () => {
    const code = `await ${call}.catch((error) => console.log(error.name + "|" + error.message))`;
    await using folder = await temporaryFolder();
    const script = `${folder.path}/script.ts`;
    await Deno.writeTextFile(
      script,
      code.replace("./lib", new URL("../lib", import.meta.url).href),
    );
    const child = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--no-config", "--no-check", ...flags, script],
      cwd: folder.path,
      stdout: "piped",
    }).output();
    assertEquals(new TextDecoder().decode(child.stdout).trimEnd(), `JournalError|${wanted}`);
  });
}
