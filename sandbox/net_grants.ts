/**
 * Network grants: the one function by which a guest reaches the network. It goes to exactly the granted
 * `host:port` over HTTP or HTTPS, brings nothing of the host's along, and follows no redirect: whoever wants to follow
 * one asks again, and is checked again.
 */
import { connectTo, NetError } from "./net_connection.ts";
import { type NetRequest, readNetRequest } from "./net_request.ts";
import { type JsonValue, NetLimits } from "./protocol.ts";

/** What a granted host answered. */
export interface NetResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers: [string, string][];
  readonly body: Uint8Array<ArrayBuffer>;
}

/** The hosts that a guest may reach. */
export class NetGrants {
  readonly #granted: ReadonlySet<string>;
  #open = 0;

  /** `granted` holds `host:port`, in the spelling of `URL`. */
  constructor(granted: readonly string[]) {
    this.#granted = new Set(granted);
  }

  /** Sends one request; throws {@linkcode NetError} for one that is refused or fails. */
  async fetch(params: JsonValue, signal: AbortSignal): Promise<NetResponse> {
    const request = readNetRequest(params);
    const { host, port } = request;
    if (!this.#granted.has(`${host}:${port}`)) throw this.#refusal(`${host}:${port}`);
    if (this.#open >= NetLimits.open) {
      throw new NetError("OSError", `more than ${NetLimits.open} requests are open; wait for some`);
    }
    this.#open++;
    try {
      const timeout = AbortSignal.timeout(request.timeoutMs);
      return await exchange(request, this.#granted, AbortSignal.any([signal, timeout]));
    } catch (error) {
      throw toNetError(error, request);
    } finally {
      this.#open--;
    }
  }

  #refusal(host: string): NetError {
    const grant = `net: ["${host}"]`;
    return new NetError(
      "PermissionError",
      this.#granted.size === 0
        ? `this sandbox has no network; whoever made it can grant ${grant}`
        : `this sandbox may not reach ${host}, only ${[...this.#granted].join(", ")}`,
    );
  }
}

/** Sends the request over a connection of its own and takes the whole answer. */
async function exchange(
  { method, url, host, port, headers, body }: NetRequest,
  granted: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<NetResponse> {
  const socket = await connectTo({
    host,
    port,
    secure: url.protocol === "https:",
    granted,
    signal,
  });
  // Loaded when it is needed: most guests have no network, and start faster without it.
  const { request: send } = await import("node:http");
  const { promise, resolve, reject } = Promise.withResolvers<NetResponse>();
  const early = () =>
    reject(new NetError("ConnectionError", `${host}:${port} ended the connection`));
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const outgoing = send({
      method,
      path: url.pathname + url.search,
      setHost: false,
      headers: { ...headers, host: url.host, connection: "close" },
      createConnection: () => socket,
    });
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      const { statusCode = 0, statusMessage = "", rawHeaders } = incoming;
      const parts: Uint8Array[] = [];
      let size = 0;
      incoming.on("data", (part: Uint8Array) => {
        size += part.length;
        if (size > NetLimits.responseBytes) reject(tooLarge());
        else parts.push(part);
      });
      incoming.on("error", reject);
      incoming.on("close", early);
      incoming.on("end", () =>
        resolve({
          status: statusCode,
          reason: statusMessage,
          headers: pairs(rawHeaders),
          body: concat(parts, size),
        }));
    });
    outgoing.on("close", early);
    outgoing.end(body);
    return await promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
    socket.destroy();
  }
}

function tooLarge(): NetError {
  const most = NetLimits.responseBytes / 1024 ** 2;
  return new NetError("OSError", `the response is larger than ${most} MB; ask for a part of it`);
}

function pairs(raw: readonly string[]): [string, string][] {
  const headers: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    headers.push([(raw[at] ?? "").toWellFormed(), (raw[at + 1] ?? "").toWellFormed()]);
  }
  return headers;
}

function concat(parts: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** What Python is told of a failure: what went wrong, and nothing of the host's own set-up. */
function toNetError(error: unknown, { host, port, timeoutMs }: NetRequest): NetError {
  if (error instanceof NetError) return error;
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return new NetError("TimeoutError", `${host}:${port} did not answer within ${timeoutMs} ms`);
  }
  if (error instanceof DOMException) {
    return new NetError("ConnectionAbortedError", `the request to ${host}:${port} was given up`);
  }
  const code = error instanceof Error ? Reflect.get(error, "code") : undefined;
  if (code === "ECONNREFUSED") {
    return new NetError("ConnectionRefusedError", `${host}:${port} refused the connection`);
  }
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return new NetError("OSError", `the name ${host} is not known`);
  }
  const why = typeof code === "string" ? code : "the connection failed";
  return new NetError("ConnectionError", `cannot get an answer from ${host}:${port}: ${why}`);
}
