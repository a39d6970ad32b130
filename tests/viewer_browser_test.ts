/** The viewer's page in a real browser: what a reader clicks, types and sees. */
/// <reference lib="dom" />
import { assert, assertEquals, assertGreater, assertLess, assertMatch } from "@std/assert";
import type { Page } from "npm:playwright-core@1.65.1";
import { readJournal } from "../lib/trace/journal_reader.ts";
import { renderViewer } from "../lib/trace/viewer.ts";
import { contrasts } from "./fixtures/contrasts.ts";
import { findChromium, type OpenOptions, TestBrowser } from "./fixtures/chromium.ts";
import { testsSharing } from "./fixtures/sharing.ts";
import { hostileRun } from "./fixtures/hostile_run.ts";
import { RunEvents } from "./fixtures/drawn_run.ts";

const RECORDING = `${import.meta.dirname}/../examples/recordings/removals.jsonl`;
const CHROMIUM = findChromium();

const test = testsSharing(
  CHROMIUM === null
    ? "the page in a browser (NOT RUN: there is no Chromium)"
    : "the page in a browser",
  () => TestBrowser.launch(CHROMIUM ?? ""),
  // The browser's driver keeps timers and pipes of its own until the browser's process is gone.
  { ignore: CHROMIUM === null, sanitizeOps: false, sanitizeResources: false },
);

/** A test with pages of its own; they may complain of nothing. */
function browserTest(title: string, run: (open: Open) => Promise<void>): void {
  test(title, async (browser) => {
    await using pages = browser.pages();
    await run((html, options) => pages.open(html, options));
    assertEquals(pages.complaints, []);
  });
}

type Open = (html: string, options?: OpenOptions) => Promise<Page>;

async function demoPage(): Promise<string> {
  const { events } = await readJournal(RECORDING);
  return renderViewer(events, { title: "What goes?", inputChars: 9_593_973 });
}

/** The heading of what is shown. */
async function shown(page: Page): Promise<string> {
  return (await page.locator("main h2").textContent() ?? "").replace(/^[◆↻●ƒ]/u, "");
}

/** Asserts what is shown, once the page has followed its new address: a browser tells it of that a moment later. */
async function assertShown(page: Page, title: string): Promise<void> {
  const end = Date.now() + 5_000;
  while (await shown(page) !== title && Date.now() < end) await page.waitForTimeout(20);
  assertEquals(await shown(page), title);
}

