/** One call of a model: sends the request, adapts it to what the endpoint refuses, and retries what may pass. */
import type { TokenSpending } from "../errors.ts";
import { wait, withDeadline } from "./deadline.ts";
import type { Completion, CompletionRequest, TokenUsage } from "./language_model.ts";
import { type Asked, modelError } from "./model_error.ts";
import type { RequestFailure } from "./failure.ts";
import { failureOf } from "./openai_failure.ts";
import type { OpenAIClient, OpenAISettings } from "./openai_options.ts";
import { readReply, type Reply } from "./openai_reply.ts";
import { type ChatRequest, chatRequest } from "./openai_request.ts";
import { collectStream } from "./openai_stream.ts";
import { type EndpointMemory, type Feature, refusalOf } from "./quirks.ts";
import { retryDelay } from "./retry.ts";
import { estimateMessageTokens, sumTokens } from "../tokens.ts";

/** The client library's own clock is set so far that only the deadline here counts. */
const NO_CLIENT_TIMEOUT_MS = 2 ** 31 - 1;

/** Who answers a call, and what is known of it. */
export interface Callee {
  readonly client: OpenAIClient;
  /** The model's name at the endpoint. */
  readonly model: string;
  readonly settings: OpenAISettings;
  readonly memory: EndpointMemory;
  readonly asked: Asked;
  /** Prices one request by the name that the reply gave, or else the model's own. */
  readonly price: (usage: TokenUsage, repliedAs: string | null) => Promise<number | null>;
}

/** A call under way. */
export class OpenAICall {
  readonly #callee: Callee;
  readonly #request: CompletionRequest;
  /** Features that this call does without, beyond what the endpoint is known to refuse of every call. */
  readonly #refusedHere = new Set<Feature>();
  #attempts = 0;
  /** What failed attempts were billed. */
  #spent: TokenSpending | null = null;

  constructor(callee: Callee, request: CompletionRequest) {
    this.#callee = callee;
    this.#request = request;
  }

  /** Gets the reply, retrying; rejects with a ModelError, or with the signal's reason. */
  async run(): Promise<Completion> {
    const { settings, asked } = this.#callee;
    const { signal, onRetry } = this.#request;
    for (let retry = 0;; retry++) {
      const outcome = await this.#adapt();
      if (!("failure" in outcome)) return await this.#completion(outcome);
      await this.#charge(outcome.failure.usage);
      const error = modelError(outcome.failure, asked, {
        attempts: this.#attempts,
        spent: this.#spent,
      });
      const waitMs = retryDelay(retry, outcome.failure, settings.retries);
      if (waitMs === null) throw error;
      onRetry?.({ error, waitMs, model: asked.name });
      await wait(waitMs, signal);
    }
  }

  /** Sends the request, at once again without each feature that is refused. Each is refused once at most. */
  async #adapt(): Promise<Reply | RequestFailure> {
    const { settings, memory, model } = this.#callee;
    for (;;) {
      const chat = chatRequest(this.#request, {
        model,
        provider: settings.provider,
        params: settings.params,
        refused: memory.refused.union(this.#refusedHere),
      });
      this.#attempts++;
      try {
        return readReply(await this.#send(chat), model);
      } catch (thrown) {
        this.#request.signal?.throwIfAborted();
        const failed = failureOf(thrown);
        memory.contextWindow = failed.failure.contextWindow ?? memory.contextWindow;
        const refusal = refusalOf(failed.failure, chat.used);
        if (refusal === null) return failed;
        (refusal.lasting ? memory.refused : this.#refusedHere).add(refusal.feature);
      }
    }
  }

  /** Sends one request; gives the body of the answer, put together when it was streamed. */
  async #send({ body }: ChatRequest): Promise<unknown> {
    const { client, settings } = this.#callee;
    const { signal, messages } = this.#request;
    return await withDeadline(async (watched) => {
      const answer = await client.chat.completions.create(body, {
        signal: watched.signal,
        maxRetries: 0,
        timeout: NO_CLIENT_TIMEOUT_MS,
      });
      if (!isStream(answer)) return answer;
      return await collectStream(answer, {
        heard: watched.heard,
        onDelta: (text) => watched.signal.aborted || this.#tell(text),
        estimateInput: () => estimateMessageTokens(messages),
      });
    }, { silenceMs: settings.timeoutMs, signal });
  }

  /** Passes text on. A listener that throws is its owner's trouble: the paid reply is not lost for it. */
  #tell(text: string): void {
    try {
      this.#request.onDelta?.(text);
    } catch {
      // The reply is paid for and comes whole at the end all the same.
    }
  }

  /** Adds what a failed attempt was billed. */
  async #charge(usage: TokenUsage | null): Promise<void> {
    if (usage === null) return;
    const cost = await this.#callee.price(usage, null);
    const before = this.#spent;
    this.#spent = {
      usage: sumTokens(before?.usage ?? null, usage) ?? usage,
      cost: before === null ? cost : sumCosts(before.cost, cost),
    };
  }

  /** The reply with what the whole call cost. */
  async #completion(reply: Reply): Promise<Completion> {
    const { text, reasoning, toolCalls, finishReason, model, usage } = reply;
    const price = usage === null ? null : await this.#callee.price(usage, model);
    const cost = reply.cost ?? price;
    return {
      text,
      reasoning,
      toolCalls,
      finishReason,
      model,
      usage: usage === null ? null : sumTokens(usage, this.#spent?.usage ?? null),
      cost: this.#spent === null ? cost : sumCosts(cost, this.#spent.cost),
      attempts: this.#attempts,
    };
  }
}

/** Adds costs; unknown and known are unknown together. */
function sumCosts(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}

function isStream(answer: unknown): answer is AsyncIterable<unknown> {
  return typeof answer === "object" && answer !== null && Symbol.asyncIterator in answer;
}
