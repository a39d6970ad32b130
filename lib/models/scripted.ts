/** ScriptedModel: a model whose replies are written beforehand, for tests and for trying things out. */
import { ModelError } from "../errors.ts";
import type { Completion, CompletionRequest, LanguageModel, TokenUsage } from "./language_model.ts";

/** A reply: its text, a completion in part, or an error to reject with. */
export type ScriptedReply = string | Partial<Completion> | Error;

/** Makes a reply for a request; `index` counts the requests from 0. */
export type ReplyFunction = (
  request: CompletionRequest,
  index: number,
) => ScriptedReply | Promise<ScriptedReply>;

/** Options of a {@linkcode ScriptedModel}. */
export interface ScriptedModelOptions {
  /** The model's name. @default {"scripted"} */
  readonly name?: string;
  /** Tokens that a request may have. Default: no limit. */
  readonly contextWindow?: number;
  /** Milliseconds before each reply; an abort ends the wait. @default {0} */
  readonly delayMs?: number;
  /** US dollars per token in and out; null when the price is unknown. @default {0} */
  readonly pricePerToken?: number | null;
}

/** A reply as models write it: this reasoning, then this Python as a cell. */
export function cell(code: string, reasoning = ""): string {
  return `${reasoning}\n\`\`\`python\n${code}\n\`\`\``.trimStart();
}

/**
 * Answers from a list, in order, or by a function, and keeps what it was asked.
 * Tokens are counted as four characters each unless a reply says otherwise.
 *
 * @example
 * ```ts
 * import { cell, ScriptedModel } from "@rlm/rlm/testing";
 *
 * const model = new ScriptedModel([cell("SUBMIT(answer='42')")]);
 * const { text } = await model.complete({ messages: [{ role: "user", content: "What is it?" }] });
 * console.assert(text.includes("42") && model.requests.length === 1);
 * ```
 */
export class ScriptedModel implements LanguageModel {
  readonly name: string;
  readonly contextWindow?: number;
  /** Every request so far, oldest first. */
  readonly requests: CompletionRequest[] = [];
  readonly #reply: ReplyFunction;
  readonly #delayMs: number;
  readonly #pricePerToken: number | null;

  /** Takes the replies; when a list has run out, `complete` rejects with a `ModelError`. */
  constructor(
    replies: readonly ScriptedReply[] | ReplyFunction,
    options: ScriptedModelOptions = {},
  ) {
    this.name = options.name ?? "scripted";
    if (options.contextWindow !== undefined) this.contextWindow = options.contextWindow;
    this.#delayMs = options.delayMs ?? 0;
    this.#pricePerToken = options.pricePerToken === undefined ? 0 : options.pricePerToken;
    this.#reply = typeof replies === "function"
      ? replies
      : (_, index) => replies[index] ?? this.#runOut(replies.length);
  }

  /** Gives the next reply. */
  async complete(request: CompletionRequest): Promise<Completion> {
    request.signal?.throwIfAborted();
    const index = this.requests.push(request) - 1;
    const reply = await this.#reply(request, index);
    if (this.#delayMs > 0) await wait(this.#delayMs, request.signal);
    request.signal?.throwIfAborted();
    if (reply instanceof Error) throw reply;
    const completion = this.#completion(
      request,
      typeof reply === "string" ? { text: reply } : reply,
    );
    request.onDelta?.(completion.text);
    return completion;
  }

  /** Tokens times the price given. */
  price(usage: TokenUsage): Promise<number | null> {
    const tokens = usage.inputTokens + usage.outputTokens;
    return Promise.resolve(this.#pricePerToken === null ? null : this.#pricePerToken * tokens);
  }

  #completion(request: CompletionRequest, reply: Partial<Completion>): Completion {
    const text = reply.text ?? "";
    const usage = reply.usage === undefined
      ? {
        inputTokens: tokensOf(request.messages.map(({ content }) => content).join("\n")),
        cachedTokens: 0,
        cacheWriteTokens: 0,
        outputTokens: tokensOf(text),
        reasoningTokens: 0,
      }
      : reply.usage;
    const tokens = usage === null ? 0 : usage.inputTokens + usage.outputTokens;
    return {
      reasoning: null,
      toolCalls: [],
      finishReason: "stop",
      model: this.name,
      cost: this.#pricePerToken === null ? null : this.#pricePerToken * tokens,
      attempts: 1,
      ...reply,
      text,
      usage,
    };
  }

  #runOut(length: number): ModelError {
    return new ModelError(`answer from a script: all ${length} replies are used; write more`, {
      code: "replay",
      model: this.name,
    });
  }
}

function tokensOf(text: string): number {
  return Math.ceil(text.length / 4);
}

function wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", giveUp);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", giveUp, { once: true });
  });
}
