/** `rlm history JOURNAL`: every model call of a run, with what was asked, answered and paid. */
import { count, makeVisible } from "../engine/shown_text.ts";
import type { CallRole } from "../trace/trajectory.ts";
import { json } from "./answer.ts";
import { type CallFilter, type CallRow, callRows, isWanted } from "./call_rows.ts";
import { cut } from "./columns.ts";
import { ExitCode } from "./exit_code.ts";
import { openJournal } from "./recorded_run.ts";
import { onlyWord, type Subcommand } from "./subcommand.ts";
import { dollars, duration, plural } from "./tally.ts";
import { stderrScreen, Terminal } from "./terminal.ts";
import { UsageError } from "./usage_error.ts";
import type { ParsedWords } from "./words.ts";

const ROLES: readonly string[] = ["root", "sub", "extract", "direct"] satisfies CallRole[];

/** The subcommand. */
export const HISTORY: Subcommand = {
  name: "history",
  usage: "JOURNAL [flags]",
  about: [
    "Lists every model call of a journal: who was asked, tokens, price, time, and the",
    "start of the last message and of the reply. --verbose prints both whole.",
  ],
  flags: [
    { name: "role", value: "ROLE", choices: ROLES, help: "root, sub, extract or direct" },
    { name: "model", short: "m", value: "NAME", help: "calls of models with NAME in their name" },
    { name: "turn", value: "N", help: "calls that were made in this turn" },
    { name: "call", value: "ID", help: "this call alone, such as c3" },
    { name: "grep", short: "g", value: "TEXT", help: "calls with TEXT in messages or reply" },
    { name: "failed", help: "calls that failed or were given up" },
    { name: "json", help: "print an array with all of each call" },
    { name: "verbose", short: "v", help: "print messages and replies whole" },
  ],
  exitCodes: ["Exit codes: 0 listed, 2 usage or no journal"],
  async run(words, { stdout }) {
    const filter = readFilter(words);
    const path = onlyWord(words, HISTORY);
    const rows = callRows((await openJournal(path)).events);
    const wanted = rows.filter((row) => isWanted(row, filter));
    if (words.on("json")) {
      stdout(`${json(wanted, 2)}\n`);
      return ExitCode.ok;
    }
    for (const row of wanted) stdout(`${text(row, words.on("verbose"))}\n`);
    new Terminal(stderrScreen()).line(summary(wanted, rows.length));
    return ExitCode.ok;
  },
};

function readFilter(words: ParsedWords): CallFilter {
  const role = words.text("role");
  if (role !== null && !ROLES.includes(role)) {
    throw new UsageError(`--role ${role}: give root, sub, extract or direct`);
  }
  return {
    role,
    model: words.text("model"),
    turn: words.number("turn", { whole: true, least: 1 }),
    call: words.text("call"),
    text: words.text("grep"),
    failed: words.on("failed"),
  };
}

/** A call as lines: what it was, what was asked, what came back. */
function text(row: CallRow, whole: boolean): string {
  const { messages, reply, error } = row;
  const answer = error === null ? reply ?? "no answer came" : `failed: ${error}`;
  if (!whole) {
    const asked = messages.at(-1)?.content ?? "";
    return [heading(row), `  asked: ${glimpse(asked)}`, `  reply: ${glimpse(answer)}`].join("\n");
  }
  const parts = messages.map(({ role, content }) => `--- ${role}\n${makeVisible(content)}`);
  return [`=== ${heading(row)}`, ...parts, `--- reply\n${makeVisible(answer)}\n`].join("\n");
}

function heading(row: CallRow): string {
  const { callId, turn, depth, role, model, status, inputTokens, cachedTokens, outputTokens } = row;
  const cached = (cachedTokens ?? 0) > 0 ? ` (${count(cachedTokens ?? 0)} cached)` : "";
  return [
    callId,
    ...(turn === null ? [] : [`turn ${turn}`]),
    ...(depth === 0 ? [] : [`depth ${depth}`]),
    role,
    makeVisible(model),
    ...(status === "replied" ? [] : [status]),
    ...(inputTokens === null
      ? []
      : [`${count(inputTokens)}${cached} → ${count(outputTokens ?? 0)} tokens`]),
    ...(status === "replied" ? [dollars(row.cost)] : []),
    ...(row.seconds === null ? [] : [duration(row.seconds)]),
  ].join(" · ");
}

const GLIMPSE_CHARS = 100;

/** The first of a text on one line. */
function glimpse(whole: string): string {
  return cut(
    makeVisible(whole.slice(0, 4 * GLIMPSE_CHARS)).replace(/\s+/g, " ").trim(),
    GLIMPSE_CHARS,
  );
}

/** What the listed calls came to; a price that is unknown makes the sum unknown. */
function summary(rows: readonly CallRow[], all: number): string {
  const tokens = rows.reduce(
    (sum, { inputTokens, outputTokens, status }) =>
      status === "cached" ? sum : sum + (inputTokens ?? 0) + (outputTokens ?? 0),
    0,
  );
  const costs = rows.filter(({ status }) => status === "replied").map(({ cost }) => cost);
  const cost = costs.reduce((sum, each) => sum === null || each === null ? null : sum + each, 0);
  const of = rows.length === all ? "" : ` of ${count(all)}`;
  return `${plural(rows.length, "model call")}${of} · ${count(tokens)} tokens · ${dollars(cost)}`;
}
