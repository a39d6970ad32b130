/** The table of providers, and how model strings are read by it. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { parseModelSpec, PROVIDERS } from "../lib/models/providers.ts";

const SPECS: readonly (readonly [string, string | null, string])[] = [
  ["openai/gpt-5", "openai", "gpt-5"],
  ["OpenAI/gpt-5", "openai", "gpt-5"],
  ["openrouter/openai/gpt-5", "openrouter", "openai/gpt-5"],
  ["ollama_chat/llama3.2:3b", "ollama", "llama3.2:3b"],
  ["hosted_vllm/Qwen/Qwen3-8B", "vllm", "Qwen/Qwen3-8B"],
  ["lm_studio/qwen", "lmstudio", "qwen"],
  ["together_ai/meta-llama/Llama-4", "together", "meta-llama/Llama-4"],
  ["azure/my-deployment", "azure", "my-deployment"],
  ["gpt-5", null, "gpt-5"],
  ["meta-llama/Llama-4", null, "meta-llama/Llama-4"],
  ["/gpt-5", null, "/gpt-5"],
  ["openai", null, "openai"],
];

for (const [spec, provider, model] of SPECS) {
  Deno.test(`${spec} asks ${provider ?? "the default endpoint"} for ${model}`, () => {
    const parsed = parseModelSpec(spec);
    assertEquals([parsed.provider?.id ?? null, parsed.model], [provider, model]);
  });
}

Deno.test("No word stands for two providers", () => {
  const words = PROVIDERS.flatMap(({ id, aliases }) => [id, ...aliases]);
  assertEquals(words.length, new Set(words).size);
});

Deno.test("Every provider has an endpoint or variables for it, and variables for its key", () => {
  for (const { id, baseUrl, baseUrlVariables, keyVariables } of PROVIDERS) {
    assert(baseUrl !== null || baseUrlVariables.length > 0, id);
    if (baseUrl !== null) assertMatch(baseUrl, /^https:\/\/|^http:\/\/localhost:/, id);
    assert(keyVariables.length > 0, id);
    for (const name of keyVariables) assertMatch(name, /^[A-Z_]+$/);
  }
});

/** The base URL that a variable's value gives. */
function urlFrom(provider: string, variable: string, value: string): string | undefined {
  const found = PROVIDERS.find(({ id }) => id === provider);
  return found?.baseUrlVariables.find(({ name }) => name === variable)?.toBaseUrl(value);
}

Deno.test("Azure's endpoint is found from the resource's address or its name", () => {
  const url = "https://res.openai.azure.com/openai/v1/";
  assertEquals(urlFrom("azure", "AZURE_RESOURCE_NAME", "res"), url);
  assertEquals(urlFrom("azure", "AZURE_OPENAI_ENDPOINT", "https://res.openai.azure.com"), url);
  assertEquals(urlFrom("azure", "AZURE_OPENAI_ENDPOINT", "https://res.openai.azure.com/"), url);
  assertEquals(urlFrom("azure", "AZURE_OPENAI_ENDPOINT", url), url);
});

Deno.test("Ollama's host is understood in all the forms that Ollama takes", () => {
  const read = (value: string) => urlFrom("ollama", "OLLAMA_HOST", value);
  assertEquals(read("0.0.0.0"), "http://127.0.0.1:11434/v1");
  assertEquals(read("box:9999"), "http://box:9999/v1");
  assertEquals(read("https://ollama.example.com/"), "https://ollama.example.com/v1");
  assertEquals(read("http://box:11434/v1/"), "http://box:11434/v1");
});
