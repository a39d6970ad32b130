/** What stderr shows of a run: plain lines, a status line on a terminal, nothing that harms either. */
import { assertEquals, assertFalse, assertMatch } from "@std/assert";
import type { Cell } from "../lib/host/sandbox.ts";
import type { RlmEvent } from "../lib/trace/events.ts";
import { Renderer } from "../lib/cli/render.ts";
import { Terminal } from "../lib/cli/terminal.ts";
import { keep } from "./fixtures/kept_screen.ts";

type EventBody = RlmEvent extends infer E
  ? E extends RlmEvent ? Omit<E, "seq" | "time" | "runId"> : never
  : never;

const HEAD = { seq: 0, time: 0, runId: "r" };
const event = (body: EventBody): RlmEvent => ({ ...HEAD, ...body } as RlmEvent);

const CELL: Cell = {
  status: "ok",
  stdout: "",
  stderr: "",
  stdoutChars: 0,
  stderrChars: 0,
  value: null,
  error: null,
  submission: null,
  durationMs: 1500,
  restored: null,
  notes: [],
};

const RUN_START = event({
  type: "run_start",
  parentRunId: null,
  parentCallId: null,
  depth: 0,
  outputs: {},
  instructions: "",
  inputs: [],
  model: "m/root",
  subModel: "m/sub",
  options: {},
});

function request(callId: string, role: "root" | "sub", ...contents: string[]): RlmEvent {
  return event({
    type: "model_request",
    callId,
    stepId: "s",
    parentCallId: null,
    role,
    model: "m",
    messages: contents.map((content) => ({ role: "user", content })),
    schema: null,
  });
}

function reply(callId: string, tokens: number, cost: number | null): RlmEvent {
  return event({
    type: "model_reply",
    callId,
    cached: false,
    durationMs: 5,
    completion: {
      text: "",
      reasoning: null,
      toolCalls: [],
      finishReason: "stop",
      model: "m",
      usage: {
        inputTokens: tokens,
        cachedTokens: 0,
        cacheWriteTokens: 0,
        outputTokens: 0,
        reasoningTokens: 0,
      },
      cost,
      attempts: 1,
    },
  });
}

function showAll(
  events: readonly RlmEvent[],
  detail: "quiet" | "normal" | "verbose" = "normal",
): string {
  const { screen, written } = keep();
  using renderer = new Renderer(new Terminal(screen), detail);
  for (const each of events) renderer.show(each);
  return written();
}

const ONE_TURN: readonly RlmEvent[] = [
  RUN_START,
  event({ type: "turn_start", stepId: "s", turn: 1, maxIterations: 20 }),
  event({
    type: "cell_start",
    stepId: "s",
    reasoning: "Look first.",
    code: Array.from({ length: 9 }, (_, i) => `line${i}`).join("\n"),
  }),
  event({ type: "tool_call", callId: "t1", stepId: "s", name: "llm_query", args: {} }),
  request("m1", "sub", "prompt"),
  event({ type: "tool_result", callId: "t1", ok: true, result: "x", durationMs: 3 }),
  event({ type: "tool_call", callId: "t2", stepId: "s", name: "llm_query", args: {} }),
  event({ type: "tool_result", callId: "t2", ok: false, result: "x", durationMs: 3 }),
  event({ type: "cell_end", stepId: "s", cell: { ...CELL, stdout: "printed\n", value: "7" } }),
  event({ type: "submission", stepId: "s", accepted: true, issues: [], value: { answer: 1 } }),
];

Deno.test("C164: without a terminal a turn is a few plain lines", () => {
  assertEquals(
    showAll(ONE_TURN),
    `model m/root, sub-calls m/sub
turn 1 of at most 20
  Look first.
  > line0
  > line1
  > line2
  > line3
  > line4
  > line5
  > … 3 more lines
  llm_query × 2 · 1 model call · 1 failed · 1.5 s
  | printed
  | 7
  answer submitted
`,
  );
});

Deno.test("Verbose shows whole cells; quiet shows warnings alone", () => {
  assertMatch(showAll(ONE_TURN, "verbose"), /> line8\n/);
  const warning = event({ type: "warning", message: "a listener threw" });
  assertEquals(showAll([...ONE_TURN, warning], "quiet"), "warning: a listener threw\n");
});

Deno.test("A child's lines are indented by its depth", () => {
  const child = { ...RUN_START, runId: "child", depth: 1, parentRunId: "r" } as RlmEvent;
  const turn = {
    ...event({ type: "turn_start", stepId: "c", turn: 1, maxIterations: 5 }),
    runId: "child",
  };
  assertEquals(
    showAll([RUN_START, child, turn]),
    "model m/root, sub-calls m/sub\n  child run at depth 1\n  turn 1 of at most 5\n",
  );
});

