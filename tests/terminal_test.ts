/** Lines and the live lines of a terminal, and what may not reach it. */
import { assertEquals } from "@std/assert";
import { columnsOf, cut } from "../lib/cli/columns.ts";
import { Terminal } from "../lib/cli/terminal.ts";
import { makeVisible } from "../lib/engine/shown_text.ts";
import { keep } from "./fixtures/kept_screen.ts";

Deno.test("C53: control characters, direction overrides and lone surrogates are made visible", () => {
  assertEquals(
    makeVisible("a\x1b[2Jb\0\x07\u202ec\ud800d\te\r\nf\rg"),
    "a\\x1b[2Jb\\x00\\x07\\u202ec\\ud800d\te\nf\\x0dg",
  );
  assertEquals(makeVisible("naïve 👩‍👩‍👧 שלום"), "naïve 👩‍👩‍👧 שלום");
});

Deno.test("On a terminal lines are printed above live lines, which are removed at the end", () => {
  const { screen, written } = keep({ isTerminal: true, size: () => ({ columns: 30, rows: 24 }) });
  const terminal = new Terminal(screen);
  terminal.live(["one", "two"]);
  terminal.line("first");
  terminal.live(["one", "two"]);
  terminal.live(["x".repeat(40)]);
  terminal.live([]);
  terminal.line("last");
  const erase = "\r\x1b[1A\x1b[J";
  assertEquals(
    written(),
    `one\ntwo${erase}first\none\ntwo${erase}${"x".repeat(26)}…\r\x1b[Jlast\n`,
  );
});

Deno.test("Live lines that a narrower window has wrapped are taken away whole", () => {
  let columns = 80;
  const { screen, written } = keep({ isTerminal: true, size: () => ({ columns, rows: 24 }) });
  const terminal = new Terminal(screen);
  terminal.live(["x".repeat(70), "y"]);
  columns = 30;
  terminal.live([]);
  assertEquals(written(), `${"x".repeat(70)}\ny\r\x1b[3A\x1b[J`);
});

Deno.test("Colour is used only where it is wanted", () => {
  assertEquals(new Terminal(keep({ color: true }).screen).paint("bad", "x"), "\x1b[31mx\x1b[0m");
  assertEquals(new Terminal(keep().screen).paint("bad", "x"), "x");
});

Deno.test("Lines are cut by the columns that their characters take", () => {
  assertEquals([cut("abc", 3), cut("abcd", 3), cut("abc", 0)], ["abc", "ab…", ""]);
  assertEquals([cut("🎈🎈🎈", 6), cut("🎈🎈🎈🎈", 6)], ["🎈🎈🎈", "🎈🎈…"]);
  assertEquals([cut("日本語", 5), cut("日本語", 4)], ["日本…", "日…"]);
  assertEquals(cut("e\u0301e\u0301e\u0301", 2), "e\u0301…");
});

Deno.test("A character takes two columns where it is wide, and none where it joins another", () => {
  assertEquals(["a", "é", "e\u0301", "├", "日", "한", "Ａ", "🎈", "❤️"].map(columnsOf), [
    1,
    1,
    1,
    1,
    2,
    2,
    2,
    2,
    2,
  ]);
});
