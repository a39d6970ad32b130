/** What a run leaves on disk. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertLess,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { JournalError } from "../lib/errors.ts";
import type { Message } from "../lib/models/language_model.ts";
import { Journal } from "../lib/trace/journal.ts";
import { readJournal } from "../lib/trace/journal_reader.ts";
import { sha256Of } from "../lib/trace/text_store.ts";
import {
  EventScript,
  reply,
  rootRequest,
  runStart,
  subRequest,
  temporaryFolder,
} from "./fixtures/run_events.ts";
import { LONG, smallRun, writeAllTo } from "./fixtures/small_journal.ts";

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
  assertStringIncludes(
    read.message,
    `Cannot read journal: ${path}: there is no such file, check the path`,
  );
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
