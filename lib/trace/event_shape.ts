/** The shape of events: what a line of a journal must have to be one, for journals may come from anybody. */
import type { TokenSpending } from "../errors.ts";
import type { Cell, CellError, Restored } from "../host/sandbox.ts";
import type { Completion, Message, NativeToolCall, TokenUsage } from "../models/language_model.ts";
import type { EventHead, InputSummary, RlmEvent } from "./events.ts";
import {
  anything,
  badProperty,
  flag,
  list,
  nullable,
  number,
  object,
  optional,
  type Properties,
  record,
  text,
  word,
} from "./guards.ts";
import type { CallRole, Usage, UsageRow } from "./trajectory.ts";

type EventOf<T extends RlmEvent["type"]> = Extract<RlmEvent, { readonly type: T }>;

const TOKENS: Properties<TokenUsage> = {
  inputTokens: number,
  cachedTokens: number,
  cacheWriteTokens: number,
  outputTokens: number,
  reasoningTokens: number,
};

const role = word<CallRole>({ root: true, sub: true, extract: true, direct: true });

const message = object<Message>({
  role: word<Message["role"]>({ system: true, user: true, assistant: true }),
  content: text,
});

const completion = object<Completion>({
  text,
  reasoning: nullable(text),
  toolCalls: list(object<NativeToolCall>({ name: text, arguments: text })),
  finishReason: word<Completion["finishReason"]>({
    stop: true,
    length: true,
    content_filter: true,
    refusal: true,
    tool_calls: true,
    unknown: true,
  }),
  model: text,
  usage: nullable(object<TokenUsage>(TOKENS)),
  cost: nullable(number),
  attempts: number,
  answeredBy: optional(text),
});

const spending = object<TokenSpending>({
  usage: object<TokenUsage>(TOKENS),
  cost: nullable(number),
});

const cell = object<Cell>({
  status: word<Cell["status"]>({
    ok: true,
    error: true,
    submitted: true,
    timeout: true,
    lost: true,
  }),
  stdout: text,
  stderr: text,
  stdoutChars: number,
  stderrChars: number,
  value: nullable(text),
  error: nullable(object<CellError>({ type: text, message: text, traceback: text })),
  submission: nullable(record),
  durationMs: number,
  restored: nullable(object<Restored>({
    from: word<Restored["from"]>({
      checkpoint: true,
      variables: true,
      inputs: true,
      nothing: true,
    }),
    back: list(text),
    gone: list(text),
  })),
  notes: list(text),
});

const usage = object<Usage>({
  ...TOKENS,
  calls: number,
  cost: nullable(number),
  rows: list(object<UsageRow>({
    ...TOKENS,
    role,
    model: text,
    depth: number,
    calls: number,
    failedCalls: number,
    cachedCalls: number,
    unreportedCalls: number,
    retries: number,
    cost: nullable(number),
  })),
});

const input = object<InputSummary>({
  name: text,
  type: text,
  length: nullable(number),
  unit: nullable(
    word<NonNullable<InputSummary["unit"]>>({ characters: true, bytes: true, items: true }),
  ),
  sha256: nullable(text),
});

const stream = word<"stdout" | "stderr">({ stdout: true, stderr: true });

const cap = word<EventOf<"budget">["cap"]>({
  maxIterations: true,
  maxLlmCalls: true,
  maxTokens: true,
  maxCost: true,
  maxSeconds: true,
  maxErrors: true,
  maxDepth: true,
});

const stopReason = word<EventOf<"run_end">["stopReason"]>({
  submitted: true,
  extracted: true,
  direct: true,
  budget: true,
  aborted: true,
  error: true,
});

const HEAD: Properties<EventHead> = { seq: number, time: number, runId: text };

/** What the events of each type have beside the head. */
const BODIES: {
  readonly [T in RlmEvent["type"]]: Properties<Omit<EventOf<T>, keyof EventHead | "type">>;
} = {
  run_start: {
    parentRunId: nullable(text),
    parentCallId: nullable(text),
    depth: number,
    sessionRun: optional(number),
    outputs: record,
    instructions: text,
    inputs: list(input),
    model: text,
    subModel: text,
    options: record,
  },
  direct: { tokens: number, allowed: number },
  turn_start: { stepId: text, turn: number, maxIterations: number },
  model_request: {
    callId: text,
    stepId: nullable(text),
    parentCallId: nullable(text),
    role,
    model: text,
    messages: list(message),
    schema: nullable(record),
  },
  model_delta: { callId: text, text },
  model_reply: { callId: text, completion, cached: flag, durationMs: number },
  model_error: {
    callId: text,
    error: object<EventOf<"model_error">["error"]>({
      type: text,
      code: text,
      message: text,
      status: nullable(number),
    }),
    attempts: number,
    spent: optional(nullable(spending)),
    durationMs: number,
  },
  cell_start: { stepId: text, code: text, reasoning: text },
  cell_output: { stepId: text, stream, text },
  tool_call: { callId: text, stepId: text, name: text, args: record },
  tool_result: { callId: text, ok: flag, result: anything, durationMs: number },
  cell_end: { stepId: text, cell },
  submission: {
    stepId: text,
    accepted: flag,
    issues: list(object<EventOf<"submission">["issues"][number]>({
      path: text,
      wanted: text,
      got: text,
    })),
    value: record,
  },
  turn_end: { stepId: text, feedback: text },
  checkpoint: { stepId: text, bytes: number, durationMs: number },
  compaction: { stepId: text, droppedMessages: number, contextWindow: nullable(number) },
  budget: { cap, used: number, allowed: number },
  warning: { message: text },
  run_end: {
    stopReason,
    result: nullable(record),
    usage,
    error: nullable(
      object<NonNullable<EventOf<"run_end">["error"]>>({ type: text, message: text }),
    ),
    durationMs: number,
  },
};

/** Whether a value is an event. */
export function isEvent(value: unknown): value is RlmEvent {
  return faultOf(value) === null;
}

/** What keeps a value from being an event, in words that go on after "it"; null when it is one. */
export function faultOf(value: unknown): string | null {
  if (!record(value) || typeof value.type !== "string") return "is no event";
  const { type } = value;
  if (!isType(type)) {
    return `is an event of type ${JSON.stringify(type.slice(0, 80))}, which is not known`;
  }
  const bad = badProperty(HEAD, value) ?? badProperty<object>(BODIES[type], value);
  return bad === null ? null : `is a ${type} whose ${bad} is missing or of another type`;
}

function isType(type: string): type is RlmEvent["type"] {
  return Object.hasOwn(BODIES, type);
}
