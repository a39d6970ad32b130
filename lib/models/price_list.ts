/** Prices of all models that the kept price library knows of a provider. */
import { NO_TOKENS } from "../tokens.ts";
import type { TokenUsage } from "./language_model.ts";
import { knownContextWindow, knownPrice } from "./prices.ts";

/** A model with its prices. */
export interface PricedModel {
  /** Its name at the provider. */
  readonly model: string;
  /** US dollars per million tokens; null when unknown. */
  readonly input: number | null;
  readonly cachedInput: number | null;
  readonly output: number | null;
  /** Tokens; null when unknown. */
  readonly contextWindow: number | null;
}

/** The models of a provider by its name in the price library, those aside that are no longer served. */
export async function knownModels(provider: string): Promise<PricedModel[]> {
  const { findProvider } = await import("@pydantic/genai-prices");
  const models = findProvider({ providerId: provider })?.models ?? [];
  const current = models.filter(({ deprecated }) => deprecated !== true).map(({ id }) => id);
  return await Promise.all(current.sort().map((model) => knownModel(provider, model)));
}

/** One model; all is null where the library does not know it. */
export async function knownModel(provider: string, model: string): Promise<PricedModel> {
  const price = async (tokens: Partial<TokenUsage>): Promise<number | null> => {
    // One thousand, because prices may grow with the size of a request.
    const each = await knownPrice({
      name: model,
      model,
      provider,
      usage: { ...NO_TOKENS, ...tokens },
    });
    return each === null ? null : Math.round(each * 1e9) / 1e6;
  };
  return {
    model,
    input: await price({ inputTokens: 1000 }),
    cachedInput: await price({ inputTokens: 1000, cachedTokens: 1000 }),
    output: await price({ outputTokens: 1000 }),
    contextWindow: await knownContextWindow({ provider, model }),
  };
}
