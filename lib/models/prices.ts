/** What calls cost, in US dollars: by a kept library of prices, by the caller's own, or unknown. */
import type { TokenUsage } from "./language_model.ts";

/** What is to be priced: one request, since prices may depend on its size. */
export interface PricedRequest {
  /** `LanguageModel.name`. */
  readonly name: string;
  /** The model's name at its endpoint. */
  readonly model: string;
  /** The provider's name in the price library; null when that does not know it. */
  readonly provider: string | null;
  /** Tokens of the request and its reply. */
  readonly usage: TokenUsage;
}

/** Gives US dollars, or null when the price is unknown; never 0 for an unknown price. */
export type PriceFunction = (request: PricedRequest) => number | null | Promise<number | null>;

/** US dollars per million tokens. */
export interface Rates {
  /** Input that no cache is involved in. */
  readonly input: number;
  /** Output, reasoning included. */
  readonly output: number;
  /** Input that came from the provider's cache. Default `input`. */
  readonly cachedInput?: number;
  /** Input that was written to the provider's cache. Default `input`. */
  readonly cacheWrite?: number;
}

/**
 * Prices by the `@pydantic/genai-prices` library, loaded at first use; null for models and providers
 * that it does not know, such as servers on one's own machine.
 */
export async function knownPrice(request: PricedRequest): Promise<number | null> {
  const found = await lookUp(request);
  return found === null ? null : found.total_price;
}

/** The context window of a model, in tokens, as the price library knows it; null when it does not. */
export async function knownContextWindow(
  request: Pick<PricedRequest, "provider" | "model">,
): Promise<number | null> {
  const found = await lookUp({ ...request, usage: null });
  return found?.model.context_window ?? null;
}

/**
 * Makes a price function from a table, for models that the library does not know or has wrong. The table's
 * keys are `provider/model` names or plain model names; other models are priced by `otherwise`.
 *
 * @example
 * ```ts
 * import { priceTable } from "@rlm/rlm";
 *
 * const prices = priceTable({ "vllm/my-model": { input: 0.2, output: 0.6 } });
 * ```
 */
export function priceTable(
  table: Readonly<Record<string, Rates>>,
  otherwise: PriceFunction = knownPrice,
): PriceFunction {
  return (request) => {
    const key = [request.name, request.model].find((name) => Object.hasOwn(table, name));
    const rates = key === undefined ? undefined : table[key];
    return rates === undefined ? otherwise(request) : priceAt(rates, request.usage);
  };
}

/** Adds up one request at fixed rates. */
function priceAt(rates: Rates, usage: TokenUsage): number {
  const plain = Math.max(0, usage.inputTokens - usage.cachedTokens - usage.cacheWriteTokens);
  return (plain * rates.input +
    usage.cachedTokens * (rates.cachedInput ?? rates.input) +
    usage.cacheWriteTokens * (rates.cacheWrite ?? rates.input) +
    usage.outputTokens * rates.output) / 1e6;
}

/** Asks the library; null where it does not know, or cannot make sense of the usage. */
async function lookUp(
  { provider, model, usage }: { provider: string | null; model: string; usage: TokenUsage | null },
): Promise<{ total_price: number; model: { context_window?: number } } | null> {
  if (provider === null) return null;
  const { calcPrice } = await import("@pydantic/genai-prices");
  try {
    return calcPrice(
      {
        input_tokens: usage?.inputTokens ?? 0,
        cache_read_tokens: usage?.cachedTokens ?? 0,
        cache_write_tokens: usage?.cacheWriteTokens ?? 0,
        output_tokens: usage?.outputTokens ?? 0,
      },
      model,
      { providerId: provider },
    );
  } catch {
    return null;
  }
}
