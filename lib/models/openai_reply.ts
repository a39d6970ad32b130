/** Reads a chat completion, whole or put together from a stream, into one shape for all providers. */
import type { FinishReason, NativeToolCall, TokenUsage } from "./language_model.ts";
import { countOf, fieldOf, isRecord, itemsOf, textOf } from "./json.ts";
import { RequestFailure } from "./failure.ts";
import { reportedFailure } from "./http_failure.ts";

/** What one request was answered. */
export interface Reply {
  readonly text: string;
  readonly reasoning: string | null;
  readonly toolCalls: readonly NativeToolCall[];
  readonly finishReason: FinishReason;
  readonly model: string;
  readonly usage: TokenUsage | null;
  /** US dollars, where the provider itself says. */
  readonly cost: number | null;
}

/**
 * Reads an answer.
 *
 * @throws {RequestFailure} when it is no completion, has no choices, or is a refusal.
 */
export function readReply(body: unknown, model: string): Reply {
  if (!isRecord(body)) throw notACompletion(textOf(body));
  const usage = readUsage(body.usage);
  const choice = itemsOf(body.choices)[0];
  const reported = fieldOf(choice, "error") ?? body.error;
  if (reported !== undefined && reported !== null) throw reportedFailure(reported);
  if (!Array.isArray(body.choices)) throw notACompletion(JSON.stringify(body));
  if (choice === undefined) {
    const seen = "the answer has no choices";
    throw new RequestFailure({ code: "empty", status: 200, seen, retryable: true, usage });
  }
  const message = readMessage(fieldOf(choice, "message"));
  const finishReason = readFinishReason(fieldOf(choice, "finish_reason"));
  if (message.refusal !== "") {
    throw new RequestFailure({ code: "refusal", status: 200, seen: message.refusal, usage });
  }
  if (finishReason === "content_filter") {
    const seen = "the provider's content filter stopped the reply";
    throw new RequestFailure({ code: "content_filter", status: 200, seen, usage });
  }
  return {
    text: message.text,
    reasoning: message.reasoning || null,
    toolCalls: itemsOf(fieldOf(choice, "message", "tool_calls")).map(readToolCall),
    finishReason,
    model: textOf(body.model) || model,
    usage,
    cost: countOf(fieldOf(body.usage, "cost")),
  };
}

/** Characters of a foreign answer that are kept; its message has fewer, once secrets are taken out. */
const MOST_SEEN = 2_000;

/** Something other than a completion was answered: most often the base URL is wrong. */
export function notACompletion(seen: string): RequestFailure {
  return new RequestFailure({
    code: "config",
    status: 200,
    seen: `the answer is not a chat completion but ${JSON.stringify(seen.slice(0, MOST_SEEN))}`,
  });
}

/** The texts of a message, or of a streamed piece of one; each empty when there is none. */
export interface MessageTexts {
  readonly text: string;
  readonly reasoning: string;
  readonly refusal: string;
}

/** Reduces a message to its texts. Content is a string, or a list of parts of which some are thinking. */
export function readMessage(message: unknown): MessageTexts {
  const content = fieldOf(message, "content");
  const apart = fieldOf(message, "reasoning_content") ?? fieldOf(message, "reasoning");
  const parts: readonly unknown[] = Array.isArray(content) ? content : [content];
  const inParts = (...types: readonly string[]) =>
    parts.filter((part) => types.includes(textOf(fieldOf(part, "type")))).map(partText).join("");
  return {
    text: inParts("text", "output_text", ""),
    reasoning: partText(apart) || inParts("thinking", "reasoning"),
    refusal: textOf(fieldOf(message, "refusal")) || inParts("refusal"),
  };
}

/** The text of a content part, wherever its kind keeps it. */
function partText(part: unknown): string {
  if (!isRecord(part)) return textOf(part);
  const inner = part.text ?? part.thinking ?? part.reasoning ?? part.refusal ?? part.content;
  return Array.isArray(inner) ? inner.map(partText).join("") : textOf(inner);
}

function readToolCall(call: unknown): NativeToolCall {
  return {
    name: textOf(fieldOf(call, "function", "name")),
    arguments: textOf(fieldOf(call, "function", "arguments")),
  };
}

const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  stop: "stop",
  end_turn: "stop",
  eos: "stop",
  stop_sequence: "stop",
  length: "length",
  max_tokens: "length",
  model_length: "length",
  content_filter: "content_filter",
  safety: "content_filter",
  tool_calls: "tool_calls",
  function_call: "tool_calls",
  tool_use: "tool_calls",
};

function readFinishReason(reason: unknown): FinishReason {
  return FINISH_REASONS[textOf(reason).toLowerCase()] ?? "unknown";
}

/**
 * Normalises usage: input with cached tokens in it, output with reasoning in it. Some providers count
 * reasoning only in the total; what the total has beyond input and output is reasoning then.
 */
export function readUsage(usage: unknown): TokenUsage | null {
  const field = (...path: string[]): number | null => countOf(fieldOf(usage, ...path));
  const input = field("prompt_tokens") ?? field("input_tokens");
  const output = field("completion_tokens") ?? field("output_tokens");
  if (input === null && output === null) return null;
  const inputTokens = input ?? 0;
  const stated = output ?? 0;
  const unstated = Math.max(0, (field("total_tokens") ?? 0) - inputTokens - stated);
  return {
    inputTokens,
    cachedTokens: field("prompt_tokens_details", "cached_tokens") ??
      field("input_tokens_details", "cached_tokens") ?? field("prompt_cache_hit_tokens") ?? 0,
    cacheWriteTokens: field("prompt_tokens_details", "cache_write_tokens") ??
      field("cache_creation_input_tokens") ?? 0,
    outputTokens: stated + unstated,
    reasoningTokens: field("completion_tokens_details", "reasoning_tokens") ??
      field("output_tokens_details", "reasoning_tokens") ?? unstated,
  };
}
