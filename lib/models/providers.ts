/** The table of providers: what the first part of a `provider/model` string stands for. Only data. */

/** An environment variable that tells where a provider is, and how its value becomes a base URL. */
export interface BaseUrlVariable {
  /** The variable. */
  readonly name: string;
  /** Makes a base URL of its value. */
  readonly toBaseUrl: (value: string) => string;
}

/** An endpoint that speaks the OpenAI protocol, and how it differs from the others. */
export interface Provider {
  /** The word before the slash. */
  readonly id: string;
  /** Other words for it, as people know them from other libraries. */
  readonly aliases: readonly string[];
  /** Where it is; null when only `baseUrlVariables` can tell. */
  readonly baseUrl: string | null;
  /** Variables that override `baseUrl`, the first that is set. */
  readonly baseUrlVariables: readonly BaseUrlVariable[];
  /** Variables that may hold the key, the first that is set. */
  readonly keyVariables: readonly string[];
  /** False for servers on one's own machine, which take any key. */
  readonly needsKey: boolean;
  /** Its name in the price library; null where prices are not known. */
  readonly priceId: string | null;
  /** How it calls the limit of output tokens, until a model is found to want it otherwise. */
  readonly outputLimit: "max_tokens" | "max_completion_tokens";
  /** Takes `prompt_cache_key`. */
  readonly promptCacheKey: boolean;
  /** Sent with every request. */
  readonly extraBody: Readonly<Record<string, unknown>>;
  /** What a user should know before trusting its answers; null when there is nothing. */
  readonly caution: string | null;
}

type Entry = Partial<Provider> & Pick<Provider, "id" | "baseUrl" | "keyVariables">;

/** Fills in what most providers have in common. */
function provider(entry: Entry): Provider {
  return {
    aliases: [],
    baseUrlVariables: [],
    needsKey: true,
    priceId: null,
    outputLimit: "max_tokens",
    promptCacheKey: false,
    extraBody: {},
    caution: null,
    ...entry,
  };
}

/** A server on one's own machine: no key needed, no price known. */
function local(entry: Entry): Provider {
  return provider({ needsKey: false, ...entry });
}

/** Azure's resource, by address or by name, serves the protocol below `/openai/v1/`. */
const azureUrl = (endpoint: string): string =>
  /\/openai\/v1\/?$/.test(endpoint) ? endpoint : `${endpoint.replace(/\/+$/, "")}/openai/v1/`;

/** `OLLAMA_HOST` is often a bare `host:port`, or the address that the server listens on. */
function ollamaUrl(host: string): string {
  const address = host.includes("://") ? host : `http://${host}`;
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  if (url.hostname === "0.0.0.0") url.hostname = "127.0.0.1";
  if (url.port === "" && !host.includes("://")) url.port = "11434";
  return `${url.origin}${url.pathname.replace(/\/+$/, "").replace(/\/v1$/, "")}/v1`;
}

const OPENAI_BASE_URL: BaseUrlVariable = { name: "OPENAI_BASE_URL", toBaseUrl: (value) => value };

/** The endpoint of model names without a known provider. */
export const OPENAI: Provider = provider({
  id: "openai",
  baseUrl: "https://api.openai.com/v1",
  baseUrlVariables: [OPENAI_BASE_URL],
  keyVariables: ["OPENAI_API_KEY"],
  priceId: "openai",
  outputLimit: "max_completion_tokens",
  promptCacheKey: true,
});

/** Any other server that speaks the protocol: nothing is assumed but the oldest parameters. */
export const COMPATIBLE: Provider = local({
  id: "compatible",
  baseUrl: null,
  baseUrlVariables: [OPENAI_BASE_URL],
  keyVariables: ["OPENAI_API_KEY"],
});

/** Whether a base URL is the provider's own, and not a gateway or another server in its place. */
export function isOwnEndpoint({ baseUrl: own }: Provider, baseUrl: string): boolean {
  return own === null || own.replace(/\/+$/, "") === baseUrl.replace(/\/+$/, "");
}

