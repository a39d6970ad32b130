/** resolveModel: from what a caller has (a string, a client, a model) to a LanguageModel. */
import { ModelError } from "../errors.ts";
import { readBaseUrl, readDefaultModel, readKey, readOptional } from "./keys.ts";
import type { LanguageModel } from "./language_model.ts";
import { OpenAIModel } from "./openai.ts";
import type { OpenAIClient, OpenAIModelOptions } from "./openai_options.ts";
import {
  COMPATIBLE,
  isOwnEndpoint,
  OPENAI,
  parseModelSpec,
  type Provider,
  PROVIDERS,
} from "./providers.ts";

/** What names a model: `provider/model`, a model, or a client of the `openai` package. */
export type ModelSource = string | LanguageModel | OpenAIClient;

/** Options of {@linkcode resolveModel}; those of `OpenAIModel`, used when the source is not a model already. */
export interface ResolveModelOptions extends Omit<OpenAIModelOptions, "client" | "keySource"> {
  /** The model's name, for a source that is a client. Default: the variable `RLM_MODEL`. */
  readonly model?: string;
}

/**
 * Finds the model that a source names. Strings are read as `provider/model` when the part before the first
 * slash is a known provider, and as a model of the default endpoint (`OPENAI_BASE_URL`, or OpenAI) otherwise.
 * Keys come from `apiKey`, or from the provider's environment variable. Nothing is sent.
 *
 * @param source default: the variable `RLM_MODEL`
 * @throws {ModelError} `config` when no model is named, the endpoint is unknown or a variable may not be read;
 * `auth` when the key is not set
 *
 * @example
 * ```ts
 * import { resolveModel } from "@rlm/rlm";
 *
 * const model = resolveModel("ollama/qwen3", { baseUrl: "http://localhost:11434/v1" });
 * console.assert(model.name === "ollama/qwen3");
 * ```
 */
export function resolveModel(
  source: ModelSource = readDefaultModel(),
  options: ResolveModelOptions = {},
): LanguageModel {
  if (typeof source === "string") return fromSpec(source.trim(), options);
  if ("complete" in source) return source;
  const { model = readDefaultModel(), ...rest } = options;
  return new OpenAIModel(model, { ...rest, client: source, name: options.name ?? model });
}

/** Makes a model from a string. */
function fromSpec(spec: string, options: ResolveModelOptions): LanguageModel {
  if (spec === "") throw configError(`it is empty; pass one such as "openai/gpt-5"`, "none");
  const parsed = parseModelSpec(spec);
  if (parsed.model === "") {
    throw configError(
      `${JSON.stringify(spec)} has nothing after the slash; add the model's name`,
      spec,
    );
  }
  const named = options.provider ?? parsed.provider ?? defaultProvider(options);
  if (named === OPENAI && parsed.provider === null && options.provider === undefined) {
    refuseUnknownProvider(spec);
  }
  const name = named === COMPATIBLE ? spec : `${named.id}/${parsed.model}`;
  const baseUrl = options.baseUrl ?? readBaseUrl(named, name);
  const provider = isOwnEndpoint(named, baseUrl) ? named : elsewhere(named);
  const key = keyOf(provider, name, options);
  try {
    return new OpenAIModel(parsed.model, { name, ...options, ...key, provider, baseUrl });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ModelError(error.message, { code: "config", model: name, attempts: 0 });
  }
}

/** No model of OpenAI has a slash in its name: what stands before it was meant to be a provider. */
function refuseUnknownProvider(spec: string): void {
  const slash = spec.indexOf("/");
  if (slash === -1) return;
  const known = PROVIDERS.map(({ id }) => id).join(", ");
  throw configError(
    `${JSON.stringify(spec.slice(0, slash))} is no provider that is known; ` +
      `name one of ${known}, or pass baseUrl for another server`,
    spec,
  );
}

/** The provider of strings that name none: OpenAI, or whatever server the caller points to. */
function defaultProvider({ baseUrl }: ResolveModelOptions): Provider {
  const given = baseUrl ?? readOptional("OPENAI_BASE_URL");
  return given === null || isOwnEndpoint(OPENAI, given) ? OPENAI : COMPATIBLE;
}

/** A provider whose place another server takes: that one may need no key, and may know the oldest parameters only. */
function elsewhere(provider: Provider): Provider {
  return { ...provider, needsKey: false, outputLimit: "max_tokens", promptCacheKey: false };
}

/** The key, and where it came from for messages about it. */
function keyOf(
  provider: Provider,
  name: string,
  { apiKey }: ResolveModelOptions,
): Pick<OpenAIModelOptions, "apiKey" | "keySource"> {
  if (apiKey !== undefined) return { apiKey };
  const keySource = provider.keyVariables.join(" or ");
  if (provider.needsKey) return { apiKey: readKey(provider, name), keySource };
  const found = provider.keyVariables.map(readOptional).find((key) => key !== null);
  return found === undefined ? { keySource } : { apiKey: found, keySource };
}

function configError(problem: string, model: string): ModelError {
  const message = `Cannot choose a model: ${problem}`;
  return new ModelError(message, { code: "config", model, attempts: 0 });
}
