/**
 * Stand-ins for a model and for Python, to test programs that use this package without cost or waiting.
 *
 * @example A run without a model and without Python
 * ```ts
 * import { RLM } from "@rlm/rlm";
 * import { cell, FakeSandbox, ScriptedModel } from "@rlm/rlm/testing";
 *
 * const rlm = new RLM("context, query -> answer: int", {
 *   lm: new ScriptedModel([cell("SUBMIT(answer=42)")]),
 *   sandbox: () => Promise.resolve(new FakeSandbox()),
 *   verify: false,
 * });
 * const { answer } = await rlm.run({ context: "…", query: "How many?" });
 * console.assert(answer === 42);
 * ```
 *
 * @module
 */
export {
  type FakeCell,
  type FakeGuest,
  type FakeResult,
  FakeSandbox,
  submitLiterals,
} from "./host/fake_sandbox.ts";
export {
  cell,
  type ReplyFunction,
  ScriptedModel,
  type ScriptedModelOptions,
  type ScriptedReply,
} from "./models/scripted.ts";
export type { Outcome, RecordedCall } from "./trace/recorded_call.ts";
export { ReplayModel } from "./models/replay.ts";
