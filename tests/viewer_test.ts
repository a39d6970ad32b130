/** The viewer's page as text: what it holds, what it can't be made to do, and what it weighs. */
import { assert, assertEquals, assertFalse, assertLess, assertStringIncludes } from "@std/assert";
import { readJournal } from "../lib/trace/journal_reader.ts";
import { renderViewer } from "../lib/trace/viewer.ts";
import type { ViewerData } from "../lib/trace/viewer_data.ts";
import { PAGE_SCRIPT, PAGE_STYLE } from "../lib/trace/viewer_page.ts";
import { HOSTILE, hostileRun } from "./fixtures/hostile_run.ts";
import { RunEvents } from "./fixtures/drawn_run.ts";

const RECORDING = `${import.meta.dirname}/../examples/recordings/removals.jsonl`;

/** The data blocks of a page, as its script reads them. */
function blocksOf(html: string): { data: ViewerData; texts: string[] } {
  const blocks = [
    ...html.matchAll(/<script type="application\/json" id="([^"]+)">([^<]*)<\/script>/g),
  ];
  const [run, ...chunks] = blocks.map(([, , json = ""]) => JSON.parse(json));
  return { data: run, texts: chunks.flat() };
}

async function sha256(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `sha256-${new Uint8Array(hash).toBase64()}`;
}

Deno.test("The page of a recorded run holds every turn's code and output, and weighs little more than its texts", async () => {
  const { events } = await readJournal(RECORDING);
  const html = renderViewer(events, { title: "What goes?" });
  const { data, texts } = blocksOf(html);
  assertEquals(data.turns, 5);
  assertEquals(data.stopReason, "submitted");
  assertFalse(data.running);
  for (const event of events) {
    if (event.type === "cell_start") assert(texts.includes(event.code));
    if (event.type === "cell_end" && event.cell.stdout !== "") {
      assert(texts.some((text) => text.startsWith(event.cell.stdout)));
    }
  }
  assertLess(renderViewer([]).length, 150_000);
});

Deno.test("Each text is in the page once, however often it was sent", () => {
  const passage = `A passage of which there is one. ${"x".repeat(1000)}`;
  const run = new RunEvents().start();
  for (let turn = 0; turn < 5; turn++) {
    run.turn("print(1)", passage, [{ role: "system", content: passage }]).end({ stdout: passage });
  }
  const { texts } = blocksOf(renderViewer(run.finish()));
  assertEquals(texts.filter((text) => text === passage).length, 1);
});

Deno.test("Nothing that a journal holds can begin or end an element", () => {
  const tags = (html: string) => [...html.matchAll(/<[!/]?[a-z-]+/gi)].map(([tag]) => tag);
  const html = renderViewer(hostileRun(), { title: HOSTILE.join(" ") });
  const harmless = renderViewer(new RunEvents().start().turn("print(1)").end().finish());
  assertEquals(tags(html), tags(harmless));
  assertFalse(html.includes("\u2028"));
  assertFalse(html.includes("\u2029"));
  const { texts } = blocksOf(html);
  for (const text of HOSTILE) assert(texts.some((each) => each.includes(text)), text);
});

Deno.test("The page's policy names its own script and style by their hashes and allows nothing else", async () => {
  const html = renderViewer(new RunEvents().start().finish());
  const policy = /Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1];
  assertEquals(policy?.split("; "), [
    "default-src 'none'",
    `script-src '${await sha256(PAGE_SCRIPT)}'`,
    `style-src '${await sha256(PAGE_STYLE)}'`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ]);
  assertStringIncludes(html, `<script>${PAGE_SCRIPT}</script>`);
  assertStringIncludes(html, `<style>${PAGE_STYLE}</style>`);
});

Deno.test("A page may listen to its own server only while the run that it follows goes on", () => {
  const run = new RunEvents().start().turn("print(1)");
  const live = renderViewer(run.events, { live: "events?after=1" });
  assertStringIncludes(live, "default-src 'none'; connect-src 'self'; script-src ");
  assertEquals(blocksOf(live).data.live, "events?after=1");
  const pages = [renderViewer(run.events), renderViewer(run.end().finish(), { live: "events" })];
  for (const page of pages) assertFalse(page.includes("connect-src"));
});

