/** CachedModel: answers identical requests once, and marks the answers that cost nothing. */
import { ModelError } from "../errors.ts";
import { type CompletionStore, MemoryStore } from "./cache_store.ts";
import { abortable } from "../abort.ts";
import type { Completion, CompletionRequest, LanguageModel, TokenUsage } from "./language_model.ts";
import { NO_TOKENS } from "../tokens.ts";

/** Options of {@linkcode CachedModel}. */
export interface CacheOptions {
  /** Where completions are kept. Default: in memory, for this model alone. */
  readonly store?: CompletionStore;
  /** Called when the store fails; the call goes on without it. Default: nothing. */
  readonly onStoreError?: (error: unknown) => void;
}

/** A completion, and whether it cost nothing. */
export interface CachedCompletion {
  /** As the model gave it; from the cache with no tokens, cost 0 and 0 attempts. */
  readonly completion: Completion;
  /** True when nothing was sent for this call: kept from before, or answered by an identical call under way. */
  readonly cached: boolean;
}

/** A request under way, and the callers who wait for it. */
interface Flight {
  readonly result: Promise<Completion>;
  readonly controller: AbortController;
  waiting: number;
  /** The request has ended, well or badly. */
  settled: boolean;
  /** Its cost was told to one of the callers, who all would count it otherwise. */
  charged: boolean;
}

/**
 * A model in front of which identical requests (same model, messages, limit, temperature and schema) are answered
 * from a cache; those under way at the same time are sent once. Failures are not kept.
 *
 * @example
 * ```ts
 * import { CachedModel } from "@rlm/rlm";
 * import { ScriptedModel } from "@rlm/rlm/testing";
 *
 * const model = new CachedModel(new ScriptedModel(["one", "two"]));
 * const request = { messages: [{ role: "user" as const, content: "Count" }] };
 * await model.complete(request);
 * const { completion, cached } = await model.completeCached(request);
 * console.assert(completion.text === "one" && cached);
 * ```
 */
export class CachedModel implements LanguageModel {
  readonly #model: LanguageModel;
  readonly #store: CompletionStore;
  readonly #onStoreError: (error: unknown) => void;
  readonly #flights = new Map<string, Flight>();

  /** Puts a cache in front of `model`. */
  constructor(model: LanguageModel, options: CacheOptions = {}) {
    this.#model = model;
    this.#store = options.store ?? new MemoryStore();
    this.#onStoreError = options.onStoreError ?? (() => {});
  }

  /** The name of the model behind the cache. */
  get name(): string {
    return this.#model.name;
  }

  /** The identity of the model behind the cache. */
  get identity(): string {
    return this.#model.identity ?? this.#model.name;
  }

  /** The caution about the model behind the cache. */
  get caution(): string | undefined {
    return this.#model.caution;
  }

  /** The window of the model behind the cache. */
  get contextWindow(): number | undefined {
    return this.#model.contextWindow;
  }

  /** Answers from the cache, or asks; `attempts` is 0 when the cache answered. */
  async complete(request: CompletionRequest): Promise<Completion> {
    return (await this.completeCached(request)).completion;
  }

  /** As `complete`, and says whether anything was sent for this call. */
  async completeCached(request: CompletionRequest): Promise<CachedCompletion> {
    const { signal, onDelta } = request;
    signal?.throwIfAborted();
    const key = await cacheKey(this.identity, request);
    const kept = this.#flights.has(key) ? null : await abortable(this.#kept(key), signal);
    if (kept !== null) return atNoCost(kept, onDelta);
    const flight = this.#join(key, request);
    try {
      const completion = await abortable(flight.result, signal);
      if (flight.charged) return atNoCost(completion, onDelta);
      flight.charged = true;
      return { completion, cached: false };
    } catch (error) {
      throw this.#chargedOnce(flight, error);
    } finally {
      this.#leave(key, flight, signal?.reason);
    }
  }

  /** The price of what is sent; what the cache answers costs nothing. */
  async price(usage: TokenUsage): Promise<number | null> {
    return await this.#model.price?.(usage) ?? null;
  }

  /** The completion that the store has; null also when it fails. */
  async #kept(key: string): Promise<Completion | null> {
    try {
      return await this.#store.get(key);
    } catch (error) {
      this.#onStoreError(error);
      return null;
    }
  }

  /** Joins the identical request under way, or sends this one. */
  #join(key: string, request: CompletionRequest): Flight {
    const open = this.#flights.get(key);
    if (open !== undefined) {
      open.waiting++;
      return open;
    }
    const controller = new AbortController();
    const result = this.#model.complete({ ...request, signal: controller.signal });
    const flight: Flight = { result, controller, waiting: 1, settled: false, charged: false };
    this.#flights.set(key, flight);
    this.#keepWhenDone(key, flight);
    return flight;
  }

  /** Ends a request that nobody waits for any more. */
  #leave(key: string, flight: Flight, reason: unknown): void {
    flight.waiting--;
    if (flight.waiting > 0 || flight.settled) return;
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
    flight.controller.abort(reason);
  }

  /** Stores the completion of a flight, which can be joined until the store has it. */
  async #keepWhenDone(key: string, flight: Flight): Promise<void> {
    try {
      const completion = await flight.result.finally(() => flight.settled = true);
      await this.#store.set(key, completion).catch(this.#onStoreError);
    } catch {
      // Those who wait for the flight hear of it.
    } finally {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    }
  }

  /** A shared failure, whose cost only the first caller is told. */
  #chargedOnce(flight: Flight, error: unknown): unknown {
    if (!(error instanceof ModelError)) return error;
    if (!flight.charged) {
      flight.charged = true;
      return error;
    }
    const { message, code, model, status, retryable } = error;
    const cause = { cause: error, ...(status === null ? {} : { status }) };
    return new ModelError(message, { code, model, retryable, attempts: 0, ...cause });
  }
}

/** A completion for which nothing was sent now. */
function atNoCost(
  completion: Completion,
  onDelta: CompletionRequest["onDelta"],
): CachedCompletion {
  if (completion.text !== "") onDelta?.(completion.text);
  return { completion: { ...completion, usage: NO_TOKENS, cost: 0, attempts: 0 }, cached: true };
}

/** The SHA-256 of all that decides about an answer. */
async function cacheKey(identity: string, request: CompletionRequest): Promise<string> {
  const { messages, maxOutputTokens, temperature, schema } = request;
  const said = messages.map(({ role, content }) => [role, content]);
  const content = JSON.stringify([
    identity,
    said,
    maxOutputTokens ?? null,
    temperature ?? null,
    schema ?? null,
  ]);
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(content));
  return new Uint8Array(hash).toHex();
}
