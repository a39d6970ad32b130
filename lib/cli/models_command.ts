/** `rlm models`: the providers and which of their keys are set, or the models and prices of one of them. */
import { count, makeVisible } from "../engine/shown_text.ts";
import { readOptional } from "../models/keys.ts";
import { knownModel, knownModels, type PricedModel } from "../models/price_list.ts";
import { parseModelSpec, type Provider, PROVIDERS } from "../models/providers.ts";
import { shownUrl } from "../models/redact.ts";
import { json } from "./answer.ts";
import { ExitCode } from "./exit_code.ts";
import type { Subcommand } from "./subcommand.ts";
import { UsageError } from "./usage_error.ts";

/** The subcommand. */
export const MODELS: Subcommand = {
  name: "models",
  usage: "[PROVIDER | PROVIDER/MODEL] [flags]",
  about: [
    "Without a name: the providers that --model may name, and whether their keys are",
    "set. With one: its models, with US dollars per million tokens. Any other server",
    "that speaks the OpenAI protocol works with --base-url. Keys are never printed.",
  ],
  flags: [{ name: "json", help: "print an array of objects" }],
  words: PROVIDERS.map(({ id }) => id),
  exitCodes: ["Exit codes: 0 listed, 2 usage"],
  async run({ rest, on }, { stdout }) {
    const [name, second] = rest;
    if (second !== undefined) {
      throw new UsageError(`rlm models takes one name, got ${rest.length}: give one`);
    }
    if (name === undefined) {
      const providers = PROVIDERS.map(statusOf);
      stdout(on("json") ? `${json(providers, 2)}\n` : table(providers.map(providerCells)));
    } else {
      const models = await modelsOf(name);
      stdout(on("json") ? `${json(models, 2)}\n` : table([HEAD, ...models.map(modelCells)]));
    }
    return ExitCode.ok;
  },
};

/** A provider as it is set up here; the key itself is not part of it. */
export interface ProviderStatus {
  readonly provider: string;
  /** The variable that holds the key, null when none is set. */
  readonly keyVariable: string | null;
  /** Variables that may hold it. */
  readonly keyVariables: readonly string[];
  readonly needsKey: boolean;
  /** Null when it is not known where the provider is. */
  readonly baseUrl: string | null;
}

/** How a provider is set up here. */
export function statusOf(provider: Provider): ProviderStatus {
  const { id, keyVariables, needsKey, baseUrl, baseUrlVariables } = provider;
  const given = baseUrlVariables.map(({ name, toBaseUrl }) => {
    const value = readOptional(name);
    return value === null ? null : shownUrl(toBaseUrl(value));
  }).find((url) => url !== null);
  const keyVariable = keyVariables.find((name) => readOptional(name) !== null) ?? null;
  return { provider: id, keyVariable, keyVariables, needsKey, baseUrl: given ?? baseUrl };
}

function providerCells(status: ProviderStatus): string[] {
  const { provider, keyVariable, keyVariables, needsKey, baseUrl } = status;
  const key = keyVariable !== null
    ? `key set: ${keyVariable}`
    : needsKey
    ? `no key: set ${keyVariables.join(" or ")}`
    : "no key needed";
  return [provider, key, baseUrl === null ? "address not set" : makeVisible(baseUrl)];
}

/** All models of a provider, or the one that is named. */
async function modelsOf(name: string): Promise<PricedModel[]> {
  const { provider, model } = parseModelSpec(name.includes("/") ? name : `${name}/`);
  if (provider === null) {
    const ids = PROVIDERS.map(({ id }) => id).join(", ");
    throw new UsageError(`rlm models ${name}: no such provider, give one of ${ids}`);
  }
  const known = provider.priceId;
  if (known === null) {
    throw new UsageError(
      `rlm models ${name}: no models and prices of ${provider.id} are known, ask the server itself`,
    );
  }
  return model === "" ? await knownModels(known) : [await knownModel(known, model)];
}

const HEAD = ["model", "input", "cached", "output", "context"];

function modelCells({ model, input, cachedInput, output, contextWindow }: PricedModel): string[] {
  const price = (value: number | null) => value === null ? "unknown" : `$${value}`;
  const window = contextWindow === null ? "unknown" : count(contextWindow);
  return [model, price(input), price(cachedInput), price(output), window];
}

/** Lines whose cells stand under each other. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0))
  );
  return rows.map((row) =>
    `${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join("  ").trimEnd()}\n`
  ).join("");
}
