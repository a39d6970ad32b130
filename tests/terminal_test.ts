/** Lines and the status line of a terminal, and what may not reach it. */
import { assertEquals } from "@std/assert";
import { cut, Terminal } from "../lib/cli/terminal.ts";
import { makeVisible } from "../lib/engine/shown_text.ts";
import { keep } from "./fixtures/kept_screen.ts";

Deno.test("C53: control characters, direction overrides and lone surrogates are made visible", () => {
  assertEquals(
    makeVisible("a\x1b[2Jb\0\x07\u202ec\ud800d\te\r\nf\rg"),
    "a\\x1b[2Jb\\x00\\x07\\u202ec\\ud800d\te\nf\\x0dg",
  );
  assertEquals(makeVisible("naïve 👩‍👩‍👧 שלום"), "naïve 👩‍👩‍👧 שלום");
});

Deno.test("On a terminal lines are printed above one status line, which is removed at the end", () => {
  const { screen, written } = keep({ isTerminal: true, columns: () => 30 });
  const terminal = new Terminal(screen);
  terminal.status("one");
  terminal.line("first");
  terminal.status("x".repeat(40));
  terminal.status("");
  terminal.line("last");
  assertEquals(
    written(),
    `one\r\x1b[Kfirst\none\r\x1b[K${"x".repeat(28)}…\r\x1b[Klast\n`,
  );
});

Deno.test("Colour is used only where it is wanted", () => {
  assertEquals(new Terminal(keep({ color: true }).screen).paint("bad", "x"), "\x1b[31mx\x1b[0m");
  assertEquals(new Terminal(keep().screen).paint("bad", "x"), "x");
});

Deno.test("Lines are cut to the width by characters, not by halves of them", () => {
  assertEquals(cut("🎈🎈🎈", 3), "🎈🎈🎈");
  assertEquals(cut("🎈🎈🎈🎈", 3), "🎈🎈…");
});
