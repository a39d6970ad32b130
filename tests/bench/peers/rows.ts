/** The rows of time and memory, in the table's order. */
import { SUB_CALL_MS } from "./model_server.ts";
import type { Measure, Row } from "./row.ts";
import { SURVIVALS } from "./survivals.ts";

/** What nearly all contestants need far less than; printed as what was not reached. */
const PATIENCE_MS = 30_000;
const AT_ONCE = 20;
/** Sub-calls open together, the most that any contestant is set to. */
const LANES = 64;

const PEAK: Measure = { key: "peak", what: "peak memory, all processes", unit: "MB" };

const INPUTS = [1, 10, 50, 100, 500].map((megabytes, index, sizes): Row => ({
  name: `input-${megabytes}`,
  ...(index === 0 ? {} : { harderThan: `input-${sizes[index - 1]}` }),
  what: `an input of ${megabytes} MB`,
  request: { row: "input", megabytes },
  measures: [
    { key: "first", what: "first turn", unit: "ms" },
    { key: "later", what: "each later turn", unit: "ms" },
    PEAK,
  ],
  limitMs: PATIENCE_MS,
  setUp: true,
  fresh: true,
}));

const SUB_CALLS = [200, 1_000].map((count, index, counts): Row => ({
  name: `subcalls-${count}`,
  ...(index === 0 ? {} : { harderThan: `subcalls-${counts[index - 1]}` }),
  what: `${count} sub-calls of ${SUB_CALL_MS} ms in one batch`,
  request: { row: "run", script: `asks ${count}`, megabytes: 0 },
  measures: [
    {
      key: "asking",
      what: "the turn that asks, until the next one's request",
      unit: "ms",
      ideal: Math.ceil(count / LANES) * SUB_CALL_MS,
    },
    { key: "run", what: "whole run, sandbox start included", unit: "ms" },
  ],
  limitMs: PATIENCE_MS,
}));

/** All rows. */
export const ROWS: readonly Row[] = [
  {
    name: "start",
    what: "cold start",
    request: { row: "start" },
    measures: [
      { key: "process", what: "a program, its imports included, to the first result", unit: "ms" },
      {
        key: "sandbox",
        what: "of which the sandbox, from asking for it to the first result",
        unit: "ms",
      },
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
      { key: "turn", what: "added to each turn", unit: "ms" },
      { key: "characters", what: "first root prompt", unit: "characters" },
      { key: "growth", what: "more in the prompt of each later turn", unit: "characters" },
      {
        key: "prefix",
        what: "of a prompt repeated as the next one's beginning, at least",
        unit: "%",
        more: true,
      },
    ],
    // The slowest contestant needs some 28 s.
    limitMs: 1.5 * PATIENCE_MS,
  },
  ...SUB_CALLS,
  {
    name: "runs20",
    what: `${AT_ONCE} runs of 3 turns over 1 MB at once`,
    request: { row: "runs", script: "turns 3", megabytes: 1, count: AT_ONCE },
    measures: [{ key: "runs", what: "until the last has ended", unit: "ms" }, PEAK],
    limitMs: 2 * PATIENCE_MS,
    mostPairs: 1,
    fresh: true,
  },
  {
    name: "rest",
    what: "memory at rest, after one cell",
    request: { row: "rest" },
    measures: [
      { key: "one", what: "the program with one sandbox", unit: "MB" },
      { key: "further", what: "each further sandbox", unit: "MB" },
    ],
    limitMs: PATIENCE_MS,
    kind: "rest",
    mostPairs: 1,
    fresh: true,
  },
  {
    name: "resume",
    what: "killed in turn 10 of a run of 10 turns over 1 MB, and started again",
    request: { row: "resume", script: "turns 10", megabytes: 1 },
    measures: [
      { key: "process", what: "from the new program's start to the answer", unit: "ms" },
      { key: "calls", what: "root model calls paid for again", unit: "calls" },
    ],
    limitMs: PATIENCE_MS,
    kind: "crash",
    mostPairs: 2,
    fresh: true,
  },
  ...SURVIVALS,
];
