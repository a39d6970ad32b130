/** Answers the guest's tool calls: finds the tool, decodes, runs it within its time, encodes what it gives. */
import {
  ErrorCode,
  type JsonValue,
  type ToolFailure,
  type ToolSpec,
} from "../../sandbox/protocol.ts";
import { RpcError } from "../../sandbox/rpc_peer.ts";
import { OpenArguments } from "./open_arguments.ts";
import type { Tool, ToolCallEvent } from "./sandbox.ts";

/** Characters of an error's message that the guest gets. */
const MESSAGE_CHARS = 8_000;

/** What answering needs of the session. */
export interface ToolCallsOptions {
  readonly tools: Readonly<Record<string, Tool>>;
  /** Milliseconds for a tool that names no time of its own. */
  readonly timeoutMs: number;
  /** Aborts what is still running when the execution ends. */
  readonly signal: AbortSignal;
  readonly onToolCall?: ((event: ToolCallEvent) => void) | undefined;
  decode(json: JsonValue): unknown;
  /** Encodes and sends large parts ahead. */
  encode(value: unknown): Promise<JsonValue>;
}

/** The tools of one execution; a sandbox that is leased to another run knows none of them. */
export class ToolCalls {
  readonly #options: ToolCallsOptions;
  readonly #tools: Map<string, Tool>;
  readonly #open = new OpenArguments();
  #calls = 0;

  constructor(options: ToolCallsOptions) {
    this.#options = options;
    this.#tools = new Map(Object.entries(options.tools));
  }

  /** The tools as the guest is told of them. */
  get specs(): ToolSpec[] {
    return [...this.#tools].map(([name, { description, parameters, concurrent }]) => ({
      name,
      description,
      parameters,
      concurrent: concurrent ?? false,
    }));
  }

  /** Answers one call; a failure is a wire error that names type and message and nothing else of the host. */
  async answer(name: JsonValue, args: JsonValue, signal: AbortSignal): Promise<JsonValue> {
    const tool = typeof name === "string" ? this.#tools.get(name) : undefined;
    if (typeof name !== "string" || !tool) {
      throw failure(
        new RangeError(`no tool of this cell is called ${JSON.stringify(name).slice(0, 80)}`),
      );
    }
    const callId = ++this.#calls;
    const startedAt = performance.now();
    const durationMs = () => performance.now() - startedAt;
    try {
      const decoded = toArguments(this.#options.decode(args));
      using _held = this.#open.hold(decoded);
      this.#options.onToolCall?.({ phase: "open", callId, name, args: decoded });
      const result = await this.#run(name, tool, decoded, signal);
      const value = await this.#options.encode(result === undefined ? null : result);
      this.#options.onToolCall?.({ phase: "done", callId, name, result, durationMs: durationMs() });
      return { value };
    } catch (error) {
      const wire = failure(error);
      this.#options.onToolCall?.({
        phase: "failed",
        callId,
        name,
        error: describe(error),
        durationMs: durationMs(),
      });
      throw wire;
    }
  }

  /** Runs a tool, which may never settle: its time, the execution's end and the guest's giving up all end the wait. */
  async #run(
    name: string,
    tool: Tool,
    args: Record<string, unknown>,
    caller: AbortSignal,
  ): Promise<unknown> {
    const timeoutMs = tool.timeoutMs ?? this.#options.timeoutMs;
    const ended = new AbortController();
    const { promise: givenUp, reject } = Promise.withResolvers<never>();
    const giveUp = (reason: unknown) => {
      reject(reason);
      ended.abort(reason);
    };
    // Written out, since `AbortSignal.any` and an error made ahead would cost more than the rest of a call.
    const onExecutionEnd = () => giveUp(this.#options.signal.reason);
    const onCallerGone = () => giveUp(caller.reason);
    const timer = setTimeout(() => giveUp(lateError(name, timeoutMs)), timeoutMs);
    this.#options.signal.addEventListener("abort", onExecutionEnd, { once: true });
    caller.addEventListener("abort", onCallerGone, { once: true });
    try {
      this.#options.signal.throwIfAborted();
      caller.throwIfAborted();
      const { signal } = ended;
      return await Promise.race([givenUp, Promise.resolve(tool.invoke(args, { signal }))]);
    } finally {
      clearTimeout(timer);
      this.#options.signal.removeEventListener("abort", onExecutionEnd);
      caller.removeEventListener("abort", onCallerGone);
    }
  }
}

function lateError(name: string, timeoutMs: number): DOMException {
  return new DOMException(`Tool ${name} took longer than ${timeoutMs} ms`, "TimeoutError");
}

function toArguments(decoded: unknown): Record<string, unknown> {
  if (
    typeof decoded === "object" && decoded !== null && !Array.isArray(decoded) &&
    !(decoded instanceof Map)
  ) {
    return { ...decoded };
  }
  throw new TypeError("arguments must be named");
}

/** What the guest may know of an error: its name and message, never its stack or what else it holds. */
function describe(error: unknown): ToolFailure {
  if (!(error instanceof Error)) return { type: "Error", message: plainText(error) };
  return { type: plainText(error.name), message: plainText(error.message) };
}

/** A thrown value as text, cut to what is worth reading; of objects and functions nothing is told. */
function plainText(value: unknown): string {
  const hidden = typeof value === "object" || typeof value === "function";
  return (hidden ? "no message" : String(value)).slice(0, MESSAGE_CHARS).toWellFormed();
}

function failure(error: unknown): RpcError {
  const { type, message } = describe(error);
  return new RpcError(ErrorCode.toolFailed, message, { type, message });
}