Deno.test("A child's calls are not counted as its parent's", () => {
  const inChild = (body: RlmEvent) => ({ ...body, runId: "child", stepId: "c" }) as RlmEvent;
  const shown = showAll([
    event({ type: "cell_start", stepId: "s", reasoning: "", code: "a" }),
    event({ type: "tool_call", callId: "t1", stepId: "s", name: "rlm_query", args: {} }),
    inChild(event({ type: "cell_start", stepId: "c", reasoning: "", code: "b" })),
    inChild(event({ type: "tool_call", callId: "t2", stepId: "c", name: "llm_query", args: {} })),
    inChild(request("m1", "sub", "prompt")),
    inChild(event({ type: "cell_end", stepId: "c", cell: CELL })),
    event({ type: "cell_end", stepId: "s", cell: CELL }),
  ]);
  assertEquals(
    shown,
    `  > a
  > b
  llm_query × 1 · 1 model call · 1.5 s
  rlm_query × 1 · 1.5 s
`,
  );
});

Deno.test("A sub-call that fails is told at once; the root's own failure is left for the end", () => {
  const failed = (callId: string) =>
    event({
      type: "model_error",
      callId,
      error: { type: "ModelError", code: "unknown", message: `${callId} failed`, status: null },
      attempts: 1,
      durationMs: 1,
    });
  const shown = showAll([
    request("m1", "sub", "p"),
    failed("m1"),
    request("m2", "root", "p"),
    failed("m2"),
  ]);
  assertEquals(shown, "  m1 failed\n");
});

Deno.test("Errors, refusals and caps are named in the turn where they happen", () => {
  const error = { type: "NameError", message: "name 'x' is not defined", traceback: "" };
  const shown = showAll([
    event({ type: "cell_end", stepId: "s", cell: { ...CELL, status: "error", error } }),
    event({ type: "cell_end", stepId: "s", cell: { ...CELL, status: "timeout" } }),
    event({ type: "cell_end", stepId: "s", cell: { ...CELL, status: "lost" } }),
    event({
      type: "submission",
      stepId: "s",
      accepted: false,
      value: {},
      issues: [{ path: "pages[2]", wanted: "int", got: '"x"' }],
    }),
    event({ type: "budget", cap: "maxLlmCalls", used: 50, allowed: 50 }),
  ]);
  assertEquals(
    shown,
    `  NameError: name 'x' is not defined
  stopped after 1.5 s
  the sandbox was lost
  answer refused: pages[2] should be int, got "x"
  maxLlmCalls reached: 50 of 50
`,
  );
});

Deno.test("C53: nothing that a model, a guest or a server says reaches the terminal as a control", () => {
  const evil = "\x1b]0;owned\x07\x9b31m\u202e";
  const shown = showAll([
    { ...RUN_START, model: evil, subModel: evil } as RlmEvent,
    event({ type: "cell_start", stepId: "s", reasoning: evil, code: evil }),
    event({ type: "tool_call", callId: "t1", stepId: "s", name: "llm_query", args: {} }),
    event({
      type: "cell_end",
      stepId: "s",
      cell: { ...CELL, stdout: evil, stderr: evil, value: evil },
    }),
    event({
      type: "submission",
      stepId: "s",
      accepted: false,
      value: {},
      issues: [{ path: evil, wanted: evil, got: evil }],
    }),
    event({ type: "warning", message: evil }),
    event({
      type: "model_error",
      callId: "c",
      error: { type: "ModelError", code: "unknown", message: evil, status: null },
      attempts: 1,
      durationMs: 1,
    }),
  ], "verbose");
  assertFalse(/[\p{Cc}\p{Bidi_Control}]/u.test(shown.replaceAll("\n", "")), JSON.stringify(shown));
});

Deno.test("The summary counts each message once and says what share of the input was shown", () => {
  const { screen } = keep();
  using renderer = new Renderer(new Terminal(screen));
  renderer.input(10_000);
  renderer.show(event({ type: "turn_start", stepId: "s", turn: 1, maxIterations: 3 }));
  renderer.show(request("c1", "root", "x".repeat(100)));
  renderer.show(reply("c1", 1000, 0.5));
  renderer.show(request("c2", "root", "x".repeat(100), "y".repeat(50)));
  renderer.show(request("c3", "sub", "z".repeat(50)));
  renderer.show(reply("c2", 1000, 0.25));
  assertMatch(
    renderer.summary(),
    /^1 turn · 3 model calls · 2,000 tokens · \$0\.7500 · 0\.\d s · the model saw 200 characters of 10,000 \(2\.0 %\)$/,
  );
  renderer.show(reply("c3", 1, null));
  assertMatch(renderer.summary(), /2,001 tokens · cost unknown/);
});
