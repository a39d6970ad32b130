/** From strings, clients and the environment to models, or to one clear error. */
import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import OpenAI from "openai";
import { ModelError, type ModelErrorCode } from "../lib/errors.ts";
import { CachedModel } from "../lib/models/cache.ts";
import { OpenAIModel } from "../lib/models/openai.ts";
import { PROVIDERS } from "../lib/models/providers.ts";
import {
  type ModelSource,
  resolveModel,
  type ResolveModelOptions,
} from "../lib/models/resolve_model.ts";
import { OpenAIServer } from "./fixtures/openai_server.ts";

const messages = [{ role: "user", content: "Say hello" }] as const;

/** Every variable that these tests set. */
const VARIABLES = [
  "RLM_MODEL",
  "OPENAI_API_KEY",
  "OPENAI_BASE_URL",
  "GEMINI_API_KEY",
  "GOOGLE_API_KEY",
  "GROQ_API_KEY",
  "AZURE_OPENAI_ENDPOINT",
  "AZURE_RESOURCE_NAME",
  "AZURE_OPENAI_API_KEY",
  "OLLAMA_HOST",
];

/** Runs `check` with just these variables set, and puts the others back afterwards. */
async function withEnv(
  variables: Readonly<Record<string, string>>,
  check: () => void | Promise<void>,
): Promise<void> {
  const before = VARIABLES.map((name) => [name, Deno.env.get(name)] as const);
  for (const name of VARIABLES) Deno.env.delete(name);
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  try {
    await check();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
}

/** Checks every field of the error that a source gives. */
function assertFails(
  [source, options]: [ModelSource?, ResolveModelOptions?],
  expected: { code: ModelErrorCode; model: string; message: string },
): void {
  const error = assertThrows(() => resolveModel(source, options), ModelError);
  const { code, model, message, status, retryable, attempts } = error;
  assertEquals({ code, model, message, status, retryable, attempts }, {
    ...expected,
    status: null,
    retryable: false,
    attempts: 0,
  });
}

Deno.test("A string finds its provider's key in the environment", async () => {
  await using server = new OpenAIServer([{ text: "Hello" }]);
  await withEnv({ GOOGLE_API_KEY: "key-two", OPENAI_API_KEY: "key-of-another" }, async () => {
    const model = resolveModel("gemini/gemini-3-flash", {
      baseUrl: server.baseUrl,
      contextWindow: 1_000,
    });
    assertEquals([model.name, model.contextWindow], ["gemini/gemini-3-flash", 1_000]);
    assertEquals((await model.complete({ messages })).text, "Hello");
  });
  assertEquals(server.last.headers.get("authorization"), "Bearer key-two");
  assertEquals(server.last.body.model, "gemini-3-flash");
});

Deno.test("A key that is passed wins over the environment", async () => {
  await using server = new OpenAIServer([{}]);
  await withEnv({ GROQ_API_KEY: "key-of-the-environment" }, async () => {
    const options = { baseUrl: server.baseUrl, apiKey: "key-of-the-caller" };
    await resolveModel("groq/llama-4", options).complete({ messages });
  });
  assertEquals(server.last.headers.get("authorization"), "Bearer key-of-the-caller");
});

Deno.test("A string without a known provider is asked, whole, of the server that baseUrl gives", async () => {
  await using server = new OpenAIServer([{}]);
  await withEnv({}, async () => {
    const model = resolveModel("meta-llama/Llama-4", { baseUrl: server.baseUrl });
    assertEquals(model.name, "meta-llama/Llama-4");
    await model.complete({ messages });
  });
  assertEquals(server.last.body.model, "meta-llama/Llama-4");
  assertEquals(server.last.headers.get("authorization"), "Bearer none");
});

Deno.test("A server that OPENAI_BASE_URL points to gets the key, may need none, and nothing is assumed of it", async () => {
  await using server = new OpenAIServer([{}]);
  await withEnv({ OPENAI_BASE_URL: server.baseUrl, OPENAI_API_KEY: "key-one" }, async () => {
    const model = resolveModel("my-model");
    assertEquals(model.name, "my-model");
    await model.complete({ messages });
  });
  assertEquals(server.last.headers.get("authorization"), "Bearer key-one");
  await withEnv({ OPENAI_BASE_URL: server.baseUrl }, async () => {
    const model = resolveModel("openai/my-model");
    assertEquals(model.name, "openai/my-model");
    await model.complete({ messages, maxOutputTokens: 5 });
  });
  assertEquals(server.last.headers.get("authorization"), "Bearer none");
  assertEquals([server.last.body.model, server.last.body.max_tokens], ["my-model", 5]);
});

Deno.test("A bad key is said to come from the variable that it came from", async () => {
  await using server = new OpenAIServer([{ status: 401, error: { message: "Wrong key" } }]);
  await withEnv({ OPENAI_BASE_URL: server.baseUrl, OPENAI_API_KEY: "key-one" }, async () => {
    const error = await assertRejects(() => resolveModel("m").complete({ messages }), ModelError);
    assertMatch(error.message, /401 Wrong key; check OPENAI_API_KEY$/);
  });
});

Deno.test("Without a source the variable RLM_MODEL names the model", async () => {
  await withEnv({ RLM_MODEL: "openai/gpt-5", OPENAI_API_KEY: "k" }, () => {
    assertEquals(resolveModel().name, "openai/gpt-5");
  });
});

Deno.test("A model without a provider on OpenAI itself is named after it", async () => {
  await withEnv({ OPENAI_API_KEY: "k" }, () => {
    assertEquals(resolveModel("gpt-5").name, "openai/gpt-5");
  });
});

Deno.test("A model passes through as it is", () => {
  const model = new OpenAIModel("m", { baseUrl: "http://localhost" });
  assertStrictEquals(resolveModel(model), model);
  const cached = new CachedModel(model);
  assertStrictEquals(resolveModel(cached), cached);
});

Deno.test("A client of the openai package asks the model that the options or RLM_MODEL name", async () => {
  await using server = new OpenAIServer([{}]);
  const client = new OpenAI({ apiKey: "key-of-the-client", baseURL: server.baseUrl });
  const model = resolveModel(client, { model: "gpt-5" });
  assertEquals(model.name, "gpt-5");
  await model.complete({ messages });
  assertEquals(server.last.body.model, "gpt-5");
  await withEnv({ RLM_MODEL: "other" }, () => assertEquals(resolveModel(client).name, "other"));
});

Deno.test("Ollama is known to cut prompts silently, and says so", async () => {
  await withEnv({ OLLAMA_HOST: "box" }, () => {
    assertMatch(resolveModel("ollama/qwen3").caution ?? "", /OLLAMA_CONTEXT_LENGTH/);
  });
});

Deno.test("Two models of the same name at other endpoints or with other parameters differ", () => {
  const identity = (options: ResolveModelOptions) => resolveModel("vllm/m", options).identity;
  const here = { baseUrl: "http://localhost:1/v1" };
  assertEquals(identity(here), identity({ ...here, apiKey: "key-that-differs" }));
  assertEquals(identity(here) === identity({ baseUrl: "http://localhost:2/v1" }), false);
  assertEquals(identity(here) === identity({ ...here, params: { top_p: 0.5 } }), false);
});

Deno.test("No model, an empty one, or a provider without a model is a clear error", async () => {
  await withEnv({}, () => {
    assertFails([], {
      code: "config",
      model: "none",
      message:
        'Cannot choose a model: none was given; pass lm, for example "openai/gpt-5", or set RLM_MODEL',
    });
    assertFails([" "], {
      code: "config",
      model: "none",
      message: 'Cannot choose a model: it is empty; pass one such as "openai/gpt-5"',
    });
    assertFails(["openai/"], {
      code: "config",
      model: "openai/",
      message:
        'Cannot choose a model: "openai/" has nothing after the slash; add the model\'s name',
    });
    assertFails(["opnai/gpt-5"], {
      code: "config",
      model: "opnai/gpt-5",
      message: 'Cannot choose a model: "opnai" is no provider that is known; name one of ' +
        `${PROVIDERS.map(({ id }) => id).join(", ")}, or pass baseUrl for another server`,
    });
  });
});

Deno.test("A missing key names every variable that may hold it", async () => {
  await withEnv({ GEMINI_API_KEY: "  " }, () => {
    assertFails(["gemini/gemini-3-flash"], {
      code: "auth",
      model: "gemini/gemini-3-flash",
      message: "Cannot ask gemini/gemini-3-flash: GEMINI_API_KEY or GOOGLE_API_KEY is not set; " +
        "set it in the environment (export GEMINI_API_KEY=...), or pass apiKey",
    });
  });
});

Deno.test("An endpoint that only the environment could tell is asked for by name", async () => {
  await withEnv({}, () => {
    assertFails(["azure/deployed", { apiKey: "k" }], {
      code: "config",
      model: "azure/deployed",
      message:
        "Cannot ask azure/deployed: the endpoint is unknown; set AZURE_OPENAI_ENDPOINT or AZURE_RESOURCE_NAME " +
        "and run with --allow-env=AZURE_OPENAI_ENDPOINT,AZURE_RESOURCE_NAME, or pass baseUrl",
    });
  });
});

Deno.test("A base URL that is none is refused, from the options and from the environment", async () => {
  await withEnv({ OPENAI_BASE_URL: "nonsense", OPENAI_API_KEY: "k" }, () => {
    assertFails(["openai/gpt-5", { baseUrl: "localhost:80/v1" }], {
      code: "config",
      model: "openai/gpt-5",
      message: 'Cannot make a model: the base URL is "localhost:80/v1"; ' +
        "pass one that starts with http:// or https://",
    });
    assertFails(["gpt-5"], {
      code: "config",
      model: "gpt-5",
      message: 'Cannot ask gpt-5: OPENAI_BASE_URL is "nonsense"; ' +
        "set it to an http:// or https:// URL",
    });
  });
});

Deno.test({
  name: "A key that may not be read names the flag that is missing",
  permissions: { env: false },
  fn: () => {
    assertFails(["openai/gpt-5"], {
      code: "config",
      model: "openai/gpt-5",
      message: "Cannot read the key of openai/gpt-5: no permission to read OPENAI_API_KEY " +
        "from the environment; run again with --allow-env=OPENAI_API_KEY, or pass apiKey",
    });
    assertFails([], {
      code: "config",
      model: "none",
      message: 'Cannot choose a model: none was given; pass lm, for example "openai/gpt-5", ' +
        "or run again with --allow-env=RLM_MODEL",
    });
  },
});

Deno.test({
  name: "With a key and an address nothing is read from the environment",
  permissions: { env: false },
  fn: () => {
    const model = resolveModel("openai/gpt-5", { apiKey: "k", baseUrl: "http://localhost/v1" });
    assertEquals(model.name, "openai/gpt-5");
    assertEquals(resolveModel("vllm/m").name, "vllm/m");
  },
});
