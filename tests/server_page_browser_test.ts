/** The page of a run on a server, in a real browser: it follows the run, and then stays as it is. */
/// <reference lib="dom" />
import { assertEquals, assertMatch } from "@std/assert";
import { findChromium, TestBrowser } from "./fixtures/chromium.ts";
import { gate, TestServer } from "./fixtures/test_server.ts";

const CHROMIUM = findChromium();
const TITLE = "The page of a run shows what happens as it happens, and comes to rest with the run";

Deno.test({
  name: CHROMIUM === null ? `${TITLE} (NOT RUN: there is no Chromium)` : TITLE,
  ignore: CHROMIUM === null,
  async fn() {
    const { cell, open, entered } = gate();
    await using server = new TestServer({ cell });
    const address = await server.start();
    await entered;
    await using browser = await TestBrowser.launch(CHROMIUM ?? "");
    await using pages = browser.pages();
    const page = await pages.visit(`${address}/page#turn-1`);
    await page.setViewportSize({ width: 1_000, height: 420 });
    const state = page.locator("header .state");
    assertEquals(await state.textContent(), "not ended");
    assertEquals(await page.locator("h1").textContent(), "How many?");
    const elsewhere = await page.evaluate(() =>
      fetch("http://127.0.0.1:9/").then(() => "", (error) => String(error))
    );
    assertMatch(elsewhere, /TypeError/);
    assertMatch(pages.complaints.splice(0).join("\n"), /connect-src 'self'/);
    // A reader folds the turn, opens a part of it, and scrolls.
    await page.keyboard.press("h");
    assertEquals(await page.locator(".row").count(), 2);
    await page.locator("main summary").last().click();
    await page.locator("main").evaluate((main) => main.scrollTop = 60);
    const parts = () =>
      page.locator("main details").evaluateAll((all) =>
        all.map((part) => part.hasAttribute("open"))
      );
    const before = await parts();
    open();
    await page.locator("header .state", { hasText: "submitted" }).waitFor();
    assertMatch(await page.locator("main h2").textContent() ?? "", /turn 1$/);
    assertEquals(await page.locator("button.follow").count(), 0);
    assertEquals(await page.locator(".row").count(), 2);
    await page.waitForFunction(() => document.querySelector("main")?.scrollTop === 60);
    assertEquals((await parts()).slice(0, before.length), before);
    assertEquals(pages.complaints, []);
  },
  // The browser's driver keeps timers and pipes of its own until the browser's process is gone.
  sanitizeOps: false,
  sanitizeResources: false,
});
