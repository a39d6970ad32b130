/** How journals read back, whole and damaged. */
import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { JournalError } from "../lib/errors.ts";
import { Journal } from "../lib/trace/journal.ts";
import { readJournal, streamJournal } from "../lib/trace/journal_reader.ts";
import { sha256Of } from "../lib/trace/text_store.ts";
import { temporaryFolder } from "./fixtures/run_events.ts";
import { LONG, smallRun, writeAllTo } from "./fixtures/small_journal.ts";

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
  assertMatch(content.header?.pyodide ?? "", /^\d+\.\d+\.\d+$/);
  assertMatch(content.header?.package ?? "", /^\d+\.\d+\.\d+$/);
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
  assertEquals(middle.message, `Cannot read journal: ${path}:4 is damaged: not JSON`);
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
  const entries = await Array.fromAsync(streamJournal(path));
  const headers = entries.filter((entry) => entry.kind === "header");
  assertEquals(headers.map(({ header }) => header.retold), [0, 5]);
});

Deno.test("A resumed part that was stopped before all was told again counts for nothing", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  const events = smallRun();
  await writeAllTo(path, events.slice(0, 5));
  const first = await Deno.readTextFile(path);
  {
    await using journal = await Journal.open(path, { resume: true });
    for (const event of events.slice(0, 5)) await journal.write(event);
    await journal.release();
  }
  const lines = (await Deno.readTextFile(path)).slice(first.length).split("\n");
  for (let kept = 0; kept < 6; kept++) {
    await Deno.writeTextFile(path, first + lines.slice(0, kept).join("\n") + "\n");
    assertEquals((await readJournal(path)).attempts, [events.slice(0, 5)]);
  }
  await Deno.writeTextFile(path, first + lines.slice(0, 6).join("\n") + "\n");
  assertEquals((await readJournal(path)).attempts, [events.slice(0, 5), events.slice(0, 5)]);
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
  assertStringIncludes(error.message, "cannot be completed: a text is missing that it keeps in ");
});

Deno.test("A journal that names a file by anything but a hash gets no file read", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/secret`, "CANARY");
  const path = `${folder.path}/run.jsonl`;
  {
    await using journal = await Journal.open(path);
    await journal.writeInputs({ context: LONG });
  }
  const whole = await Deno.readTextFile(path);
  const hash = sha256Of(LONG);
  for (const name of ["../secret", `${folder.path}/secret`, "", hash.toUpperCase(), `${hash}\n`]) {
    await Deno.writeTextFile(path, whole.replace(`"${hash}"`, JSON.stringify(name)));
    const content = await readJournal(path);
    const error = await assertRejects(async () => await content.inputs?.(), JournalError);
    assertEquals(error.line, 2);
    assertEquals(
      error.message,
      `Cannot read journal: ${path}:2 cannot be completed: ` +
        `${JSON.stringify(name)} is not a SHA-256 in hexadecimal`,
    );
  }
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
