/** The rows of cells that hang or kill: what happens, after how long, and what is left. */
import type { Row } from "./row.ts";

/** Milliseconds before the bench gives a cell up that its own software does not end. */
export const WATCHDOG_MS = 10_000;

/** Tiny cells that end a process which trusts them. */
const KILLERS = [
  "2**53",
  "SUBMIT(float('nan'))",
  "SUBMIT({1, 2})",
  "SUBMIT(b'x')",
  "import datetime\nSUBMIT(datetime.date(2026, 1, 1))",
  "raise ValueError(object())",
  "raise OSError(5, b'x')",
  "json = 5\necho(text='x')",
  "import js\njs.Deno.env.get('HOME')",
  "import js\njs.Deno.exit(7)",
  "import os\nos._exit(3)",
  "import sys\nsys.setrecursionlimit(10**9)\nf = lambda: f()\nf()",
];

/** All of them. */
export const SURVIVALS: readonly Row[] = [
  survival("loop", "a cell that loops for ever", "while True: pass"),
  survival(
    "regex",
    "a catastrophic regular expression",
    "import re\nre.match('(a+)+$', 'a' * 28 + 'b')",
  ),
  ...KILLERS.map((code, index) => survival(`kill-${index + 1}`, code.replaceAll("\n", "; "), code)),
];

function survival(name: string, what: string, code: string): Row {
  return {
    name,
    what,
    request: { row: "survival", code },
    measures: [],
    limitMs: WATCHDOG_MS,
    setUp: true,
    mostPairs: 1,
  };
}
