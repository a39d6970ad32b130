/** Reads a request that Python wants sent: only what HTTP is for, and no header that the connection itself needs. */
import { NetError } from "./net_connection.ts";
import { type JsonValue, NetLimits } from "./protocol.ts";

/** A request that may be sent, if its host is granted. */
export interface NetRequest {
  readonly method: string;
  readonly url: URL;
  /** The host as `URL` spells it. */
  readonly host: string;
  readonly port: number;
  readonly headers: Record<string, string[]>;
  readonly body: Uint8Array<ArrayBuffer> | undefined;
  readonly timeoutMs: number;
}

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
const DEFAULT_PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

/** Headers that belong to the connection, or that say who asks whom. */
const OWN_HEADERS = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
/** Characters of all headers. */
const HEADER_CHARS = 64 * 1024;

/** Checks a request; throws {@linkcode NetError} for one that can't be sent. */
export function readNetRequest(params: JsonValue): NetRequest {
  const { method, url: address, headers, body, timeoutMs } = isRecord(params) ? params : {};
  const url = typeof address === "string" ? URL.parse(address) : null;
  const defaultPort = DEFAULT_PORTS[url?.protocol ?? ""];
  if (url === null || defaultPort === undefined) {
    throw new NetError("ValueError", "only http:// and https:// addresses can be reached");
  }
  if (url.username !== "" || url.password !== "") {
    throw new NetError(
      "ValueError",
      "an address may not hold a user name; send an Authorization header",
    );
  }
  if (typeof method !== "string" || !METHODS.has(method)) {
    throw new NetError("ValueError", `a request may use ${[...METHODS].join(", ")}`);
  }
  const content = readBody(body ?? null);
  const isLong = typeof timeoutMs !== "number" || !(timeoutMs < NetLimits.timeoutMs);
  return {
    method,
    url,
    host: url.hostname,
    port: url.port === "" ? defaultPort : Number(url.port),
    headers: {
      ...readHeaders(headers ?? null),
      ...(content || method.startsWith("P")
        ? { "content-length": [`${content?.length ?? 0}`] }
        : {}),
    },
    body: content,
    timeoutMs: isLong ? NetLimits.timeoutMs : Math.max(1, Math.ceil(timeoutMs)),
  };
}

function readHeaders(value: JsonValue): Record<string, string[]> {
  const headers: Record<string, string[]> = Object.create(null);
  let chars = 0;
  for (const header of Array.isArray(value) ? value : []) {
    const [name, text] = Array.isArray(header) ? header : [];
    if (typeof name !== "string" || typeof text !== "string") continue;
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(text)) {
      throw new NetError(
        "ValueError",
        `a header has a character that it may not have: ${JSON.stringify(name)}`,
      );
    }
    chars += name.length + text.length;
    const key = name.toLowerCase();
    if (!OWN_HEADERS.has(key) && !key.startsWith("proxy-")) (headers[key] ??= []).push(text);
  }
  if (chars > HEADER_CHARS) {
    throw new NetError("ValueError", `the headers have more than ${HEADER_CHARS} characters`);
  }
  return headers;
}

function readBody(value: JsonValue): Uint8Array<ArrayBuffer> | undefined {
  if (typeof value !== "string") return undefined;
  const body = Uint8Array.fromBase64(value);
  if (body.length > NetLimits.requestBytes) {
    const most = NetLimits.requestBytes / 1024 ** 2;
    throw new NetError("ValueError", `the body of a request may have ${most} MB`);
  }
  return body;
}

function isRecord(value: JsonValue): value is { [key: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
