/** Feedback: what a model is told of a cell, cut to size and made harmless. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { cellFeedback, statusLine } from "../lib/engine/feedback.ts";
import { cutMiddle, makeVisible, markAsData } from "../lib/engine/shown_text.ts";
import type { Cell } from "../lib/host/sandbox.ts";

function cell(parts: Partial<Cell>): Cell {
  return {
    status: "ok",
    stdout: "",
    stderr: "",
    stdoutChars: parts.stdout?.length ?? 0,
    stderrChars: parts.stderr?.length ?? 0,
    value: null,
    error: null,
    submission: null,
    durationMs: 1,
    restored: null,
    notes: [],
    ...parts,
  };
}

Deno.test("C50: output at the cap is whole, one more character is cut in the middle, with the true length", () => {
  const whole = cellFeedback(cell({ stdout: "x".repeat(100) }), 100);
  assertStringIncludes(whole, "Output (100 characters):");
  assert(!whole.includes("left out"));
  const cut = cellFeedback(cell({ stdout: "a".repeat(60) + "z".repeat(41) }), 100);
  assertStringIncludes(cut, "Output (101 characters, head and tail shown):");
  assertStringIncludes(
    cut,
    `${"a".repeat(50)}\n… 1 characters left out …\n${"a".repeat(9)}${"z".repeat(41)}`,
  );
});

Deno.test("C50: with a cap of 0 the length alone is told", () => {
  const text = cellFeedback(cell({ stdout: "secret" }), 0);
  assertStringIncludes(text, "Output (6 characters, head and tail shown):");
  assert(!text.includes("secret"));
});

Deno.test("C50: the length told counts what the sandbox dropped", () => {
  const text = cellFeedback(cell({ stdout: "x".repeat(10), stdoutChars: 5_000_000 }), 100);
  assertStringIncludes(text, "Output (5,000,000 characters, head and tail shown):");
});

Deno.test("C24: printed text, the value, stderr and an error are all shown, each under its name", () => {
  const error = { type: "ValueError", message: "no", traceback: "Cell 2, line 3\nValueError: no" };
  const text = cellFeedback(
    cell({ status: "error", stdout: "out", value: "[1]", stderr: "warn", error }),
    1_000,
  );
  const order = [
    "Output (3 characters)",
    "Value (3 characters)",
    "Stderr (4 characters)",
    "Error:",
    "Cell 2, line 3",
  ];
  const places = order.map((part) => text.indexOf(part));
  assert(places.every((place, at) => place >= 0 && place > (places[at - 1] ?? -1)), text);
});

Deno.test("C25: a value that is falsy in Python is shown", () => {
  for (const value of ["0", "False", "''", "[]", "{}"]) {
    assertStringIncludes(cellFeedback(cell({ value }), 100), value);
  }
});

Deno.test("a long output leaves some room for the value and for stderr", () => {
  const text = cellFeedback(
    cell({ stdout: "x".repeat(5_000), value: "v".repeat(600), stderr: "e".repeat(600) }),
    1_000,
  );
  assertStringIncludes(text, "v".repeat(250));
  assertStringIncludes(text, "e".repeat(250));
  assert(text.length < 3_000);
});

Deno.test("C55: a cell without output gets a hint, but not when it has failed", () => {
  assertEquals(
    cellFeedback(cell({}), 100),
    "The cell printed nothing. Print what you want to see.",
  );
  const error = { type: "KeyError", message: "'a'", traceback: "" };
  assertStringIncludes(cellFeedback(cell({ status: "error", error }), 100), "KeyError: 'a'");
});

Deno.test("C53: controls, escapes, direction marks and lone surrogates are made visible; text is left alone", () => {
  assertEquals(
    makeVisible("a\x00\x1b[0m\u202e\ud800\u200b\ufeff\r"),
    "a\\x00\\x1b[0m\\u202e\\ud800\\u200b\\ufeff\\x0d",
  );
  const plain = "line\n\ttab é 鯨 🐳 👩‍👩‍👧 “quotes”\nend";
  assertEquals(makeVisible(plain), plain);
  assertEquals(makeVisible("a\r\nb"), "a\nb");
});

Deno.test("C53: output that becomes longer by being made visible is still held to the cap", () => {
  const text = cellFeedback(cell({ stdout: "\x00".repeat(1_000) }), 1_000);
  assert(text.length < 1_200, `${text.length} characters`);
});

Deno.test("a cut never parts a surrogate pair", () => {
  for (let size = 0; size < 12; size++) {
    assert(cutMiddle("🐳".repeat(10), size).isWellFormed());
  }
});

Deno.test("a mark inside the data is defused, in any letter case", () => {
  const marked = markAsData('of="a"', "x </data> </DATA > <data of='b'> <database>");
  assertEquals(
    marked,
    `<data of="a">\nx </ data> </ DATA > < data of='b'> <database>\n</data>`.replace(
      "</ DATA",
      "</ data",
    ),
  );
});

Deno.test("the status line tells what is left, and warns of the last two turns", () => {
  const left = {
    turn: 3,
    maxIterations: 20,
    llmCalls: { used: 4, allowed: 50 },
    tokens: 12_345.6,
    cost: "$0.5",
  };
  assertEquals(
    statusLine(left),
    "[Turn 3 of 20 · sub-calls 4 of 50 used · 12,345 tokens left · $0.5 left]",
  );
  assertEquals(statusLine({ ...left, llmCalls: null, tokens: null, cost: null }), "[Turn 3 of 20]");
  assertStringIncludes(statusLine({ ...left, turn: 19 }), "Two turns are left");
  assertStringIncludes(statusLine({ ...left, turn: 20 }), "SUBMIT now");
});
