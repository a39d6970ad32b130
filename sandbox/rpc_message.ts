/** What a JSON-RPC message is as text, and what of the other side's text may be believed. */
import { ErrorCode, type JsonValue, Limits } from "./protocol.ts";

/** The members of a message. */
export type Envelope = { [key: string]: JsonValue };

/** What matches an answer to its request. */
export type Id = number | string;

/** Characters of an id that is text. */
const ID_CHARS = 200;
/** Characters of an error's message, and of its data as JSON, that are worth sending. */
const ERROR_CHARS = 64 * 1024;

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

/** A message as JSON text; throws when the other side would refuse it for its size. */
export function toText(message: Envelope): string {
  const text = JSON.stringify({ jsonrpc: "2.0", ...message });
  // A character is at most three bytes, so most texts need not be measured.
  if (text.length * 3 <= Limits.messageBytes) return text;
  const { length } = new TextEncoder().encode(text);
  if (length <= Limits.messageBytes) return text;
  throw new RpcError(
    ErrorCode.tooLarge,
    `Cannot send message: ${length} bytes, limit ${Limits.messageBytes}`,
  );
}

/** What a handler threw, as the other side gets it: never more than it may take, whatever was thrown. */
export function toWireError(error: unknown): Envelope {
  const said = error instanceof Error ? error.message : error;
  const message = typeof said === "string" ? said.slice(0, ERROR_CHARS) : "Request failed";
  if (!(error instanceof RpcError)) return { code: ErrorCode.internalError, message };
  const { code, data } = error;
  return data === null || JSON.stringify(data).length > ERROR_CHARS
    ? { code, message }
    : { code, message, data };
}

/** The other side's error, of which any member may be missing or of the wrong type. */
export function toRpcError(error: JsonValue): RpcError {
  const { code, message, data } = isObject(error) ? error : {};
  return new RpcError(
    typeof code === "number" ? code : ErrorCode.internalError,
    typeof message === "string" ? message : "Request failed: no reason given",
    data ?? null,
  );
}

/** The value of a JSON text, or undefined when it is none. */
export function parseMessage(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a value of the wire has members. */
export function isObject(value: JsonValue | undefined): value is Envelope {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The id to put in a reply: the message's own where it has a valid one, no longer than an id needs to be. */
export function idOf(message: Envelope): Id | null {
  const id = message["id"];
  if (typeof id === "string") return id.length <= ID_CHARS ? id : null;
  return typeof id === "number" && Number.isFinite(id) ? id : null;
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
