/**
 * RpcPeer: JSON-RPC 2.0 in both directions over any transport. Each side may ask the other; requests
 * are matched by id, so many can be open at once. All that the other side sends is taken as hostile:
 * it may get an error reply, or end the session, but it can't make this side throw.
 */
import type { Chunk, Frame } from "./framing.ts";
import { ErrorCode, type JsonValue, Limits } from "./protocol.ts";
import {
  type Envelope,
  type Id,
  idOf,
  isObject,
  parseMessage,
  RpcError,
  toRpcError,
  toText,
  toWireError,
  withinDepth,
} from "./rpc_message.ts";

export { RpcError } from "./rpc_message.ts";

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

/** Notification by which a side gives up a request of its own; the name that LSP gave it. */
const CANCEL = "$/cancelRequest";
/** Replies that may wait to be sent: who asks and never reads would otherwise fill this side's memory. */
const UNSENT_REPLIES = 2 * Limits.openCalls;

/** What a transport that never waits resolves to. */
const SENT = Promise.resolve();

/** One end of a JSON-RPC session. */
export class RpcPeer {
  readonly #transport: Transport;
  readonly #requests: Map<string, RequestHandler>;
  readonly #notifications: Map<string, (params: JsonValue) => void>;
  readonly #onChunk: ((chunk: Chunk) => void) | undefined;
  readonly #pending = new Map<number, PromiseWithResolvers<JsonValue>>();
  readonly #open = new Map<Id, AbortController>();
  /** What gives up the chunks that wait for the transport. */
  readonly #sending = new Set<(reason: unknown) => void>();
  readonly #ended = Promise.withResolvers<void>();
  #nextId = 1;
  #unsentReplies = 0;
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

  /** Whether this side waits for an answer. */
  get waits(): boolean {
    return this.#pending.size > 0;
  }

