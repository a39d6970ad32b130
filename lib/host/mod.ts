/**
 * Run Python that a model wrote, in a Deno subprocess without permissions. Usable without any model.
 *
 * ```ts
 * import { createSandbox } from "@rlm/rlm/sandbox";
 *
 * await using sandbox = await createSandbox();
 * const cell = await sandbox.execute("sum(range(10))");
 * console.log(cell.value); // 45
 * ```
 *
 * @module
 */
export { createSandbox, restoreSandbox } from "./create_sandbox.ts";
export { type LeaseOptions, SandboxPool, type SandboxPoolOptions } from "./pool.ts";
export { ErrorValue } from "./sandbox.ts";
export type {
  Cell,
  CellError,
  CellStatus,
  ExecuteOptions,
  JsonSchema,
  Restored,
  Sandbox,
  SandboxBackend,
  SandboxFactory,
  SandboxOptions,
  SubmitField,
  Tool,
  ToolCallEvent,
  ToolContext,
  WorkerBackend,
} from "./sandbox.ts";
export {
  ProtocolError,
  SandboxError,
  type SandboxLossReason,
  SandboxLostError,
  SandboxStartError,
} from "../errors.ts";
