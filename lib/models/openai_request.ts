/** Builds the body of a chat completion request from what is asked and what the endpoint takes. */
import { isRecord } from "./json.ts";
import type { JsonSchema } from "../../sandbox/protocol.ts";
import type { CompletionRequest, Message } from "./language_model.ts";
import type { Provider } from "./providers.ts";
import type { Feature } from "./quirks.ts";

/** Where a request goes, and what is known of it. */
export interface RequestTarget {
  readonly model: string;
  readonly provider: Provider;
  /** Added to every body as they are. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Features to do without. */
  readonly refused: ReadonlySet<Feature>;
}

/** A body, and the features in it that an endpoint might refuse. */
export interface ChatRequest {
  readonly body: Readonly<Record<string, unknown>>;
  readonly used: readonly Feature[];
}

/** Sampling parameters that models with fixed sampling refuse. */
const SAMPLING: readonly Feature[] = [
  "temperature",
  "top_p",
  "stop",
  "presence_penalty",
  "frequency_penalty",
  "seed",
];

/** Builds a request, leaving out or replacing what the target is known to refuse. */
export function chatRequest(request: CompletionRequest, target: RequestTarget): ChatRequest {
  const { provider, refused } = target;
  const body: Record<string, unknown> = { ...provider.extraBody, ...target.params };
  const used: Feature[] = [];
  const put = (feature: Feature, name: string, value: unknown): void => {
    body[name] = value;
    used.push(feature);
  };

  body.model = target.model;
  body.messages = refused.has("system_role")
    ? withoutSystemRole(request.messages)
    : request.messages.map(({ role, content }) => ({ role, content }));
  if (request.messages.some(({ role }) => role === "system") && !refused.has("system_role")) {
    used.push("system_role");
  }

  if (request.temperature !== undefined) body.temperature = request.temperature;
  for (const name of SAMPLING) {
    if (refused.has(name)) delete body[name];
    else if (body[name] !== undefined) used.push(name);
  }

  const limit = outputLimitName(provider, refused);
  if (request.maxOutputTokens !== undefined && limit !== null) {
    put(limit, limit, request.maxOutputTokens);
  }
  if (
    request.cacheKey !== undefined && provider.promptCacheKey && !refused.has("prompt_cache_key")
  ) {
    put("prompt_cache_key", "prompt_cache_key", request.cacheKey);
  }
  if (request.schema !== undefined) {
    const mode = schemaMode(request, refused);
    if (mode !== null) put(mode, "response_format", responseFormat(mode, request.schema));
  }
  if (request.onDelta !== undefined) {
    body.stream = true;
    if (!refused.has("stream_options")) {
      put("stream_options", "stream_options", { include_usage: true });
    }
  }
  return { body, used };
}

/** The parameter that limits the reply: the provider's own, or else the other; null when both are refused. */
function outputLimitName(
  { outputLimit }: Provider,
  refused: ReadonlySet<Feature>,
): Provider["outputLimit"] | null {
  if (!refused.has(outputLimit)) return outputLimit;
  const other = outputLimit === "max_tokens" ? "max_completion_tokens" : "max_tokens";
  return refused.has(other) ? null : other;
}

/** How to ask for a shape: schemas need an object at the root, the plain JSON mode needs the word in a message. */
function schemaMode(
  { schema, messages }: CompletionRequest,
  refused: ReadonlySet<Feature>,
): "json_schema" | "json_object" | null {
  if (schema?.type !== "object") return null;
  if (!refused.has("json_schema")) return "json_schema";
  const mentionsJson = messages.some(({ content }) => /json/i.test(content));
  return mentionsJson && !refused.has("json_object") ? "json_object" : null;
}

function responseFormat(mode: "json_schema" | "json_object", schema: JsonSchema): unknown {
  if (mode === "json_object") return { type: "json_object" };
  return {
    type: "json_schema",
    json_schema: { name: "reply", schema, strict: isClosed(schema) },
  };
}

/** Whether every object in a schema lists all it may have and needs it: the condition for strict mode. */
function isClosed(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.every(isClosed);
  if (!isRecord(schema)) return true;
  if (schema.type === "object" || "properties" in schema) {
    const names = isRecord(schema.properties) ? Object.keys(schema.properties) : [];
    const required: readonly unknown[] = Array.isArray(schema.required) ? schema.required : [];
    if (schema.additionalProperties !== false) return false;
    if (!names.every((name) => required.includes(name))) return false;
  }
  return Object.values(schema).every(isClosed);
}

/** Moves system text to the front of the user message after it, for chat templates that know no system role. */
function withoutSystemRole(messages: readonly Message[]): { role: string; content: string }[] {
  const merged: { role: string; content: string }[] = [];
  let pending: string[] = [];
  for (const { role, content } of messages) {
    if (role === "system") {
      pending.push(content);
    } else if (role === "user" && pending.length > 0) {
      merged.push({ role, content: [...pending, content].join("\n\n") });
      pending = [];
    } else {
      merged.push({ role, content });
    }
  }
  if (pending.length > 0) merged.push({ role: "user", content: pending.join("\n\n") });
  return merged;
}
