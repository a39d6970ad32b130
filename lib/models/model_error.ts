/** Turns a failed request into the `ModelError` that callers see: what happened, and what to do about it. */
import { ModelError, type ModelErrorCode, type TokenSpending } from "../errors.ts";
import type { Failure } from "./failure.ts";

/** Who was asked, as messages name it. */
export interface Asked {
  /** `LanguageModel.name`. */
  readonly name: string;
  /** The endpoint, without anything secret. */
  readonly endpoint: string;
  /** Where the key comes from: a variable's name, or the option. */
  readonly keySource: string;
  readonly redact: (text: string) => string;
}

/** Characters of the other side's words that a message holds. */
const MAX_SEEN_CHARS = 300;

const REMEDIES: Readonly<Record<ModelErrorCode, string>> = {
  unreachable: "check the base URL, and that the server runs and this machine has a connection",
  timeout: "try again, or raise timeoutMs",
  auth: "check the key",
  quota: "add credit or raise the limit at the provider, or use another model",
  not_found:
    "check the model's name and the base URL; names start with a provider, as in openai/gpt-5 or ollama/llama3.2",
  rate_limit: "try again later, or lower concurrency",
  overloaded: "try again later, or use another model",
  server_error: "try again later, or use another model",
  bad_request: "change what the message names",
  context_length: "send less text, or use a model with a larger window",
  content_filter: "change the prompt, or use another model",
  refusal: "change the prompt, or use another model",
  empty: "try again, or use another model",
  cut_off: "try again",
  config: "check the base URL, which for most servers ends in /v1",
  replay: "record the run again",
  unknown: "try again, or use another model",
};

/** Makes the error for a request that failed for good. No secret is in it. */
export function modelError(
  failure: Failure,
  asked: Asked,
  { attempts, spent }: { attempts: number; spent: TokenSpending | null },
): ModelError {
  const status = failure.status === null || failure.status === 200 ? "" : `${failure.status} `;
  const times = attempts > 1 ? ` (${attempts} attempts)` : "";
  // Before it is cut: half a key is known to nobody as one, and still worth something.
  const seen = oneLine(asked.redact(failure.seen));
  const message = `Cannot get a reply from ${asked.name} at ${asked.endpoint}: ` +
    `${status}${seen}${times}; ${remedyOf(failure, asked)}`;
  return new ModelError(asked.redact(message), {
    code: failure.code,
    model: asked.name,
    retryable: failure.retryable,
    attempts,
    spent,
    ...(failure.status === null ? {} : { status: failure.status }),
  });
}

/** Whether every later call to the same model must fail as this one did. */
export function isLasting(error: ModelError): boolean {
  return LASTING.has(error.code);
}

const LASTING: ReadonlySet<ModelErrorCode> = new Set<ModelErrorCode>([
  "auth",
  "quota",
  "not_found",
  "config",
]);

/** What to do about a failure. */
function remedyOf(failure: Failure, { keySource }: Asked): string {
  if (failure.code === "auth") return `check ${keySource}`;
  if (failure.retryAfterMs !== null) {
    return `try again in ${Math.ceil(failure.retryAfterMs / 1000)} s`;
  }
  const host = /net access to "([^"]+)"/.exec(failure.seen)?.[1];
  return host === undefined ? REMEDIES[failure.code] : `run again with --allow-net=${host}`;
}

/** The other side's words, short and harmless in a terminal. */
function oneLine(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
  return line.length > MAX_SEEN_CHARS
    ? `${line.slice(0, MAX_SEEN_CHARS)}…`
    : line.replace(/\.$/, "");
}
