/** The model calls of a journal as plain rows, to be shown, filtered and printed as JSON. */
import type { Message } from "../models/language_model.ts";
import type { RlmEvent } from "../trace/events.ts";
import { recordedCalls } from "../trace/recorded_call.ts";
import type { CallRole } from "../trace/trajectory.ts";

/** One model call. */
export interface CallRow {
  readonly callId: string;
  readonly turn: number | null;
  readonly depth: number;
  readonly role: CallRole;
  readonly model: string;
  /** `open`: no answer came, the run was stopped or gave the call up. */
  readonly status: "replied" | "cached" | "failed" | "open";
  readonly inputTokens: number | null;
  readonly cachedTokens: number | null;
  readonly outputTokens: number | null;
  /** US dollars; null when unknown. */
  readonly cost: number | null;
  /** Null while no answer has come. */
  readonly seconds: number | null;
  readonly messages: readonly Message[];
  readonly reply: string | null;
  readonly error: string | null;
}

/** Which calls are wanted; null takes all. */
export interface CallFilter {
  readonly role: string | null;
  readonly model: string | null;
  readonly turn: number | null;
  readonly call: string | null;
  /** Text that a message or the reply has, in any case. */
  readonly text: string | null;
  readonly failed: boolean;
}

/** All calls, in the order in which they were made. */
export function callRows(events: readonly RlmEvent[]): CallRow[] {
  const durations = new Map(
    events.flatMap((event) =>
      event.type === "model_reply" || event.type === "model_error"
        ? [[event.callId, event.durationMs / 1000]]
        : []
    ),
  );
  return recordedCalls(events).map(({ request, outcome, depth, turn }) => {
    const { callId, role, messages } = request;
    const completion = outcome.kind === "reply" ? outcome.completion : null;
    const usage = completion?.usage ?? null;
    const cached = outcome.kind === "reply" && outcome.cached;
    return {
      callId,
      turn,
      depth,
      role,
      model: completion?.answeredBy ?? request.model,
      status: cached ? "cached" : STATUS[outcome.kind],
      inputTokens: usage?.inputTokens ?? null,
      cachedTokens: usage?.cachedTokens ?? null,
      outputTokens: usage?.outputTokens ?? null,
      cost: cached ? 0 : completion?.cost ?? null,
      seconds: durations.get(callId) ?? null,
      messages,
      reply: completion?.text ?? null,
      error: outcome.kind === "error" ? outcome.event.error.message : null,
    };
  });
}

const STATUS = { reply: "replied", error: "failed", open: "open" } as const;

/** Whether a call is one of those that are wanted. */
export function isWanted(
  row: CallRow,
  { role, model, turn, call, text, failed }: CallFilter,
): boolean {
  return (role === null || row.role === role) && (model === null || row.model.includes(model)) &&
    (turn === null || row.turn === turn) && (call === null || row.callId === call) &&
    (!failed || row.status === "failed" || row.status === "open") &&
    (text === null || hasText(row, text.toLowerCase()));
}

function hasText({ messages, reply, error }: CallRow, lowered: string): boolean {
  return [...messages.map(({ content }) => content), reply ?? "", error ?? ""]
    .some((text) => text.toLowerCase().includes(lowered));
}
