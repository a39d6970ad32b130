/** FallbackModel: a chain of models, each asked when the one before it cannot answer. */
import { ModelError, type TokenSpending } from "../errors.ts";
import type { Completion, CompletionRequest, LanguageModel, TokenUsage } from "./language_model.ts";
import { isLasting } from "./model_error.ts";
import { sumTokens } from "../tokens.ts";

/** Options of {@linkcode FallbackModel}. */
export interface FallbackOptions {
  /**
   * Whether to ask the next model after an error. Default: when it was not the request's fault, that is for
   * all but bad requests, refusals and content filters.
   */
  readonly tryNext?: (error: ModelError) => boolean;
}

/** Failures that another model would most likely repeat, or that are about what was asked. */
const REQUEST_FAULTS: ReadonlySet<ModelError["code"]> = new Set<ModelError["code"]>([
  "bad_request",
  "refusal",
  "content_filter",
  "replay",
]);

/** What failed models of the chain sent and were billed. */
interface Tally {
  attempts: number;
  spent: TokenSpending | null;
}

/**
 * A chain of models: the first that can answer does. `Completion.answeredBy` says which it was; attempts,
 * tokens and cost include those of the models that failed before. A model that can never answer (bad
 * key, no credit, unknown model) is not asked again.
 *
 * @example
 * ```ts
 * import { FallbackModel, OpenAIModel } from "@rlm/rlm";
 *
 * const near = new OpenAIModel("qwen3", { baseUrl: "http://localhost:8000/v1" });
 * const far = new OpenAIModel("gpt-5", { apiKey: "..." });
 * const model = new FallbackModel([near, far]);
 * console.assert(model.name === "compatible/qwen3 or openai/gpt-5");
 * ```
 */
export class FallbackModel implements LanguageModel {
  /** The names of the chain, joined by "or". */
  readonly name: string;
  /** The identities of the chain. */
  readonly identity: string;
  readonly #models: readonly LanguageModel[];
  readonly #tryNext: (error: ModelError) => boolean;
  readonly #useless = new Set<LanguageModel>();

  /**
   * Takes the models in the order in which they are asked.
   *
   * @throws {RangeError} when the chain is empty
   */
  constructor(models: readonly LanguageModel[], options: FallbackOptions = {}) {
    if (models.length === 0) {
      throw new RangeError("Cannot make a fallback chain: it has 0 models; pass at least one");
    }
    this.#models = [...models];
    this.#tryNext = options.tryNext ?? ((error) => !REQUEST_FAULTS.has(error.code));
    this.name = models.map(({ name }) => name).join(" or ");
    this.identity = JSON.stringify(models.map(({ name, identity }) => identity ?? name));
  }

  /** The cautions of the chain. */
  get caution(): string | undefined {
    const cautions = new Set(this.#models.flatMap(({ caution }) => caution ?? []));
    return cautions.size === 0 ? undefined : [...cautions].join("; ");
  }

  /** The largest window of the chain, since that model can be asked; unknown when one is. */
  get contextWindow(): number | undefined {
    const windows = this.#models.map(({ contextWindow }) => contextWindow ?? Infinity);
    const largest = Math.max(...windows);
    return largest === Infinity ? undefined : largest;
  }

  /**
   * Asks the models in turn.
   *
   * @throws {ModelError} of the last model that was asked, with the attempts and costs of all
   */
  async complete(request: CompletionRequest): Promise<Completion> {
    const tally: Tally = { attempts: 0, spent: null };
    const usable = this.#models.filter((model) => !this.#useless.has(model));
    const chain = usable.length > 0 ? usable : this.#models;
    for (const [i, model] of chain.entries()) {
      try {
        return withTally(await model.complete(request), model, tally);
      } catch (error) {
        if (!(error instanceof ModelError)) throw error;
        if (isLasting(error)) this.#useless.add(model);
        add(tally, error);
        const next = chain[i + 1];
        if (next === undefined || !this.#tryNext(error)) throw ofChain(error, tally);
        request.signal?.throwIfAborted();
        request.onRetry?.({ error, waitMs: 0, model: next.name });
      }
    }
    throw new RangeError("Cannot ask a fallback chain: it is empty");
  }

  /** The highest price of the chain, or null when one is unknown. */
  async price(usage: TokenUsage): Promise<number | null> {
    const prices = await Promise.all(
      this.#models.map((model) => model.price?.(usage) ?? Promise.resolve(null)),
    );
    return prices.reduce((a, b) => a === null || b === null ? null : Math.max(a, b));
  }
}

function add(tally: Tally, { attempts, spent }: ModelError): void {
  tally.attempts += attempts;
  if (spent !== null) tally.spent = sumSpending(tally.spent, spent);
}

function sumSpending(a: TokenSpending | null, b: TokenSpending): TokenSpending {
  if (a === null) return b;
  const cost = a.cost === null || b.cost === null ? null : a.cost + b.cost;
  return { usage: sumTokens(a.usage, b.usage) ?? b.usage, cost };
}

/** A reply with what the models before it sent and were billed. */
function withTally(completion: Completion, model: LanguageModel, tally: Tally): Completion {
  const { usage, cost } = completion;
  const whole = usage === null || tally.spent === null
    ? { usage, cost: tally.spent === null ? cost : null }
    : sumSpending(tally.spent, { usage, cost });
  const attempts = completion.attempts + tally.attempts;
  return { ...completion, ...whole, attempts, answeredBy: completion.answeredBy ?? model.name };
}

/** The last error, with the attempts and costs of the whole chain. */
function ofChain(error: ModelError, { attempts, spent }: Tally): ModelError {
  const { code, model, status, retryable, message } = error;
  return new ModelError(message, {
    code,
    model,
    retryable,
    attempts,
    spent,
    cause: error,
    ...(status === null ? {} : { status }),
  });
}
