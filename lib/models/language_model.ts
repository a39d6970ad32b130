/** LanguageModel: the one seam between the engine and whatever answers. No behaviour. */
import type { JsonSchema } from "../../sandbox/protocol.ts";
import type { ModelError } from "../errors.ts";

/** One message of a conversation. */
export interface Message {
  /** Who says it. */
  readonly role: "system" | "user" | "assistant";
  /** What is said. */
  readonly content: string;
}

/** One request to a model. */
export interface CompletionRequest {
  /** The conversation so far, oldest first. */
  readonly messages: readonly Message[];
  /** Ends the request; `complete` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Tokens that the reply may have, reasoning included. */
  readonly maxOutputTokens?: number;
  /** Sampling temperature; left out for models that refuse it. */
  readonly temperature?: number;
  /** Asks for a JSON reply of this shape where the provider can; the reply is checked by the caller all the same. */
  readonly schema?: JsonSchema;
  /** Groups requests that share a prefix, for providers with a prompt cache key. */
  readonly cacheKey?: string;
  /** Called with each piece of text as it arrives; asks the provider to stream. */
  readonly onDelta?: (text: string) => void;
  /** Called before a request is sent again; text that `onDelta` was given so far is void. */
  readonly onRetry?: (notice: RetryNotice) => void;
}

/** Why a request is sent again, when, and to whom. */
export interface RetryNotice {
  /** Why the last request failed. */
  readonly error: ModelError;
  /** Milliseconds until the request is sent. */
  readonly waitMs: number;
  /** `LanguageModel.name` of the model that is asked next. */
  readonly model: string;
}

/** Tokens of one or more calls. */
export interface TokenUsage {
  /** Tokens of the prompts, cached ones and cache writes included. */
  readonly inputTokens: number;
  /** Of the input, what came from the provider's cache. */
  readonly cachedTokens: number;
  /** Of the input, what was written to the provider's cache. */
  readonly cacheWriteTokens: number;
  /** Tokens of the replies, reasoning included. */
  readonly outputTokens: number;
  /** Of the output, what was reasoning. */
  readonly reasoningTokens: number;
}

/** Why a model stopped. */
export type FinishReason =
  | "stop"
  | "length"
  | "content_filter"
  | "refusal"
  | "tool_calls"
  | "unknown";

/** A native tool call in a reply; `arguments` is the JSON text as sent. */
export interface NativeToolCall {
  /** The tool's name. */
  readonly name: string;
  /** JSON text, unchecked. */
  readonly arguments: string;
}

/** One reply. */
export interface Completion {
  /** The reply without reasoning and tool calls; may be empty. */
  readonly text: string;
  /** Thinking that the provider returned apart from the text. */
  readonly reasoning: string | null;
  /** Tools that the model asked for in the provider's own way. */
  readonly toolCalls: readonly NativeToolCall[];
  /** Why the model stopped; `length` means that the text is cut. */
  readonly finishReason: FinishReason;
  /** The model's name as the provider gave it. */
  readonly model: string;
  /** Tokens of the whole call, failed attempts included where they were billed; null when the provider did not say. */
  readonly usage: TokenUsage | null;
  /** US dollars, or null when the price is unknown. */
  readonly cost: number | null;
  /** Requests sent: 1 when nothing was retried, 0 when a cache answered. */
  readonly attempts: number;
  /** `LanguageModel.name` of the one that answered, where that is not the model that was asked. */
  readonly answeredBy?: string;
}

/** Anything that answers messages. Implement it to bring a model of your own. */
export interface LanguageModel {
  /** `provider/model`, as shown in usage, journals and errors. */
  readonly name: string;
  /** Tokens that a request may have, when known; longer prompts are refused before they are sent. */
  readonly contextWindow?: number | undefined;
  /** Tells this model's answers from another's: name, endpoint, parameters. No secret. Default `name`. */
  readonly identity?: string;
  /** What a user should know before trusting this model's answers; fit to be shown once as a warning. */
  readonly caution?: string | undefined;
  /** Answers; rejects with `ModelError`, or with the signal's reason. */
  complete(request: CompletionRequest): Promise<Completion>;
  /** US dollars for so many tokens, or null when unknown; used to check a money cap before a call. */
  price?(usage: TokenUsage): Promise<number | null>;
}
