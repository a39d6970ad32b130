/** What endpoints were found to refuse, learnt from one 400 and remembered per base URL and model. */
import type { Failure } from "./failure.ts";

/** A part of a request that some endpoints refuse and that an answer can do without. */
export type Feature =
  | "max_completion_tokens"
  | "max_tokens"
  | "temperature"
  | "top_p"
  | "stop"
  | "presence_penalty"
  | "frequency_penalty"
  | "seed"
  | "json_schema"
  | "json_object"
  | "prompt_cache_key"
  | "stream_options"
  | "system_role";

/** What is known of one model at one endpoint. */
export interface EndpointMemory {
  readonly refused: Set<Feature>;
  /** Tokens that a request may have, as the endpoint itself said; null until it did. */
  contextWindow: number | null;
}

/** How a refusal names a feature, where that is not simply the parameter's name. */
const NAMES: Partial<Record<Feature, RegExp>> = {
  json_schema: /response[_ ]format|json[_ ]schema|output_config|structured output/i,
  json_object: /response[_ ]format|json[_ ](?:object|mode)|['"]json['"]/i,
  system_role: /\bsystem\b.{0,12}\b(?:role|message|prompt|instruction)|\brole\b.{0,20}\bsystem\b/i,
};

/** Tells "I do not know this" from "this value is too large". */
const REFUSAL =
  /unsupported|not support|n't support|unavailable|unknown|unrecogni[sz]ed|unexpected|extra (?:inputs?|fields?)|extra_forbidden|not (?:permitted|allowed|available|implemented)|deprecated|only the default|may only be|invalid (?:parameter|argument|field)|incompatible|must contain the word/i;

/** A schema that an endpoint cannot take says nothing about other schemas. */
const SCHEMA_ITSELF = /invalid schema|schema.{0,40}(?:invalid|too (?:large|complex|deep))/i;

/** Features that a message can name, the more telling first. */
const FEATURES: readonly Feature[] = [
  "max_completion_tokens",
  "max_tokens",
  "temperature",
  "top_p",
  "stop",
  "presence_penalty",
  "frequency_penalty",
  "seed",
  "json_schema",
  "json_object",
  "prompt_cache_key",
  "stream_options",
  "system_role",
];

const memories = new Map<string, EndpointMemory>();

/** What is known of a model at an endpoint; the same object for everyone in this process. */
export function endpointMemory(baseUrl: string, model: string): EndpointMemory {
  const key = JSON.stringify([baseUrl, model]);
  const known = memories.get(key);
  if (known !== undefined) return known;
  const fresh: EndpointMemory = { refused: new Set(), contextWindow: null };
  memories.set(key, fresh);
  return fresh;
}

/** A feature that a reply refused, and whether it would refuse it of every request. */
export interface Refusal {
  readonly feature: Feature;
  readonly lasting: boolean;
}

/** Finds which of the features that a request used its refusal is about; null when it is about none. */
export function refusalOf(failure: Failure, used: readonly Feature[]): Refusal | null {
  if (failure.code !== "bad_request" || (failure.status !== 400 && failure.status !== 422)) {
    return null;
  }
  const schemaItself = SCHEMA_ITSELF.test(failure.seen);
  if (!schemaItself && !REFUSAL.test(failure.seen)) return null;
  const feature = FEATURES.find((each) => used.includes(each) && names(failure, each));
  return feature === undefined ? null : { feature, lasting: !schemaItself };
}

/** Whether a failure names a feature, by its parameter or in its text. */
function names(failure: Failure, feature: Feature): boolean {
  const pattern = NAMES[feature] ?? new RegExp(`\\b${feature}\\b`);
  return pattern.test(failure.parameter ?? "") || pattern.test(failure.seen);
}
