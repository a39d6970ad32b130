/** What it means that a guest was lost: which errors say so, and how the next cell tells what came back. */
import { ErrorCode } from "../../sandbox/protocol.ts";
import { RpcError } from "../../sandbox/rpc_peer.ts";
import { SandboxError } from "../errors.ts";
import type { Restored } from "./sandbox.ts";

/** Whether the guest is gone, as opposed to having refused something. */
export function isLoss(error: unknown): error is Error {
  return error instanceof SandboxError ||
    (error instanceof RpcError &&
      (error.code === ErrorCode.internalError || error.code === ErrorCode.wrongState));
}

/** What the guest refused, as the caller gets it. */
export function refusal(error: unknown): unknown {
  if (!(error instanceof RpcError)) return error;
  return new SandboxError(`Cannot run cell: ${error.message}`, { cause: error });
}

/** The line that tells a cell what it can still rely on. */
export function restoredNote({ from, back, gone }: Restored): string {
  const list = (names: readonly string[]) =>
    names.length === 0 ? "none" : names.slice(0, 40).join(", ");
  const what = from === "variables"
    ? "The sandbox was restored; as native code of a package had been loaded, only variables that can be saved by themselves are back"
    : `The sandbox had been lost and was restored from ${from}: back`;
  return `${what}: ${list(back)}; gone: ${list(gone)}`;
}
