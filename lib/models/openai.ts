/** OpenAIModel: asks any endpoint that speaks the OpenAI protocol. The only file that calls models over the network. */
import { abortable } from "../abort.ts";
import type { Completion, CompletionRequest, LanguageModel, TokenUsage } from "./language_model.ts";
import { type Asked, modelError } from "./model_error.ts";
import { OpenAICall } from "./openai_call.ts";
import { RequestFailure } from "./failure.ts";
import {
  type OpenAIClient,
  type OpenAIModelOptions,
  type OpenAISettings,
  settingsOf,
} from "./openai_options.ts";
import { readableResponse } from "./openai_response.ts";
import { knownContextWindow } from "./prices.ts";
import { type EndpointMemory, endpointMemory } from "./quirks.ts";
import { endpointLabel, redactor } from "./redact.ts";
import { estimateMessageTokens } from "../tokens.ts";

/** How far an estimate may be over the window before a request is refused unsent. */
const ESTIMATE_MARGIN = 1.1;

/** Prompts with fewer characters per token of the window than this fit, and need no estimate. */
const CHARS_PER_TOKEN_AT_LEAST = 1.5;

/**
 * A model behind an endpoint that speaks the OpenAI chat protocol: OpenAI itself, most other providers, and
 * servers on one's own machine.
 *
 * Retries what may pass (with back-off, honouring `Retry-After`), learns which parameters the model refuses,
 * and normalises tokens, reasoning, tool calls and errors. Its key is in no message, nor in what is
 * printed of it.
 *
 * @example
 * ```ts ignore
 * import { OpenAIModel } from "@rlm/rlm";
 *
 * const model = new OpenAIModel("qwen3", { baseUrl: "http://localhost:8000/v1" });
 * const reply = await model.complete({ messages: [{ role: "user", content: "Say hello" }] });
 * console.log(reply.text);
 * ```
 */
export class OpenAIModel implements LanguageModel {
  /** `provider/model`, or as the options name it. */
  readonly name: string;
  /** Name, endpoint and parameters; without the key. */
  readonly identity: string;
  /** What to know before trusting its answers; undefined when there is nothing. */
  readonly caution: string | undefined;
  readonly #model: string;
  readonly #settings: OpenAISettings;
  readonly #memory: EndpointMemory;
  readonly #asked: Asked;
  #client: Promise<OpenAIClient> | null = null;
  #knownWindow: number | null = null;
  /** The model's name in the last reply, which prices deployments whose own names say nothing. */
  #repliedAs: string | null = null;

  /**
   * Makes a model; nothing is loaded or sent before the first call.
   *
   * @param model its name at the endpoint
   * @throws {TypeError} for an empty name, or a base URL that is not http(s)
   * @throws {RangeError} for a negative number among the options
   */
  constructor(model: string, options: OpenAIModelOptions = {}) {
    const settings = settingsOf(model, options);
    const { name, provider, baseUrl, params, secrets, keySource } = settings;
    const endpoint = endpointLabel(baseUrl);
    this.name = name;
    this.identity = JSON.stringify([name, endpoint, model, params]);
    this.caution = provider.caution ?? undefined;
    this.#model = model;
    this.#settings = settings;
    this.#memory = endpointMemory(baseUrl, model);
    this.#asked = { name, endpoint, keySource, redact: redactor(secrets) };
  }

  /** Tokens that a request may have: as set, as the endpoint told, or as the price library knows once a call was made. */
  get contextWindow(): number | undefined {
    return this.#settings.contextWindow ?? this.#memory.contextWindow ?? this.#knownWindow ??
      undefined;
  }

  /**
   * Asks the model.
   *
   * @throws {ModelError} when there is no answer; `code` says why, `spent` what it cost all the same
   */
  async complete(request: CompletionRequest): Promise<Completion> {
    request.signal?.throwIfAborted();
    const client = await abortable(this.#connect(), request.signal);
    this.#refuseOversized(request);
    const call = new OpenAICall({
      client,
      model: this.#model,
      settings: this.#settings,
      memory: this.#memory,
      asked: this.#asked,
      // A price function that throws makes the price unknown; the reply is paid for and not lost.
      price: (usage, repliedAs) => this.#price(usage, repliedAs).catch(() => null),
    }, request);
    return await call.run();
  }

  /** US dollars for one request of so many tokens, or null when the price is unknown. */
  async price(usage: TokenUsage): Promise<number | null> {
    return await this.#price(usage, null);
  }

  async #price(usage: TokenUsage, repliedAs: string | null): Promise<number | null> {
    this.#repliedAs = repliedAs ?? this.#repliedAs;
    const { prices, provider } = this.#settings;
    const asked = { name: this.name, provider: provider.priceId, usage };
    const price = await prices({ ...asked, model: this.#model });
    if (price !== null || this.#repliedAs === null) return price;
    return await prices({ ...asked, model: this.#repliedAs });
  }

  /** Loads the client library, and what is known of the model, at the first call. */
  #connect(): Promise<OpenAIClient> {
    this.#client ??= this.#load().catch((error) => {
      this.#client = null;
      throw error;
    });
    return this.#client;
  }

  async #load(): Promise<OpenAIClient> {
    const { client, provider, contextWindow } = this.#settings;
    if (contextWindow === null) {
      const query = { provider: provider.priceId, model: this.#model };
      this.#knownWindow = await knownContextWindow(query);
    }
    return client ?? await newClient(this.#settings);
  }

  /** Refuses a prompt that the model cannot take, before it is sent. */
  #refuseOversized({ messages }: CompletionRequest): void {
    const window = this.contextWindow;
    if (window === undefined) return;
    const chars = messages.reduce((sum, { content }) => sum + content.length, 0);
    if (chars <= window * CHARS_PER_TOKEN_AT_LEAST) return;
    const tokens = estimateMessageTokens(messages);
    if (tokens <= window * ESTIMATE_MARGIN) return;
    const { failure } = new RequestFailure({
      code: "context_length",
      seen: `the prompt has about ${tokens} tokens (${chars} characters), the window ${window}`,
    });
    throw modelError(failure, this.#asked, { attempts: 0, spent: null });
  }
}

/** Makes a client that leaves retries, time-outs and logs to us. */
async function newClient(settings: OpenAISettings): Promise<OpenAIClient> {
  const { OpenAI } = await import("openai");
  return withoutEnvironment(() =>
    new OpenAI({
      apiKey: settings.apiKey,
      baseURL: settings.baseUrl,
      defaultHeaders: settings.headers,
      maxRetries: 0,
      fetch: async (input, init) => await readableResponse(await fetch(input, init), init),
      logLevel: "off",
    })
  );
}

/**
 * Runs `make` with an empty environment in the place where the client library looks. Its constructor reads
 * whatever variables it knows: on a terminal each would stop at a permission prompt, and headers that came
 * in that way would be secrets that no message is cleaned of.
 */
function withoutEnvironment<T>(make: () => T): T {
  const real = Object.getOwnPropertyDescriptor(globalThis, "process");
  Object.defineProperty(globalThis, "process", { value: { env: {} }, configurable: true });
  try {
    return make();
  } finally {
    if (real === undefined) Reflect.deleteProperty(globalThis, "process");
    else Object.defineProperty(globalThis, "process", real);
  }
}
