/** Bridge: everything of JavaScript that Python can reach, and what each call becomes on the wire. */
import { type JsonValue, Limits } from "./protocol.ts";
import type { RpcPeer } from "./rpc_peer.ts";
import { answerText } from "./tool_answer.ts";
import type { WaitingCaller } from "./waiting_call.ts";

/** Python's `js.rlm`. */
export interface GuestBridge {
  /** `ToolCallParams` as JSON in; `{ value }` or `{ error: { type, message } }` as JSON out. Never rejects. */
  readonly call: (text: string) => Promise<string>;
  /** The same for a caller beside whom nothing else could run: the answer itself, where the thread could wait for it. */
  readonly wait: (text: string) => string | Promise<string>;
  /** Gives up every open call, so that no stack of a finished cell stays suspended. */
  readonly cancel: () => void;
  /** A request to a host as JSON in, with its body; the answer or `{ error: { type, message } }` as JSON out. Never rejects. */
  readonly fetch: (text: string, body?: PythonBuffer) => Promise<string>;
  /** Passes printed text on. */
  readonly output: (stream: string, text: string) => void;
  /** Sends a large value ahead of the message that names it by the returned id. */
  readonly send_blob: (buffer: PythonBuffer) => number;
}

/** Names of the bridge's functions, for saving and reviving references to them. */
export const BRIDGE_KEYS = ["call", "wait", "cancel", "fetch", "output", "send_blob"] as const;

/** A Python object with the buffer protocol, as Pyodide shows it. */
interface PythonBuffer {
  getBuffer(type: "u8"): { readonly data: Uint8Array; release(): void };
}

/** Makes the bridge. It is frozen and has no prototype: there is nothing to walk to from it. */
export function createBridge(
  peer: () => RpcPeer,
  { waiting, executionId }: { waiting: WaitingCaller; executionId: () => string },
): GuestBridge {
  let nextBlob = 1;
  let open = new AbortController();
  const bridge: GuestBridge = {
    call: (text) => callTool(peer(), text, open.signal),
    // With another request open, its answer may let another stack go on.
    wait: (text) => peer().waits ? callTool(peer(), text, open.signal) : waiting.call(peer(), text),
    cancel: () => {
      open.abort(new Error("the cell has ended"));
      open = new AbortController();
    },
    fetch: (text, body) =>
      fetchUrl(peer(), { text, body, executionId: executionId() }, open.signal),
    output: (stream, text) =>
      peer().notify("output", {
        executionId: executionId(),
        stream: String(stream),
        text: String(text),
      }),
    send_blob: (buffer) => {
      const id = nextBlob++;
      const view = buffer.getBuffer("u8");
      try {
        sendBlob(peer(), id, view.data);
      } finally {
        view.release();
      }
      return id;
    },
  };
  for (const key of BRIDGE_KEYS) Object.setPrototypeOf(bridge[key], null);
  return Object.freeze(Object.assign(Object.create(null), bridge));
}

/** Sends a tool call; its failure is part of the answer. */
function callTool(peer: RpcPeer, text: string, signal: AbortSignal): Promise<string> {
  return answerText(() => peer.request("tool/call", JSON.parse(text), { signal }));
}

/** Has the gateway send a request; what Python gets is its answer, or why there is none. */
async function fetchUrl(
  peer: RpcPeer,
  { text, body, executionId }: {
    text: string;
    body: PythonBuffer | undefined;
    executionId: string;
  },
  signal: AbortSignal,
): Promise<string> {
  try {
    const content = body === undefined ? null : toBase64(body);
    const params: JsonValue = { ...JSON.parse(text), body: content, executionId };
    return JSON.stringify(await peer.request("net/fetch", params, { signal }));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return JSON.stringify({ error: { type: "ConnectionError", message } });
  }
}

function toBase64(buffer: PythonBuffer): string {
  const view = buffer.getBuffer("u8");
  try {
    return view.data.toBase64();
  } finally {
    view.release();
  }
}

/** Copies a value out of Python's memory in pieces; the copy is done when this returns. */
function sendBlob(peer: RpcPeer, blob: number, data: Uint8Array): void {
  const total = data.length;
  for (let offset = 0; offset === 0 || offset < total; offset += Limits.chunkBytes) {
    peer.sendChunk({
      blob,
      type: "bytes",
      offset,
      total,
      bytes: data.slice(offset, offset + Limits.chunkBytes),
    });
  }
}
