/** Attributes of the spans that OpenTelemetry is told of: GenAI conventions and OpenInference side by side. */
import type { AttributeValue } from "@opentelemetry/api";
import type { Message } from "../models/language_model.ts";
import { encode } from "./codec.ts";
import type { RlmEvent } from "./events.ts";

type Attributes = Record<string, AttributeValue>;

/** What is known when a span begins; texts only with `content`. */
export function beginAttributes(event: RlmEvent, content: boolean): Attributes {
  switch (event.type) {
    case "run_start":
      return {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "rlm",
        "gen_ai.conversation.id": event.runId,
        "gen_ai.request.model": event.model,
        "openinference.span.kind": "AGENT",
        "agent.name": "rlm",
        "session.id": event.runId,
        "rlm.depth": event.depth,
        ...(content && { "input.value": event.instructions, "input.mime_type": "text/plain" }),
      };
    case "turn_start":
      return {
        "openinference.span.kind": "CHAIN",
        "rlm.turn": event.turn,
        "rlm.max_turns": event.maxIterations,
      };
    case "cell_start":
      return {
        ...toolAttributes("python", event.stepId),
        ...(content && { ...input(event.code), "gen_ai.tool.call.arguments": event.code }),
      };
    case "tool_call": {
      const args = content ? jsonOf(event.args) : "";
      return {
        ...toolAttributes(event.name, event.callId),
        ...(content && { ...input(args, "application/json"), "gen_ai.tool.call.arguments": args }),
      };
    }
    case "model_request":
      return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": event.model.split("/")[0] ?? event.model,
        "gen_ai.request.model": event.model,
        "openinference.span.kind": "LLM",
        "llm.model_name": event.model,
        "rlm.role": event.role,
        ...(content && requestContent(event.messages)),
      };
    default:
      return {};
  }
}

/** What is known when a span ends; texts only with `content`. */
export function finishAttributes(event: RlmEvent, content: boolean): Attributes {
  switch (event.type) {
    case "model_reply":
      return replyAttributes(event, content);
    case "model_error":
      return {
        "error.type": event.error.code,
        ...(event.error.status !== null && { "http.response.status_code": event.error.status }),
      };
    case "tool_result":
      return content
        ? { "gen_ai.tool.call.result": jsonOf(event.result), ...output(event.result) }
        : {};
    case "cell_end":
      return {
        "rlm.cell.status": event.cell.status,
        ...(event.cell.error !== null && { "error.type": event.cell.error.type }),
        ...(content && output(event.cell.stdout)),
      };
    case "run_end":
      return {
        "rlm.stop_reason": event.stopReason,
        "gen_ai.usage.input_tokens": event.usage.inputTokens,
        "gen_ai.usage.output_tokens": event.usage.outputTokens,
        ...(event.usage.cost !== null && { "llm.cost.total": event.usage.cost }),
        ...(event.error !== null && { "error.type": event.error.type }),
        ...(content && output(event.result)),
      };
    default:
      return {};
  }
}

function replyAttributes(
  { completion, cached }: RlmEvent & { readonly type: "model_reply" },
  content: boolean,
): Attributes {
  const { model, finishReason, usage, cost, text } = completion;
  return {
    "gen_ai.response.model": model,
    "gen_ai.response.finish_reasons": [finishReason],
    "rlm.cached": cached,
    ...(usage !== null && !cached && {
      "gen_ai.usage.input_tokens": usage.inputTokens,
      "gen_ai.usage.output_tokens": usage.outputTokens,
      "gen_ai.usage.cache_read.input_tokens": usage.cachedTokens,
      "gen_ai.usage.cache_creation.input_tokens": usage.cacheWriteTokens,
      "gen_ai.usage.reasoning.output_tokens": usage.reasoningTokens,
      "llm.token_count.prompt": usage.inputTokens,
      "llm.token_count.completion": usage.outputTokens,
      "llm.token_count.total": usage.inputTokens + usage.outputTokens,
      "llm.token_count.prompt_details.cache_read": usage.cachedTokens,
      "llm.token_count.prompt_details.cache_write": usage.cacheWriteTokens,
      "llm.token_count.completion_details.reasoning": usage.reasoningTokens,
    }),
    ...(cost !== null && !cached && { "llm.cost.total": cost }),
    ...(content && {
      ...output(text),
      "gen_ai.output.messages": jsonOf([{
        role: "assistant",
        parts: [{ type: "text", content: text }],
        finish_reason: finishReason,
      }]),
      "llm.output_messages.0.message.role": "assistant",
      "llm.output_messages.0.message.content": text,
    }),
  };
}

function toolAttributes(name: string, callId: string): Attributes {
  return {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": name,
    "gen_ai.tool.type": "function",
    "gen_ai.tool.call.id": callId,
    "openinference.span.kind": "TOOL",
    "tool.name": name,
  };
}

function requestContent(messages: readonly Message[]): Attributes {
  const attributes: Attributes = {
    "gen_ai.input.messages": jsonOf(messages.map(({ role, content }) => ({
      role,
      parts: [{ type: "text", content }],
    }))),
    ...input(messages.at(-1)?.content ?? ""),
  };
  messages.forEach(({ role, content }, n) => {
    attributes[`llm.input_messages.${n}.message.role`] = role;
    attributes[`llm.input_messages.${n}.message.content`] = content;
  });
  return attributes;
}

function input(text: string, type = "text/plain"): Attributes {
  return { "input.value": text, "input.mime_type": type };
}

function output(value: unknown): Attributes {
  return typeof value === "string"
    ? { "output.value": value, "output.mime_type": "text/plain" }
    : { "output.value": jsonOf(value), "output.mime_type": "application/json" };
}

function jsonOf(value: unknown): string {
  return JSON.stringify(encode(value));
}