Deno.test("The page's script never makes markup from text and asks nobody for anything", () => {
  for (const sink of ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("]) {
    assertFalse(PAGE_SCRIPT.includes(sink), sink);
  }
  for (const source of ["fetch(", "XMLHttpRequest", "WebSocket", "http:", "https:"]) {
    const allowed = PAGE_SCRIPT.replaceAll("http://www.w3.org/2000/svg", "");
    assertFalse(allowed.includes(source), source);
  }
});

Deno.test("A page of 1,000 sub-calls and 50 MB of output is made in seconds", () => {
  const line = `${"0123456789 ".repeat(9)}\n`;
  const output = line.repeat(Math.ceil(50_000_000 / line.length));
  const run = new RunEvents().start().turn("for p in parts: llm_query(p)");
  run.batch(Array.from({ length: 1000 }, (_, n) => ({ prompt: `Part ${n}`, ms: 100 + n % 7 })));
  const events = run.end({ stdout: output }).finish();
  const start = performance.now();
  const html = renderViewer(events);
  assertLess(performance.now() - start, 10_000);
  assertLess(html.length, output.length * 1.1 + 3_000_000);
});

Deno.test("Texts beyond the cap lose their middle and say so", () => {
  const output = `begin ${"x".repeat(1_000_000)} end`;
  const run = new RunEvents().start().turn("print(x)").end({ stdout: output }).finish();
  const { texts } = blocksOf(renderViewer(run, { maxChars: 1000 }));
  const shown = texts.find((text) => text.startsWith("begin")) ?? "";
  assertStringIncludes(shown, "[… 800011 characters are left out here; the journal has them …]");
  assertLess(shown.length, 300_000);
  assert(shown.trimEnd().endsWith(" end"));
});

Deno.test("A run that has not ended says so, and is read again without a script too", () => {
  const run = new RunEvents().start().turn("print(1)");
  const html = renderViewer(run.events);
  assertEquals(blocksOf(html).data.running, true);
  assertStringIncludes(html, '<noscript><meta http-equiv="refresh" content="3"></noscript>');
  assertFalse(renderViewer(run.end().finish()).includes('http-equiv="refresh"'));
});

Deno.test("Calls that were open together stand in rows of their own, later ones in rows that are free again", () => {
  const run = new RunEvents().start().turn("ask()");
  run.batch(Array.from({ length: 12 }, () => ({ ms: 500 })), 4);
  const { data } = blocksOf(renderViewer(run.end().finish()));
  const lanes = data.nodes.filter(({ kind, parent }) =>
    kind === "model" && data.nodes[parent]?.kind === "tool"
  )
    .map(({ lane }) => lane);
  assertEquals(lanes.length, 12);
  assertEquals([...new Set(lanes)].sort(), [2, 3, 4, 5]);
});

Deno.test("A cost is unknown as soon as one price is, and only above that call", () => {
  const run = new RunEvents().start().turn("a()").call({ cost: 0.5 }).end();
  run.turn("b()").call({ cost: null }).end();
  const { data } = blocksOf(renderViewer(run.finish()));
  const costs = data.nodes.filter(({ kind }) => kind === "turn").map(({ spent }) => spent.cost);
  assertEquals(costs, [0.501, null]);
  assertEquals(data.spent.cost, null);
});

Deno.test("The share of the input counts what was printed and what was sent, each message of a conversation once", () => {
  const system = { role: "system", content: "s".repeat(100) } as const;
  const run = new RunEvents().start("lab/root", 10_000).turn("print(1)", "", [system]);
  run.call({ prompt: "p".repeat(50) }).end({ stdout: "o".repeat(30) });
  const { data } = blocksOf(renderViewer(run.finish()));
  const prompt = "Go on with turn 1".length;
  assertEquals(data.seen, { inputChars: 10_000, printedChars: 30, sentChars: 150 + prompt });
});

Deno.test("Child runs are blocks of rows below their parent's, one under the other when they ran together", () => {
  const run = new RunEvents().start().turn("rlm_query.aio(a), rlm_query.aio(b)");
  run.child("first").child("second").wait(1500).child("third").wait(1500);
  const { data } = blocksOf(renderViewer(run.end().finish()));
  const { nodes } = data;
  const children = nodes.filter(({ anchor }) => anchor.endsWith("-run"));
  assertEquals(children.map(({ anchor, lane }) => [anchor, lane]), [
    ["c2-run", 2],
    ["c3-run", 5],
    ["c4-run", 2],
  ]);
  assertEquals(children.map(({ parent }) => nodes[parent]?.anchor), ["c2", "c3", "c4"]);
  const turn = nodes.find(({ anchor }) => anchor === "c3-turn-1");
  assertEquals([turn?.lane, turn?.start, turn?.spent.calls], [5, 800, 2]);
  assertEquals(data.usage.map(({ role, depth, calls }) => [role, depth, calls]), [
    ["root", 0, 1],
    ["root", 1, 3],
    ["sub", 1, 3],
  ]);
  assertEquals(data.turns, 1);
});
