/** Journals that are broken on purpose: what reads them says which line is at fault, or makes sense of it. */
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { JournalError } from "../lib/errors.ts";
import { graphmlOf } from "../lib/trace/graph.ts";
import { readJournal } from "../lib/trace/journal_reader.ts";
import { RecordedTools } from "../lib/trace/recorded_tool.ts";
import { recordedCells } from "../lib/trace/recorded_cell.ts";
import { Recording } from "../lib/trace/recording.ts";
import { rlmJsonlOf } from "../lib/trace/rlm_jsonl.ts";
import { trajectoryOf } from "../lib/trace/trajectory_of.ts";
import { usageOf } from "../lib/trace/usage.ts";
import { viewerDataOf } from "../lib/trace/viewer_data.ts";
import { ViewerTexts } from "../lib/trace/viewer_texts.ts";
import { Random } from "./fixtures/random.ts";
import { temporaryFolder } from "./fixtures/run_events.ts";
import { smallRun, writeAllTo } from "./fixtures/small_journal.ts";

/** Values that no reader expects; objects whose conversion to text or number throws among them. */
const HOSTILE: readonly [unknown, ...unknown[]] = [
  { toString: 1, valueOf: 1 },
  { length: 3 },
  { $: "map", entries: [[1, 2]] },
  { $: "bytes", base64: "!" },
  { $: "text", sha256: { toString: 1 } },
  { $: "bigint", value: "0x" },
  { $: "nothing" },
  { __proto__: null, type: "run_end" },
  null,
  true,
  -1,
  1e999,
  "",
  "run_end",
  [],
  [null],
  [{ role: "user" }],
];

Deno.test("Each of 600 journals with a value replaced or taken out is read and shown, or refused with its line", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  await writeAllTo(path, smallRun());
  const lines = (await Deno.readTextFile(path)).trimEnd().split("\n");
  lines.splice(1, 0, '{"inputs":{"context":"text"},"leftOut":["big"]}');
  const random = new Random(4);
  let refused = 0;
  for (let round = 0; round < 600; round++) {
    const copy = [...lines];
    const at = random.below(copy.length);
    copy[at] = mutated(copy[at] ?? "", random);
    await Deno.writeTextFile(path, copy.join("\n") + "\n");
    const error = await readAndShow(path).catch((error: unknown) => error);
    if (error === null) continue;
    refused++;
    assertInstanceOf(error, JournalError, `${copy[at]}\n${error}`);
    assert(error.line !== null, `${error.message}: ${copy[at]}`);
    assertEquals(error.message.startsWith(`Cannot read journal: ${path}:${error.line} `), true);
  }
  assert(refused > 200 && refused < 600, `${refused} refused`);
});

Deno.test("What is wrong with a line is told in words", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/run.jsonl`;
  const header = '{"journal":1,"package":"1","deno":"1","pyodide":"1","time":1,"retold":0}';
  const warning = '{"seq":0,"time":1,"runId":"r","type":"warning"';
  const told: [string, string][] = [
    ['{"journal":1,"time":{"valueOf":1}}', "1 is a header that lacks something"],
    ['{"journal":{}}', "1 has format {}, this program reads up to 1, update it"],
    [`${header}\n${warning}}`, "2 is a warning whose message is missing or of another type"],
    [
      `${header}\n{"type":"cell_end","seq":0,"time":1,"runId":{}}`,
      "2 is a cell_end whose runId is missing or of another type",
    ],
    [`${header}\n{"type":"other"}`, '2 is an event of type "other", which is not known'],
    [`${header}\n{"inputs":{},"leftOut":[{}]}`, "2 has no list of the inputs left out"],
  ];
  for (const [text, message] of told) {
    await Deno.writeTextFile(path, `${text}\n`);
    const error = await assertRejects(() => readJournal(path), JournalError);
    assertEquals(error.message, `Cannot read journal: ${path}:${message}`);
  }
  await Deno.writeTextFile(path, `${header}\n{"inputs":[1]}\n`);
  const { inputs } = await readJournal(path);
  const error = await assertRejects(async () => await inputs?.(), JournalError);
  assertEquals(error.message, `Cannot read journal: ${path}:2 has inputs without names`);
});

/** A line of JSON with one value of it, at any depth, replaced or taken out. */
function mutated(line: string, random: Random): string {
  const json: unknown = JSON.parse(line);
  const places: { readonly holder: object; readonly key: string }[] = [];
  const visit = (holder: unknown): void => {
    if (typeof holder !== "object" || holder === null) return;
    for (const [key, value] of Object.entries(holder)) {
      places.push({ holder, key });
      visit(value);
    }
  };
  visit(json);
  const place = places[random.below(places.length)];
  if (place === undefined) return line;
  if (random.below(4) === 0) Reflect.deleteProperty(place.holder, place.key);
  else Reflect.set(place.holder, place.key, random.pick(HOSTILE));
  return JSON.stringify(json);
}

/** Reads a journal and does with it all that can be done without a model; null when nothing is wrong. */
async function readAndShow(path: string): Promise<null> {
  const { events, attempts, inputs } = await readJournal(path);
  await inputs?.();
  trajectoryOf(events);
  usageOf(events);
  viewerDataOf(events, { title: "", inputChars: null, live: null }, new ViewerTexts(10_000));
  graphmlOf(events);
  rlmJsonlOf(events);
  recordedCells(events);
  new Recording(attempts);
  new RecordedTools(attempts);
  return null;
}
