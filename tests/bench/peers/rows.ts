/** The rows: what each asks of a driver, which figures of the answer count, and for how long it may take. */
import { SUB_CALL_MS } from "./model_server.ts";

/** A figure of an answer. */
export interface Measure {
  readonly key: string;
  readonly what: string;
  readonly unit: "ms" | "MB" | "%" | "characters";
  /** More is better; otherwise less is. */
  readonly more?: boolean;
  /** The least that an ideal schedule could take. */
  readonly ideal?: number;
}

/** One kind of work that every contestant is asked to do. */
export interface Row {
  readonly name: string;
  readonly what: string;
  readonly request: Readonly<Record<string, unknown>>;
  /** Empty for rows that tell what happened. */
  readonly measures: readonly Measure[];
  readonly limitMs: number;
  /** Repetitions that are enough where one takes many seconds. */
  readonly mostPairs?: number;
  /** Each repetition starts with a new driver. */
  readonly fresh?: boolean;
  /** Measured only when asked for by name. */
  readonly onlyByName?: boolean;
}

/** Seconds before the bench gives a cell up that its own software does not end. */
const WATCHDOG_MS = 30_000;
const PATIENCE_MS = 180_000;
const AT_ONCE = 20;

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

const INPUTS = [1, 10, 50, 100, 500].map((megabytes): Row => ({
  name: `input-${megabytes}`,
  what: `an input of ${megabytes} MB`,
  request: { row: "input", megabytes },
  measures: [
    { key: "first", what: "first turn", unit: "ms" },
    { key: "later", what: "each later turn", unit: "ms" },
    { key: "peak", what: "peak memory, all processes", unit: "MB" },
  ],
  limitMs: PATIENCE_MS,
  fresh: true,
  ...(megabytes >= 50 ? { mostPairs: megabytes === 50 ? 2 : 1 } : {}),
  ...(megabytes >= 100 ? { onlyByName: true } : {}),
}));

/** All rows, in the table's order. */
export const ROWS: readonly Row[] = [
  {
    name: "start",
    what: "cold start to first result",
    request: { row: "start" },
    measures: [
      { key: "process", what: "whole program, its imports included", unit: "ms" },
      { key: "sandbox", what: "a further sandbox's part of it", unit: "ms" },
    ],
    limitMs: PATIENCE_MS,
    fresh: true,
  },
  {
    name: "cell",
    what: "empty cell",
    request: { row: "cell", count: 200 },
    measures: [{ key: "cell", what: "round trip", unit: "ms" }],
    limitMs: PATIENCE_MS,
  },
  {
    name: "tool",
    what: "tool call",
    request: { row: "tool", count: 200 },
    measures: [{ key: "call", what: "round trip", unit: "ms" }],
    limitMs: PATIENCE_MS,
  },
  {
    name: "tools8",
    what: "8 tools of 0.3 s at once",
    request: { row: "tools8" },
    measures: [{ key: "cell", what: "the cell", unit: "ms", ideal: 300 }],
    limitMs: PATIENCE_MS,
  },
  ...INPUTS,
  {
    name: "run10",
    what: "a run of 10 turns over 10 MB, instant model",
    request: { row: "run", script: "turns 10", megabytes: 10 },
    measures: [
      { key: "run", what: "whole run, sandbox start included", unit: "ms" },
      { key: "turn", what: "added per turn", unit: "ms" },
      { key: "characters", what: "last root prompt", unit: "characters" },
      {
        key: "prefix",
        what: "of a prompt repeated as the next one's beginning",
        unit: "%",
        more: true,
      },
    ],
    limitMs: PATIENCE_MS,
    mostPairs: 3,
  },
  {
    name: "subcalls",
    what: `200 sub-calls of ${SUB_CALL_MS} ms in one batch`,
    request: { row: "run", script: "asks 200", megabytes: 0 },
    // 64 at once, the most that any contestant is set to.
    measures: [{
      key: "run",
      what: "whole run",
      unit: "ms",
      ideal: Math.ceil(200 / 64) * SUB_CALL_MS,
    }],
    limitMs: PATIENCE_MS,
  },
  {
    name: "runs20",
    what: `${AT_ONCE} runs of 3 turns at once`,
    request: { row: "runs", script: "turns 3", megabytes: 1, count: AT_ONCE },
    measures: [
      { key: "runs", what: "until the last has ended", unit: "ms" },
      { key: "peak", what: "peak memory, all processes", unit: "MB" },
    ],
    limitMs: PATIENCE_MS,
    mostPairs: 1,
    fresh: true,
  },
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
    mostPairs: 1,
  };
}
