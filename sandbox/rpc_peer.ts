/**
 * RpcPeer: JSON-RPC 2.0 in both directions over any transport. Each side may ask the other; requests
 * are matched by id, so many can be open at once. All that the other side sends is taken as hostile:
 * it may get an error reply, or end the session, but it can't make this side throw.
 */
import { ErrorCode, type JsonValue, Limits } from "./protocol.ts";
import type { Chunk, Frame } from "./framing.ts";

/** Anything that carries frames both ways. Ends when `frames` ends or throws. */
export interface Transport {
  /** Frames from the other side. */
  readonly frames: AsyncIterable<Frame>;
  /** Sends one frame; resolves when the transport can take the next one. */
  send(frame: Exclude<Frame, { kind: "garbled" }>): void | Promise<void>;
}

/** What a request handler may know beside its parameters. */
export interface RequestContext {
  /** Aborts when the other side cancels the request, or the session ends. */
  readonly signal: AbortSignal;
}

/** Answers a request; what it throws becomes an error reply. */
export type RequestHandler = (
  params: JsonValue,
  context: RequestContext,
) => JsonValue | Promise<JsonValue>;

/** What a peer does with what the other side sends. */
export interface RpcHandlers {
  readonly requests?: Readonly<Record<string, RequestHandler>>;
  readonly notifications?: Readonly<Record<string, (params: JsonValue) => void>>;
  /** Takes the pieces of large values; without it a chunk ends the session. */
  readonly onChunk?: (chunk: Chunk) => void;
}

/** An error that crosses the wire: what the other side replied, or what a handler wants replied. */
export class RpcError extends Error {
  override name = "RpcError";
  readonly code: number;
  readonly data: JsonValue;
  constructor(code: number, message: string, data: JsonValue = null) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** Notification by which a side gives up a request of its own; the name that LSP gave it. */
const CANCEL = "$/cancelRequest";

interface Pending {
  resolve(result: JsonValue): void;
  reject(reason: unknown): void;
}

/** One end of a JSON-RPC session. */
export class RpcPeer {
  readonly #transport: Transport;
  readonly #requests: Map<string, RequestHandler>;
  readonly #notifications: Map<string, (params: JsonValue) => void>;
  readonly #onChunk: ((chunk: Chunk) => void) | undefined;
  readonly #pending = new Map<number, Pending>();
  readonly #open = new Map<string, AbortController>();
  readonly #ended = Promise.withResolvers<void>();
  #nextId = 1;
  #failure: { readonly reason: unknown } | null = null;

  /** Starts reading at once. */
  constructor(transport: Transport, handlers: RpcHandlers = {}) {
    this.#transport = transport;
    this.#requests = new Map(Object.entries(handlers.requests ?? {}));
    this.#notifications = new Map(Object.entries(handlers.notifications ?? {}));
    this.#notifications.set(CANCEL, (params) => this.#cancel(params));
    this.#onChunk = handlers.onChunk;
    this.#readLoop();
  }

  /** Settles when the session is over, however it ended; {@linkcode failure} tells why. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Why the session ended, or null while it lives. */
  get failure(): unknown {
    return this.#failure === null ? null : this.#failure.reason;
  }

