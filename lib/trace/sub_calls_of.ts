/** Rebuilds the sub-calls of a turn from its events. */
import { ErrorValue } from "../host/sandbox.ts";
import type { RlmEvent } from "./events.ts";
import type { SubCall } from "./trajectory.ts";

type Of<T extends RlmEvent["type"]> = Extract<RlmEvent, { readonly type: T }>;

/** The sub-calls that these tool calls made. */
export function subCallsOf(
  tools: readonly Of<"tool_call">[],
  events: readonly RlmEvent[],
): SubCall[] {
  return tools.flatMap((tool) => {
    const result = events.find((event) =>
      event.type === "tool_result" && event.callId === tool.callId
    );
    const settled = result?.type === "tool_result" ? result : null;
    const { prompt, prompts } = tool.args;
    if (tool.name === "llm_query") return questions(tool, [prompt], settled, events);
    if (tool.name === "llm_query_batched" && Array.isArray(prompts)) {
      return questions(tool, prompts, settled, events);
    }
    return tool.name === "rlm_query" || tool.name === "recursive_llm"
      ? [child(tool, settled, events)]
      : [];
  });
}

/** One sub-call for each prompt; a prompt that was refused before it was sent has no request. */
function questions(
  tool: Of<"tool_call">,
  prompts: readonly unknown[],
  result: Of<"tool_result"> | null,
  events: readonly RlmEvent[],
): SubCall[] {
  const requests = events.filter((event) => event.type === "model_request")
    .filter(({ parentCallId, role }) => parentCallId === tool.callId && role === "sub");
  return prompts.map(String).map((prompt, n) => {
    // A schema is asked for after the prompt, and a repair repeats both: they are the same question.
    const isAsked = ({ messages }: Of<"model_request">) =>
      messages[1]?.content.startsWith(prompt) ?? false;
    const first = requests.findIndex(isAsked);
    const request = first === -1 ? undefined : requests.splice(first, 1)[0];
    const repair = requests.findIndex((each) => isAsked(each) && each.messages.length > 2);
    const last = repair === -1 ? request : requests.splice(repair, 1)[0];
    const end = events.find((event) =>
      (event.type === "model_reply" || event.type === "model_error") &&
      event.callId === last?.callId
    );
    return {
      callId: tool.callId,
      kind: "llm_query",
      model: request?.model ?? "",
      promptChars: prompt.length,
      replyChars: end?.type === "model_reply" ? end.completion.text.length : 0,
      cached: end?.type === "model_reply" && end.cached,
      error: errorAt(n, prompts.length, result),
      durationMs: ((end ?? result)?.time ?? tool.time) - tool.time,
    };
  });
}

function child(
  tool: Of<"tool_call">,
  result: Of<"tool_result"> | null,
  events: readonly RlmEvent[],
): SubCall {
  const start = events.find((event) =>
    event.type === "run_start" && event.parentCallId === tool.callId
  );
  const run = start?.type === "run_start" ? start : null;
  const error = errorAt(0, 1, result);
  return {
    callId: tool.callId,
    kind: "rlm_query",
    model: run?.model ?? "",
    promptChars: (run?.instructions ?? String(tool.args.query)).length,
    replyChars: result === null || error !== null ? 0 : String(result.result).length,
    cached: false,
    error,
    durationMs: result?.durationMs ?? 0,
  };
}

/** What went wrong with the n-th of several prompts; null when nothing did. */
function errorAt(n: number, of: number, result: Of<"tool_result"> | null): string | null {
  if (result === null) return "it had not ended";
  if (!result.ok) {
    return (result.result as { readonly message?: string } | null)?.message ??
      String(result.result);
  }
  const value = Array.isArray(result.result) && of === result.result.length
    ? result.result[n]
    : result.result;
  return value instanceof ErrorValue ? value.message : null;
}
