/** The answer to a tool call as the text that Python reads. */
import { ErrorCode, type JsonValue } from "./protocol.ts";
import { RpcError } from "./rpc_peer.ts";

/** `{ value }`, or `{ error: { type, message } }`, which Python raises with its own classes. Never rejects. */
export async function answerText(answer: () => Promise<JsonValue>): Promise<string> {
  try {
    return JSON.stringify(await answer());
  } catch (error) {
    if (error instanceof RpcError && error.code === ErrorCode.toolFailed) {
      return JSON.stringify({ error: error.data });
    }
    const message = error instanceof Error ? error.message : String(error);
    return JSON.stringify({ error: { type: "RuntimeError", message } });
  }
}