/** Every provider that a model string may name. */
export const PROVIDERS: readonly Provider[] = [
  OPENAI,
  provider({
    id: "azure",
    baseUrl: null,
    baseUrlVariables: [
      { name: "AZURE_OPENAI_ENDPOINT", toBaseUrl: azureUrl },
      {
        name: "AZURE_RESOURCE_NAME",
        toBaseUrl: (name) => azureUrl(`https://${name}.openai.azure.com`),
      },
    ],
    keyVariables: ["AZURE_OPENAI_API_KEY", "AZURE_API_KEY"],
    priceId: "azure",
    outputLimit: "max_completion_tokens",
    promptCacheKey: true,
  }),
  provider({
    id: "anthropic",
    baseUrl: "https://api.anthropic.com/v1/",
    keyVariables: ["ANTHROPIC_API_KEY"],
    priceId: "anthropic",
    caution: "Anthropic's OpenAI layer has no prompt cache, and it ignores reply schemas",
  }),
  provider({
    id: "gemini",
    baseUrl: "https://generativelanguage.googleapis.com/v1beta/openai/",
    keyVariables: ["GEMINI_API_KEY", "GOOGLE_API_KEY"],
    priceId: "google",
  }),
  provider({
    id: "openrouter",
    baseUrl: "https://openrouter.ai/api/v1",
    keyVariables: ["OPENROUTER_API_KEY"],
    priceId: "openrouter",
    extraBody: { usage: { include: true } },
  }),
  provider({
    id: "groq",
    baseUrl: "https://api.groq.com/openai/v1",
    keyVariables: ["GROQ_API_KEY"],
    priceId: "groq",
    outputLimit: "max_completion_tokens",
  }),
  provider({
    id: "mistral",
    baseUrl: "https://api.mistral.ai/v1",
    keyVariables: ["MISTRAL_API_KEY"],
    priceId: "mistral",
    promptCacheKey: true,
  }),
  provider({
    id: "xai",
    baseUrl: "https://api.x.ai/v1",
    keyVariables: ["XAI_API_KEY"],
    priceId: "x-ai",
  }),
  provider({
    id: "deepseek",
    baseUrl: "https://api.deepseek.com",
    keyVariables: ["DEEPSEEK_API_KEY"],
    priceId: "deepseek",
  }),
  provider({
    id: "together",
    aliases: ["together_ai"],
    baseUrl: "https://api.together.xyz/v1",
    keyVariables: ["TOGETHER_API_KEY", "TOGETHERAI_API_KEY"],
    priceId: "together",
  }),
  provider({
    id: "fireworks",
    aliases: ["fireworks_ai"],
    baseUrl: "https://api.fireworks.ai/inference/v1/",
    keyVariables: ["FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY"],
    priceId: "fireworks",
  }),
  provider({
    id: "cerebras",
    baseUrl: "https://api.cerebras.ai/v1",
    keyVariables: ["CEREBRAS_API_KEY"],
    priceId: "cerebras",
    outputLimit: "max_completion_tokens",
  }),
  provider({
    id: "github",
    baseUrl: "https://models.github.ai/inference",
    keyVariables: ["GITHUB_TOKEN"],
  }),
  provider({
    id: "huggingface",
    baseUrl: "https://router.huggingface.co/v1",
    keyVariables: ["HF_TOKEN"],
  }),
  local({
    id: "ollama",
    aliases: ["ollama_chat"],
    baseUrl: "http://localhost:11434/v1",
    baseUrlVariables: [{ name: "OLLAMA_HOST", toBaseUrl: ollamaUrl }],
    keyVariables: ["OLLAMA_API_KEY"],
    caution:
      "Ollama silently cuts prompts at its own context length, often a few thousand tokens: set OLLAMA_CONTEXT_LENGTH",
  }),
  local({
    id: "lmstudio",
    aliases: ["lm_studio"],
    baseUrl: "http://localhost:1234/v1",
    keyVariables: ["LM_STUDIO_API_KEY"],
  }),
  local({
    id: "llamacpp",
    aliases: ["llama.cpp", "llama_cpp"],
    baseUrl: "http://localhost:8080/v1",
    keyVariables: ["LLAMA_API_KEY"],
  }),
  local({
    id: "vllm",
    aliases: ["hosted_vllm"],
    baseUrl: "http://localhost:8000/v1",
    keyVariables: ["VLLM_API_KEY", "HOSTED_VLLM_API_KEY"],
  }),
];

/** What a model string says: a provider of the table and the model's name there, or just a name. */
export interface ModelSpec {
  /** Null when the string does not start with a provider of the table. */
  readonly provider: Provider | null;
  /** The model's name at the endpoint. */
  readonly model: string;
}

/**
 * Reads `provider/model`. Only the part before the first slash can be a provider, and only when the table
 * has it: `openrouter/openai/gpt-5` asks OpenRouter for `openai/gpt-5`, and `meta-llama/Llama-4` is
 * a model's name, whole.
 */
export function parseModelSpec(spec: string): ModelSpec {
  const slash = spec.indexOf("/");
  const word = spec.slice(0, Math.max(0, slash)).toLowerCase();
  const found = PROVIDERS.find(({ id, aliases }) => id === word || aliases.includes(word));
  return found === undefined
    ? { provider: null, model: spec }
    : { provider: found, model: spec.slice(slash + 1) };
}
