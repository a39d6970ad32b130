/** Reads keys and settings from the environment: the only file that does. */
import { ModelError } from "../errors.ts";
import type { Provider } from "./providers.ts";
import { shownUrl } from "./redact.ts";

/** Reads a variable that is not needed: null when unset, empty, or not permitted. Never asks for permission. */
export function readOptional(name: string): string | null {
  const permission = Deno.permissions.querySync({ name: "env", variable: name });
  return permission.state === "granted" ? Deno.env.get(name)?.trim() || null : null;
}

/** Reads a variable that is needed; `"denied"` when it may not be read. May ask on a terminal. */
function readNeeded(name: string): string | null | "denied" {
  try {
    return Deno.env.get(name)?.trim() || null;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return "denied";
    throw error;
  }
}

/**
 * Reads a provider's key: the first of its variables that is set.
 *
 * @throws {ModelError} `config` when a variable may not be read, naming the flag; `auth` when none is set.
 */
export function readKey(provider: Provider, model: string): string {
  for (const name of provider.keyVariables) {
    const key = readOptional(name);
    if (key !== null) return key;
  }
  const names = provider.keyVariables;
  const first = names[0] ?? "";
  const key = readNeeded(first);
  if (key === "denied") {
    throw new ModelError(
      `Cannot read the key of ${model}: no permission to read ${first} from the environment; ` +
        `run again with --allow-env=${first}, or pass apiKey`,
      { code: "config", model, attempts: 0 },
    );
  }
  if (key === null) {
    throw new ModelError(
      `Cannot ask ${model}: ${names.join(" or ")} is not set; ` +
        `set it in the environment (export ${first}=...), or pass apiKey`,
      { code: "auth", model, attempts: 0 },
    );
  }
  return key;
}

/**
 * Finds where a provider is: its own variables first, then the table.
 *
 * @throws {ModelError} `config` when only the environment could tell and does not.
 */
export function readBaseUrl(provider: Provider, model: string): string {
  for (const { name, toBaseUrl } of provider.baseUrlVariables) {
    const value = readOptional(name);
    if (value === null) continue;
    if (URL.canParse(toBaseUrl(value))) return toBaseUrl(value);
    throw new ModelError(
      `Cannot ask ${model}: ${name} is ${shownUrl(value)}; set it to an http:// or https:// URL`,
      { code: "config", model, attempts: 0 },
    );
  }
  if (provider.baseUrl !== null) return provider.baseUrl;
  const names = provider.baseUrlVariables.map(({ name }) => name);
  throw new ModelError(
    `Cannot ask ${model}: the endpoint is unknown; set ${names.join(" or ")} and run with ` +
      `--allow-env=${names.join(",")}, or pass baseUrl`,
    { code: "config", model, attempts: 0 },
  );
}

/**
 * Reads the model to use when the caller named none.
 *
 * @throws {ModelError} `config` when `RLM_MODEL` is not set or may not be read.
 */
export function readDefaultModel(): string {
  const model = readNeeded("RLM_MODEL");
  if (model !== null && model !== "denied") return model;
  const remedy = model === "denied" ? "run again with --allow-env=RLM_MODEL" : "set RLM_MODEL";
  throw new ModelError(
    `Cannot choose a model: none was given; pass lm, for example "openai/gpt-5", or ${remedy}`,
    { code: "config", model: "none", attempts: 0 },
  );
}