  /** Asks the other side; rejects with {@linkcode RpcError}, the signal's reason, or what ended the session. */
  async request(
    method: string,
    params: JsonValue,
    options: { signal?: AbortSignal } = {},
  ): Promise<JsonValue> {
    const { signal } = options;
    signal?.throwIfAborted();
    this.#throwIfEnded();
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<JsonValue>();
    const onAbort = () => {
      this.#pending.delete(id);
      reject(signal?.reason);
      this.notify(CANCEL, { id });
    };
    this.#pending.set(id, { resolve, reject });
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      this.#post({ id, method, params });
      return await promise;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Tells the other side something that needs no answer; silent when the session is over. */
  notify(method: string, params: JsonValue): void {
    if (this.#failure === null) this.#post({ method, params });
  }

  /** Sends one piece of a large value; resolves when the transport can take the next. */
  async sendChunk(chunk: Omit<Chunk, "kind">): Promise<void> {
    this.#throwIfEnded();
    await this.#transport.send({ kind: "chunk", ...chunk });
  }

  /** Ends the session: everything open fails with the same reason, on this side at once. */
  abort(reason: unknown): void {
    if (this.#failure !== null) return;
    this.#failure = { reason };
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(reason);
    for (const controller of this.#open.values()) controller.abort(reason);
    this.#open.clear();
    this.#ended.resolve();
  }

  #throwIfEnded(): void {
    if (this.#failure !== null) throw this.#failure.reason;
  }

  async #readLoop(): Promise<void> {
    try {
      for await (const frame of this.#transport.frames) {
        if (this.#failure !== null) return;
        this.#receive(frame);
      }
      this.abort(
        new RpcError(ErrorCode.internalError, "Session is over: the other side closed it"),
      );
    } catch (error) {
      this.abort(error);
    }
  }

  /** Sends a message; a transport that fails ends the session. */
  #post(message: { [key: string]: JsonValue }): void {
    const text = JSON.stringify({ jsonrpc: "2.0", ...message });
    try {
      Promise.resolve(this.#transport.send({ kind: "message", text }))
        .catch((error) => this.abort(error));
    } catch (error) {
      this.abort(error);
    }
  }

  #postError(id: JsonValue, code: number, message: string, data: JsonValue = null): void {
    const error = data === null ? { code, message } : { code, message, data };
    this.#post({ id, error });
  }

  #receive(frame: Frame): void {
    if (frame.kind === "chunk") {
      if (this.#onChunk) return this.#onChunk(frame);
      throw new RpcError(ErrorCode.invalidRequest, "Cannot take chunk: none is expected");
    }
    const message = frame.kind === "garbled" ? undefined : parseMessage(frame.text);
    if (message === undefined) {
      return this.#postError(null, ErrorCode.parseError, "Cannot parse message: not JSON in UTF-8");
    }
    if (!isObject(message) || message["jsonrpc"] !== "2.0") {
      return this.#postError(
        null,
        ErrorCode.invalidRequest,
        "Cannot read message: not JSON-RPC 2.0",
      );
    }
    if (!withinDepth(message, Limits.depth)) {
      return this.#postError(
        idOf(message),
        ErrorCode.tooLarge,
        `Cannot take message: nested deeper than ${Limits.depth}`,
      );
    }
    if (typeof message["method"] === "string") return this.#receiveCall(message["method"], message);
    if ("result" in message || "error" in message) return this.#settle(message);
    this.#postError(idOf(message), ErrorCode.invalidRequest, "Cannot read message: no method");
  }

  /** `{ method, params, id? }`: a request, or a notification when there is no id. */
  #receiveCall(method: string, message: { [key: string]: JsonValue }): void {
    const params = message["params"] ?? {};
    if (!("id" in message)) {
      this.#notifications.get(method)?.(params);
      return;
    }
    const id = message["id"] ?? null;
    const key = JSON.stringify(id);
    if (typeof id !== "number" && typeof id !== "string") {
      return this.#postError(null, ErrorCode.invalidRequest, "Cannot read request: bad id");
    }
    if (typeof params !== "object") {
      return this.#postError(id, ErrorCode.invalidParams, "Cannot read request: bad params");
    }
    const handler = this.#requests.get(method);
    if (!handler) {
      return this.#postError(
        id,
        ErrorCode.methodNotFound,
        `Cannot find method: ${method.slice(0, 80)}`,
      );
    }
    if (this.#open.has(key)) {
      return this.#postError(
        id,
        ErrorCode.invalidRequest,
        `Cannot start request: id ${key} is open`,
      );
    }
    if (this.#open.size >= Limits.openCalls) {
      return this.#postError(
        id,
        ErrorCode.tooLarge,
        `Cannot start request: ${Limits.openCalls} are open`,
      );
    }
    this.#answer(id, key, handler, params);
  }

  async #answer(
    id: number | string,
    key: string,
    handler: RequestHandler,
    params: JsonValue,
  ): Promise<void> {
    const controller = new AbortController();
    this.#open.set(key, controller);
    try {
      const result = await handler(params, { signal: controller.signal });
      if (this.#open.delete(key)) this.#post({ id, result });
    } catch (error) {
      if (!this.#open.delete(key)) return;
      if (error instanceof RpcError) {
        return this.#postError(id, error.code, error.message, error.data);
      }
      this.#postError(
        id,
        ErrorCode.internalError,
        error instanceof Error ? error.message : String(error),
      );
    }
  }

  /** `{ id, result | error }`: an answer. One for an id that isn't open is dropped: late, doubled or forged. */
  #settle(message: { [key: string]: JsonValue }): void {
    const id = message["id"];
    const pending = typeof id === "number" ? this.#pending.get(id) : undefined;
    if (typeof id !== "number" || !pending) return;
    this.#pending.delete(id);
    const error = message["error"];
    if (error === undefined || error === null) return pending.resolve(message["result"] ?? null);
    const { code, message: text, data } = isObject(error) ? error : {};
    pending.reject(
      new RpcError(
        typeof code === "number" ? code : ErrorCode.internalError,
        typeof text === "string" ? text : "Request failed: no reason given",
        data ?? null,
      ),
    );
  }

  /** The other side gave up a request: its signal aborts, and it gets its one answer, an error. */
  #cancel(params: JsonValue): void {
    const key = JSON.stringify(isObject(params) ? params["id"] ?? null : null);
    this.#open.get(key)?.abort(
      new RpcError(ErrorCode.cancelled, "Request cancelled by its sender"),
    );
  }
}

function parseMessage(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: JsonValue | undefined): value is { [key: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The id to put in an error reply: the message's own where it has a valid one. */
function idOf(message: { [key: string]: JsonValue }): JsonValue {
  const id = message["id"];
  return typeof id === "number" || typeof id === "string" ? id : null;
}

/** Whether no container lies deeper than `depth`; walks with a list of its own, so that depth can't overflow the stack. */
export function withinDepth(value: JsonValue, depth: number): boolean {
  let level: JsonValue[] = [value];
  for (let d = 0; level.length > 0; d++) {
    if (d > depth) return false;
    const next: JsonValue[] = [];
    for (const item of level) {
      if (typeof item !== "object" || item === null) continue;
      for (const child of Array.isArray(item) ? item : Object.values(item)) {
        if (typeof child === "object" && child !== null) next.push(child);
      }
    }
    level = next;
  }
  return true;
}
