/** Why a child that was started is not ready, and what to do about it. */
import { ErrorCode } from "../../sandbox/protocol.ts";
import { RpcError } from "../../sandbox/rpc_peer.ts";
import { SandboxStartError } from "../errors.ts";

/** What the advice depends on. */
interface StartOptions {
  readonly startTimeoutMs: number;
  readonly denoPath: string;
}

/** The error for a start that failed; `stderr` is the last that the child wrote there. */
export function startFailure(
  error: unknown,
  stderr: string,
  options: StartOptions,
): SandboxStartError {
  // A grant that can't be given is the caller's to change, and no failure of the start.
  if (error instanceof RpcError && error.code === ErrorCode.grantRefused) {
    return new SandboxStartError(error.message, { cause: error });
  }
  const said = stderr.trim().split("\n").slice(-3).join(" ");
  return new SandboxStartError(`Cannot start sandbox: ${describe(error, said, options)}`, {
    cause: error,
  });
}

function describe(error: unknown, said: string, options: StartOptions): string {
  const { startTimeoutMs, denoPath } = options;
  if (error instanceof DOMException && error.name === "TimeoutError") {
    const look = said === "" ? "" : `, or look at: ${said}`;
    return `not ready after ${startTimeoutMs} ms; raise startTimeoutMs${look}`;
  }
  const why = error instanceof Error ? error.message : String(error);
  // The guest itself says what is wrong with what it was given.
  if (error instanceof RpcError && error.code === ErrorCode.invalidParams) return why;
  const because = said === "" ? why : `${why}: ${said}`;
  return `${because}; check that ${denoPath} is Deno 2.7.12 or newer`;
}
