/** A run in the JSONL form that the visualizer of alexzhang13/rlm reads: what it is about, then one line for each turn. */
import { encode } from "./codec.ts";
import type { RlmEvent } from "./events.ts";
import { type CellSpan, type ModelSpan, type RunSpan, type Span, spansOf } from "./spans.ts";
import type { TokenUsage } from "../models/language_model.ts";

/**
 * The outermost run as lines of JSON. That form has no place for a tree, so the calls of a cell are one list, and a
 * child run is a single call in it; it has none for costs, caps and time-outs either. Times are in seconds.
 */
export function rlmJsonlOf(events: readonly RlmEvent[]): string {
  const spans = spansOf(events);
  const run = spans.find((span) => span.kind === "run");
  if (run?.kind !== "run") return "";
  const children = Map.groupBy(spans, ({ parentId }) => parentId);
  const turns = (children.get(run.id) ?? []).filter(isIteration);
  const lines = turns.map((turn, n) => {
    const isLast = n === turns.length - 1;
    return iterationOf(turn, { number: n + 1, run: isLast ? run : null, children });
  });
  return [metadataOf(run), ...lines].map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** A turn, or a call that answered in place of turns. */
function isIteration(span: Span): boolean {
  return span.kind === "turn" || span.kind === "model" && span.begin.role === "direct";
}

function metadataOf({ begin }: RunSpan): Record<string, unknown> {
  const { maxDepth = null, maxIterations = null } = begin.options;
  return {
    type: "metadata",
    timestamp: isoTime(begin.time),
    root_model: begin.model,
    max_depth: maxDepth,
    max_iterations: maxIterations,
    backend: begin.model.split("/")[0],
    backend_kwargs: { model_name: begin.model },
    environment_type: "pyodide",
    environment_kwargs: {},
    other_backends: begin.subModel === begin.model ? null : [begin.subModel],
  };
}

/** The spans around a turn; `run` is given with the last turn, which has the answer. */
interface Around {
  readonly number: number;
  readonly run: RunSpan | null;
  readonly children: ReadonlyMap<string | null, readonly Span[]>;
}

function iterationOf(turn: Span, { number, run, children }: Around): Record<string, unknown> {
  const parts = children.get(turn.id) ?? [];
  const call = turn.kind === "model" ? turn : parts.findLast((span) => span.kind === "model");
  const cell = parts.find((span) => span.kind === "cell");
  const asked = call?.kind === "model" ? call : null;
  return {
    type: "iteration",
    iteration: number,
    timestamp: isoTime(turn.start),
    prompt: asked?.begin.messages ?? [],
    response: asked === null ? "" : replyOf(asked),
    code_blocks: cell?.kind === "cell" ? [codeBlockOf(cell, children)] : [],
    final_answer: run === null ? null : finalAnswer(run),
    iteration_time: turn.end === null ? null : (turn.end - turn.start) / 1000,
  };
}

function codeBlockOf(cell: CellSpan, children: Around["children"]): Record<string, unknown> {
  const ended = cell.finish?.cell;
  const stderr = [ended?.stderr ?? "", ended?.error?.traceback ?? ""].filter((text) => text !== "");
  const calls = (children.get(cell.id) ?? []).flatMap((tool) => children.get(tool.id) ?? []);
  return {
    code: cell.begin.code,
    result: {
      stdout: `${ended?.stdout ?? cell.printed}${ended?.value ?? ""}`,
      stderr: stderr.join("\n"),
      locals: {},
      execution_time: (ended?.durationMs ?? 0) / 1000,
      rlm_calls: calls.flatMap((call) =>
        call.kind === "model" ? [callOf(call)] : call.kind === "run" ? [childOf(call)] : []
      ),
    },
  };
}

function callOf(call: ModelSpan): Record<string, unknown> {
  const { begin, finish } = call;
  const usage = finish?.type === "model_reply" ? finish.completion.usage : finish?.spent?.usage;
  return {
    root_model: begin.model,
    prompt: begin.messages.at(-1)?.content ?? "",
    response: replyOf(call),
    ...usageFields(begin.model, usage ?? null),
    execution_time: (finish?.durationMs ?? 0) / 1000,
    ...(finish?.type === "model_error" && {
      error: finish.error.message,
      error_type: finish.error.type,
      status_code: finish.error.status,
    }),
  };
}

function childOf({ begin, finish }: RunSpan): Record<string, unknown> {
  return {
    root_model: begin.model,
    prompt: begin.instructions,
    response: answerText(finish?.result ?? null) ?? "",
    ...usageFields(begin.model, finish?.usage ?? null),
    execution_time: (finish?.durationMs ?? 0) / 1000,
    ...(finish?.error != null && { error: finish.error.message, error_type: finish.error.type }),
  };
}

/** Tokens in both the writer's form and the one that the visualizer looks for. */
function usageFields(model: string, usage: TokenUsage | null): Record<string, unknown> {
  const { inputTokens = 0, outputTokens = 0 } = usage ?? {};
  const summary = {
    total_calls: 1,
    total_input_tokens: inputTokens,
    total_output_tokens: outputTokens,
  };
  return {
    usage_summary: { model_usage_summaries: { [model]: summary } },
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
  };
}

function replyOf({ finish }: ModelSpan): string {
  return finish?.type === "model_reply" ? finish.completion.text : "";
}

function finalAnswer({ finish }: RunSpan): string | null {
  return answerText(finish?.result ?? null);
}

/** One field of text as it is, anything else as JSON. */
function answerText(result: Readonly<Record<string, unknown>> | null): string | null {
  if (result === null) return null;
  const values = Object.values(result);
  const [only] = values;
  return values.length === 1 && typeof only === "string" ? only : JSON.stringify(encode(result));
}

function isoTime(time: number): string {
  return new Date(time).toISOString();
}
