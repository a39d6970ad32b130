/** Options of OpenAIModel: what a user may set, checked and completed. */
import { COMPATIBLE, OPENAI, type Provider } from "./providers.ts";
import { knownPrice, type PriceFunction } from "./prices.ts";
import { secretsOf, shownUrl } from "./redact.ts";
import { DEFAULT_RETRIES, type RetryPolicy } from "./retry.ts";

/** The part of the `openai` package's client that is used; a client of any recent version fits. */
export interface OpenAIClient {
  /** Its chat completions. */
  readonly chat: {
    readonly completions: {
      create(body: object, options?: object): PromiseLike<unknown>;
    };
  };
  /** Where it sends requests. */
  readonly baseURL?: string;
  /** Its key, to be kept out of messages. */
  readonly apiKey?: string | null;
}

/** Options of `OpenAIModel`. */
export interface OpenAIModelOptions extends Partial<RetryPolicy> {
  /** Where the endpoint is. Default: the provider's. */
  readonly baseUrl?: string;
  /** The key. Default: none, which servers on one's own machine accept. Never read from the environment here. */
  readonly apiKey?: string;
  /** A client made by the caller, with its own key, headers and proxy; `baseUrl` and `apiKey` are then its own. */
  readonly client?: OpenAIClient;
  /** How the endpoint differs from others. Default: OpenAI's own, or with a `baseUrl` one that assumes nothing. */
  readonly provider?: Provider;
  /** The name in usage, journals and errors. Default `provider/model`. */
  readonly name?: string;
  /** Tokens that a request may have. Default: what the price library knows, or an error has told. */
  readonly contextWindow?: number;
  /** Longest silence of the server, in milliseconds, before a request is given up. Default 600,000. */
  readonly timeoutMs?: number;
  /** Headers sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Added to the body of every request, such as `{ reasoning_effort: "low" }`. Sampling parameters that the
   * model refuses are left out.
   */
  readonly params?: Readonly<Record<string, unknown>>;
  /** Gives the price of a request. Default: a kept library of prices. */
  readonly prices?: PriceFunction;
  /** Where the key came from, for messages about it. Default "the apiKey option". */
  readonly keySource?: string;
}

/** Options with every default filled in. */
export interface OpenAISettings {
  readonly name: string;
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly client: OpenAIClient | null;
  readonly provider: Provider;
  readonly contextWindow: number | null;
  readonly timeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, unknown>>;
  readonly prices: PriceFunction;
  readonly keySource: string;
  readonly retries: RetryPolicy;
  /** What must be in no message. */
  readonly secrets: readonly string[];
}

/** Ten minutes: long enough for a reasoning model that thinks before its first token. */
const DEFAULT_TIMEOUT_MS = 600_000;

/** What servers that need no key are sent. */
const NO_KEY = "none";

/**
 * Checks options and fills in defaults.
 *
 * @throws {TypeError} when the model's name is empty or the base URL is not an http(s) URL.
 * @throws {RangeError} when a number is not positive.
 */
export function settingsOf(model: string, options: OpenAIModelOptions): OpenAISettings {
  if (model.trim() === "") {
    throw new TypeError(`Cannot make a model: its name is empty; pass one such as "gpt-5"`);
  }
  const { client = null, headers = {}, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const givenUrl = client?.baseURL ?? options.baseUrl;
  const provider = options.provider ?? (givenUrl === undefined ? OPENAI : COMPATIBLE);
  const apiKey = client?.apiKey ?? options.apiKey ?? NO_KEY;
  const retries = {
    maxRetries: options.maxRetries ?? DEFAULT_RETRIES.maxRetries,
    retryDelayMs: options.retryDelayMs ?? DEFAULT_RETRIES.retryDelayMs,
    maxRetryDelayMs: options.maxRetryDelayMs ?? DEFAULT_RETRIES.maxRetryDelayMs,
  };
  for (const [name, value] of Object.entries({ ...retries, timeoutMs })) {
    if (!(value >= 0)) {
      throw new RangeError(`Cannot make a model: ${name} is ${value}; pass 0 or more`);
    }
  }
  const baseUrl = checkedUrl(givenUrl ?? provider.baseUrl ?? "");
  return {
    name: options.name ?? `${provider.id}/${model}`,
    baseUrl,
    apiKey,
    client,
    provider,
    contextWindow: options.contextWindow ?? null,
    timeoutMs,
    headers,
    params: options.params ?? {},
    prices: options.prices ?? knownPrice,
    keySource: options.keySource ?? (client === null ? "the apiKey option" : "the client's key"),
    retries,
    secrets: [apiKey, ...Object.values(headers), ...secretsOf(baseUrl)],
  };
}

/** Refuses what cannot be asked, before anything is sent. */
function checkedUrl(baseUrl: string): string {
  if (URL.canParse(baseUrl) && /^https?:$/.test(new URL(baseUrl).protocol)) return baseUrl;
  throw new TypeError(
    `Cannot make a model: the base URL is ${shownUrl(baseUrl)}; ` +
      `pass one that starts with http:// or https://`,
  );
}
