/** Reads the errors that a server answers: what a status and an error body mean for the caller. */
import type { ModelErrorCode } from "../errors.ts";
import { RequestFailure } from "./failure.ts";
import { isRecord, textOf } from "./json.ts";

/** Reads an HTTP error by its status and body. */
export function httpFailure(
  status: number,
  body: unknown,
  { headers = null, message = "" }: { headers?: Headers | null; message?: string } = {},
): RequestFailure {
  const fields = errorFields(body);
  const seen = fields.message || message.replace(/^\d{3} /, "") || "no explanation";
  const text = `${fields.code} ${fields.type} ${seen}`;
  const code = codeOf(status, text);
  const mayRetry = headers?.get("x-should-retry");
  return new RequestFailure({
    code,
    status,
    seen,
    retryable: mayRetry === "true" || (mayRetry !== "false" && RETRYABLE.has(code)),
    retryAfterMs: headers === null ? null : retryAfter(headers),
    parameter: fields.param || null,
    contextWindow: code === "context_length" ? statedWindow(seen, body) : null,
  });
}

const RETRYABLE: ReadonlySet<ModelErrorCode> = new Set<ModelErrorCode>([
  "timeout",
  "rate_limit",
  "overloaded",
  "server_error",
]);

const CONTEXT_LENGTH =
  /context_length|maximum context length|context (?:size|window|length)|prompt is too long|input token count|too many (?:input )?tokens|exceed_context|reduce the length/i;
const CONTENT_FILTER =
  /content[_ ]filter|content management policy|responsibleai|moderation|flagged/i;
const QUOTA = /insufficient[_ ](?:quota|balance|credits?|funds)|credit balance|billing_hard_limit/i;
const BAD_KEY = /api[_ ]?key (?:not valid|is invalid|invalid)|invalid[_ ]api[_ ]key/i;

/** What a status means; some providers use one status for several things, told apart by the text. */
function codeOf(status: number, text: string): ModelErrorCode {
  if (status === 401) return "auth";
  if (status === 402 || (status < 500 && QUOTA.test(text))) return "quota";
  if (status === 403) return CONTENT_FILTER.test(text) ? "content_filter" : "auth";
  if (status === 404 || status === 405) return "not_found";
  if (status === 408) return "timeout";
  if (status === 409) return "server_error";
  if (status === 413) return "context_length";
  if (status === 429) return "rate_limit";
  if (status === 503 || status === 529) return "overloaded";
  if (status >= 500) return CONTEXT_LENGTH.test(text) ? "context_length" : "server_error";
  if (CONTEXT_LENGTH.test(text)) return "context_length";
  if (CONTENT_FILTER.test(text)) return "content_filter";
  return BAD_KEY.test(text) ? "auth" : "bad_request";
}

/** The window that a complaint about length states, in the ways that providers word it. */
function statedWindow(seen: string, body: unknown): number | null {
  const record = isRecord(body) ? body : {};
  if (typeof record.n_ctx === "number") return record.n_ctx;
  const stated = [
    /maximum context length (?:is|of) ([\d,]+)/i,
    />\s*([\d,]+) maximum/i,
    /maximum number of tokens allowed \(([\d,]+)\)/i,
    /context (?:size|window|length)[^.\d]{0,20}([\d,]+)/i,
  ].map((pattern) => pattern.exec(seen)?.[1]).find((digits) => digits !== undefined);
  const tokens = Number((stated ?? "").replaceAll(",", ""));
  return tokens > 0 ? tokens : null;
}

/** Reads when a server wants to be asked again, in milliseconds. */
export function retryAfter(headers: Headers, now: number = Date.now()): number | null {
  const milliseconds = Number.parseFloat(headers.get("retry-after-ms") ?? "");
  if (milliseconds >= 0) return milliseconds;
  const value = headers.get("retry-after") ?? "";
  const seconds = Number(value);
  if (value !== "" && seconds >= 0) return seconds * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

/** Reads an error that came inside an answer that itself was no HTTP error. */
export function reportedFailure(body: unknown): RequestFailure {
  const { code, type } = errorFields(body);
  const status = Number(code);
  if (Number.isInteger(status) && status >= 400 && status <= 599) return httpFailure(status, body);
  const known = Object.entries(STATUS_OF_TYPE).find(([word]) => `${code} ${type}`.includes(word));
  const { failure } = httpFailure(known?.[1] ?? 500, body);
  return new RequestFailure({ ...failure, status: null });
}

/** Words for kinds of errors in streams and in other answers without a status. */
const STATUS_OF_TYPE: Readonly<Record<string, number>> = {
  insufficient_quota: 402,
  rate_limit: 429,
  overloaded: 503,
  authentication: 401,
  permission: 403,
  not_found: 404,
  context_length: 400,
  content_filter: 400,
  invalid_request: 400,
};

/** The fields of an error body, as texts. */
function errorFields(
  body: unknown,
): { message: string; code: string; type: string; param: string } {
  const fields = isRecord(body) ? body : { message: body };
  return {
    message: textOf(fields.message),
    code: textOf(fields.code),
    type: textOf(fields.type),
    param: textOf(fields.param),
  };
}