  /**
   * Asks the other side; rejects with {@linkcode RpcError}, the signal's reason, or what ended the session.
   * A request too large for the wire is refused on this side, and nothing is sent.
   */
  async request(
    method: string,
    params: JsonValue,
    options: { signal?: AbortSignal } = {},
  ): Promise<JsonValue> {
    const { signal } = options;
    signal?.throwIfAborted();
    this.#throwIfEnded();
    const id = this.#nextId++;
    const answer = Promise.withResolvers<JsonValue>();
    const onAbort = () => {
      answer.reject(signal?.reason);
      this.notify(CANCEL, { id });
    };
    this.#pending.set(id, answer);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      this.#post({ id, method, params });
      return await answer.promise;
    } finally {
      this.#pending.delete(id);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Tells the other side something that needs no answer; silent when the session is over. */
  notify(method: string, params: JsonValue): void {
    if (this.#failure === null) this.#post({ method, params });
  }

  /**
   * Sends one piece of a large value; resolves when the transport can take the next, rejects when the signal
   * aborts or the session ends first.
   */
  async sendChunk(
    chunk: Omit<Chunk, "kind">,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    const { signal } = options;
    signal?.throwIfAborted();
    this.#throwIfEnded();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = () => reject(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#sending.add(reject);
    this.#send({ kind: "chunk", ...chunk }).then(resolve);
    try {
      await promise;
    } finally {
      this.#sending.delete(reject);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Ends the session: everything open fails with the same reason, on this side at once. */
  abort(reason: unknown): void {
    if (this.#failure !== null) return;
    this.#failure = { reason };
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(reason);
    for (const reject of this.#sending) reject(reason);
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

  /** Sends a request or a notification; throws when it is too large. */
  #post(message: Envelope): void {
    this.#send({ kind: "message", text: toText(message) });
  }

  #refuse(id: Id | null, code: number, message: string): void {
    this.#reply(toText({ id, error: { code, message } }));
  }

  /** Sends a reply, unless so many wait already that the other side can't be reading them. */
  async #reply(text: string): Promise<void> {
    if (this.#unsentReplies >= UNSENT_REPLIES) {
      const problem = `Session is over: ${UNSENT_REPLIES} replies were not read`;
      return this.abort(new RpcError(ErrorCode.tooLarge, problem));
    }
    this.#unsentReplies++;
    await this.#send({ kind: "message", text });
    this.#unsentReplies--;
  }

  /**
   * Hands a frame to the transport; one that fails ends the session. Never rejects. Not `async`, as that would
   * keep each frame until the event loop turns, which a guest that prints in a loop never lets it do.
   */
  #send(frame: Exclude<Frame, { kind: "garbled" }>): Promise<void> {
    try {
      return this.#transport.send(frame)?.catch((error) => this.abort(error)) ?? SENT;
    } catch (error) {
      this.abort(error);
      return SENT;
    }
  }

  #receive(frame: Frame): void {
    if (frame.kind === "chunk") {
      if (this.#onChunk) return this.#onChunk(frame);
      throw new RpcError(ErrorCode.invalidRequest, "Cannot take chunk: none is expected");
    }
    const message = frame.kind === "garbled" ? undefined : parseMessage(frame.text);
    if (message === undefined) {
      return this.#refuse(null, ErrorCode.parseError, "Cannot parse message: not JSON in UTF-8");
    }
    if (!isObject(message) || message["jsonrpc"] !== "2.0") {
      return this.#refuse(null, ErrorCode.invalidRequest, "Cannot read message: not JSON-RPC 2.0");
    }
    const { method } = message;
    const id = idOf(message);
    if (!withinDepth(message, Limits.depth)) {
      const problem = `Cannot take message: nested deeper than ${Limits.depth}`;
      return this.#refuse(id, ErrorCode.tooLarge, problem);
    }
    if (typeof method === "string") {
      const params = message["params"] ?? {};
      if ("id" in message) return this.#receiveRequest(id, method, params);
      return this.#notifications.get(method)?.(params);
    }
    if ("result" in message || "error" in message) return this.#settle(message);
    this.#refuse(id, ErrorCode.invalidRequest, "Cannot read message: no method");
  }

  #receiveRequest(id: Id | null, method: string, params: JsonValue): void {
    if (id === null) {
      return this.#refuse(null, ErrorCode.invalidRequest, "Cannot read request: bad id");
    }
    if (typeof params !== "object") {
      return this.#refuse(id, ErrorCode.invalidParams, "Cannot read request: bad params");
    }
    const handler = this.#requests.get(method);
    if (!handler) {
      const problem = `Cannot find method: ${method.slice(0, 80)}`;
      return this.#refuse(id, ErrorCode.methodNotFound, problem);
    }
    if (this.#open.has(id)) {
      const problem = `Cannot start request: id ${JSON.stringify(id)} is open`;
      return this.#refuse(id, ErrorCode.invalidRequest, problem);
    }
    if (this.#open.size >= Limits.openCalls) {
      const problem = `Cannot start request: ${Limits.openCalls} are open`;
      return this.#refuse(id, ErrorCode.tooLarge, problem);
    }
    this.#answer(id, handler, params);
  }

  async #answer(id: Id, handler: RequestHandler, params: JsonValue): Promise<void> {
    const controller = new AbortController();
    this.#open.set(id, controller);
    let text: string;
    try {
      text = toText({ id, result: await handler(params, { signal: controller.signal }) ?? null });
    } catch (error) {
      text = toText({ id, error: toWireError(error) });
    }
    if (this.#open.delete(id)) this.#reply(text);
  }

  /** `{ id, result | error }`: an answer. One for an id that isn't open is dropped: late, doubled or forged. */
  #settle(message: Envelope): void {
    const id = message["id"];
    const pending = typeof id === "number" ? this.#pending.get(id) : undefined;
    const error = message["error"] ?? null;
    if (error === null) pending?.resolve(message["result"] ?? null);
    else pending?.reject(toRpcError(error));
  }

  /** The other side gave up a request: its signal aborts, and it gets its one answer, an error. */
  #cancel(params: JsonValue): void {
    const id = isObject(params) ? idOf(params) : null;
    if (id === null) return;
    const reason = new RpcError(ErrorCode.cancelled, "Request cancelled by its sender");
    this.#open.get(id)?.abort(reason);
  }
}