browserTest(
  "A reader clicks through tree, timeline and details of a recorded run",
  async (open) => {
    const page = await open(await demoPage());
    assertEquals(await page.locator("h1").textContent(), "What goes?");
    assertEquals(await page.locator("header .state").textContent(), "submitted");
    await assertShown(page, "run");
    await page.locator(".row", { hasText: "turn 3" }).click();
    await assertShown(page, "turn 3");
    assertMatch(page.url(), /#turn-3$/);
    assertGreater(await page.locator(".as-code .py-keyword").count(), 10);
    await page.locator("main .call", { hasText: "llm_query_batched" }).click();
    await assertShown(page, "llm_query_batched");
    assertEquals(await page.locator("main .call").count(), 6);
    await page.locator("main .call").first().click();
    await assertShown(page, "recording");
    await page.locator("main .path button", { hasText: "turn 3" }).click();
    await assertShown(page, "turn 3");
    // The second turn's cell ran longest, so that its bar can be hit.
    await page.locator("rect.bar-cell").nth(1).click();
    await assertShown(page, "turn 2");
    await page.goBack();
    await assertShown(page, "turn 3");
    await page.locator(".usage summary").click();
    assertEquals(await page.locator(".usage tbody tr").count(), 2);
  },
);

browserTest("A link leads to its step; one that leads nowhere shows the run", async (open) => {
  const html = await demoPage();
  await assertShown(await open(html, { hash: "#turn-4" }), "turn 4");
  const call = await open(html, { hash: "#c6" });
  await assertShown(call, "recording");
  assertEquals(await call.locator(".row[aria-selected=true]").count(), 1);
  await assertShown(await open(html, { hash: "#%E0%A4%A" }), "run");
});

browserTest("Keys lead through the run, fold it, and explain themselves", async (open) => {
  const page = await open(await demoPage());
  await page.keyboard.press("j");
  await assertShown(page, "turn 1");
  await page.keyboard.press("j");
  await assertShown(page, "recording");
  await page.keyboard.press("k");
  await assertShown(page, "turn 1");
  const rows = await page.locator(".row").count();
  await page.keyboard.press("h");
  assertEquals(await page.locator(".row").count(), rows - 1);
  await page.keyboard.press("l");
  assertEquals(await page.locator(".row").count(), rows);
  await page.keyboard.press("]");
  await assertShown(page, "turn 2");
  await page.keyboard.press("g");
  await assertShown(page, "run");
  await page.keyboard.press("v");
  assert(!await page.locator(".scroller").isVisible());
  await page.reload();
  assert(!await page.locator(".scroller").isVisible(), "it is remembered");
  await page.locator(".timeline button", { hasText: "show" }).click();
  await page.locator("rect.bar-turn").nth(4).waitFor({ state: "attached" });
  await page.keyboard.press("?");
  assert(await page.locator("dialog").isVisible());
  await page.keyboard.press("Escape");
  assert(!await page.locator("dialog").isVisible());
});

browserTest("Search finds a text wherever it is, leads there and marks it", async (open) => {
  const run = new RunEvents().start().turn("print(table)").end({ stdout: "nothing here" });
  const lines = Array.from({ length: 20_000 }, (_, n) => `line ${n}`);
  lines[15_000] = "the needle <b>is</b> here";
  run.turn("print(more)").end({ stdout: lines.join("\n") });
  const page = await open(renderViewer(run.finish()));
  await page.keyboard.press("/");
  await page.keyboard.type("NEEDLE <b>");
  await page.locator(".found button").first().waitFor();
  assertEquals(await page.locator(".found mark").first().textContent(), "needle <b>");
  assertEquals(await page.locator(".found b").first().textContent(), "turn 2 · Output");
  await page.keyboard.press("Enter");
  await page.locator(".window div", { hasText: "the needle <b>is</b> here" }).waitFor();
  await assertShown(page, "turn 2");
  await page.waitForFunction(() => (CSS.highlights.get("found")?.size ?? 0) === 1);
  await page.keyboard.press("/");
  await page.keyboard.type("in no text at all");
  await page.locator(".found", { hasText: "nothing found" }).waitFor();
});

browserTest(
  "Nothing in a hostile journal runs, loads anything, or loses its text",
  async (open) => {
    const page = await open(
      renderViewer(hostileRun(), { title: "</title><script>broken=1</script>" }),
    );
    const steps = await page.evaluate(() => document.querySelectorAll(".row").length);
    for (let step = 0; step < steps + 20; step++) {
      await page.keyboard.press("j");
      await page.evaluate(() =>
        document.querySelectorAll("details").forEach((part) => part.open = true)
      );
    }
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    assertEquals(await page.evaluate(() => Reflect.get(globalThis, "broken") ?? null), null);
    const found = await page.evaluate(() =>
      ["img", "iframe", "base", "a", "object", "form", "link:not([rel=icon])", "x"]
        .filter((name) => document.querySelector(name) !== null)
    );
    assertEquals(found, []);
    assertEquals(await page.evaluate(() => document.scripts.length), 3);
    const text = await page.locator("main").textContent() ?? "";
    assert(
      !text.includes("\u202e") && !text.includes("\u001b"),
      "invisible characters are shown as such",
    );
  },
);

browserTest(
  "The theme is the system's until another is chosen, and the choice is kept",
  async (open) => {
    const ground = (page: Page) =>
      page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await open(await demoPage(), { colorScheme: "dark" });
    const light = await open(await demoPage());
    const [darkGround, lightGround] = [await ground(dark), await ground(light)];
    assert(darkGround !== lightGround);
    await light.keyboard.press("t");
    assertEquals(await ground(light), lightGround);
    await light.keyboard.press("t");
    assertEquals(await ground(light), darkGround);
    await light.reload();
    assertEquals(await ground(light), darkGround);
  },
);

browserTest("Text stands out from its ground in both themes", async (open) => {
  for (const colorScheme of ["light", "dark"] as const) {
    const page = await open(await demoPage(), { colorScheme, hash: "#turn-3" });
    const ratios = await page.evaluate(contrasts);
    for (const { name, ratio } of ratios) assertGreater(ratio, 4.5, `${colorScheme} ${name}`);
  }
});

browserTest(
  "On a phone nothing is wider than the screen but code, which scrolls by itself",
  async (open) => {
    const page = await open(await demoPage(), { width: 360, height: 740, hash: "#turn-3" });
    assertLess((await page.locator("main h2").boundingBox())?.y ?? 740, 200, "a link leads there");
    assertEquals(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    assert(await page.locator(".as-code pre").isVisible());
    const [tree, details] = [page.locator(".tree"), page.locator("main")];
    const [above, below] = [await tree.boundingBox(), await details.boundingBox()];
    assertLess((above?.y ?? 0) + (above?.height ?? 0), (below?.y ?? 0) + 1);
    // The details are below the screen: whoever taps a row is taken to them.
    await page.locator(".row", { hasText: "turn 2" }).click();
    await assertShown(page, "turn 2");
    assertLess((await page.locator("main h2").boundingBox())?.y ?? 740, 200);
  },
);

browserTest("On paper every turn follows with its code and output, in dark ink", async (open) => {
  const page = await open(await demoPage(), { colorScheme: "dark" });
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  await page.emulateMedia({ media: "print" });
  assertEquals(await page.locator(".paper > section").count(), 6);
  assert(await page.locator(".usage table").isVisible());
  const [box, bars] = [page.locator(".scroller"), page.locator(".scroller svg")];
  const [whole, drawn] = [await box.boundingBox(), await bars.boundingBox()];
  assertLess(drawn?.width ?? 1e9, (whole?.width ?? 0) + 1, "the timeline is as wide as the paper");
  assertEquals(await page.locator(".columns").isVisible(), false);
  assertEquals(await page.evaluate(() => getComputedStyle(document.body).color), "rgb(27, 35, 48)");
  const pdf = await page.pdf();
  assertGreater(pdf.length, 50_000);
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  assertEquals(await page.locator(".paper").count(), 0);
});

browserTest(
  "A run with 1,000 sub-calls and 50 MB of output opens and answers keys at once",
  async (open) => {
    const line = `${"0123456789 ".repeat(9)}\n`;
    const output = line.repeat(Math.ceil(50_000_000 / line.length));
    const run = new RunEvents().start().turn("for p in parts: llm_query(p)");
    run.batch(Array.from({ length: 1000 }, (_, n) => ({ prompt: `Part ${n}`, ms: 100 + n % 7 })));
    const html = renderViewer(run.end({ stdout: output }).finish());
    const page = await open(html);
    const ready = await page.evaluate(() => performance.now());
    assertLess(ready, 6_000, "milliseconds until the page can be used");
    assertGreater(await page.locator("rect.bar-model").count(), 1000);
    assertLess(await page.locator(".row").count(), 60, "rows in the page");
    const began = Date.now();
    await page.keyboard.press("j");
    await assertShown(page, "turn 1");
    assertLess(Date.now() - began, 3_000, "milliseconds to show 50 MB");
    assertLess(await page.locator(".window div").count(), 200, "lines in the page");
    await page.locator(".long").evaluate((box) => box.scrollTop = box.scrollHeight);
    await page.waitForFunction(() => document.querySelectorAll(".window div").length > 20);
    assertEquals((await page.locator(".window div").last().textContent())?.trim(), line.trim());
  },
);

browserTest("A run that goes on is read again until it is paused", async (open) => {
  const page = await open(renderViewer(new RunEvents().start().turn("print(1)").events));
  assertEquals(await page.locator("header .state").textContent(), "not ended");
  await page.clock.install();
  await page.reload();
  await Promise.all([page.waitForEvent("load"), page.clock.fastForward(3_000)]);
  await page.locator("button.follow").click();
  assertEquals(await page.locator("button.follow").textContent(), "paused");
  await page.evaluate(() => Reflect.set(globalThis, "stayed", true));
  await page.clock.fastForward(9_000);
  await page.waitForTimeout(300);
  assertEquals(await page.evaluate(() => Reflect.get(globalThis, "stayed")), true);
});
