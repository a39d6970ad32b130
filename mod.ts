/**
 * Recursive Language Models for Deno: ask a question about an input far larger than a model's window.
 *
 * The input is a variable in a Python REPL inside a locked-down subprocess. The model never sees it; turn by turn
 * it writes Python, reads what was printed, asks other models about passages, and hands in a typed answer.
 *
 * @example A run with a model that is scripted, and so needs no key
 * ```ts
 * import { RLM } from "@rlm/rlm";
 * import { cell, ScriptedModel } from "@rlm/rlm/testing";
 *
 * const lm = new ScriptedModel([
 *   cell("print(context.count('whale'))", "How often is it there?"),
 *   cell("SUBMIT(answer=context.count('whale'))"),
 * ]);
 * const rlm = new RLM("context, query -> answer: int", { lm });
 * const result = await rlm.run({ context: "a whale, ".repeat(1000), query: "How many whales?" });
 * console.assert(result.answer === 1000 && result.stopReason === "submitted");
 * ```
 *
 * @module
 */
export { type BatchItem, type BatchOptions, type BatchProgress } from "./lib/engine/batch.ts";
export { type Profile, type ProfileName, PROFILES } from "./lib/engine/profile.ts";
export { type Session } from "./lib/engine/session.ts";
export { type LoopOptions } from "./lib/engine/settings.ts";
export {
  type Checked,
  type CheckedSignature,
  type Field,
  type FieldCheck,
  type FieldOptions,
  type FieldSpec,
  type FieldsSpec,
  type FieldWords,
  type InferInputs,
  type InferOutputs,
  type InferParameters,
  normalizeSignature,
  parseSignature,
  type Signature,
  type SignatureMistake,
  type SignatureObject,
  type SignatureSpec,
  type StandardIssue,
  type StandardProps,
  type StandardResult,
  type StandardSchema,
} from "./lib/engine/signature.ts";
export { tool, type ToolOptions } from "./lib/engine/tool.ts";
export {
  type BudgetCap,
  BudgetError,
  JournalError,
  ModelError,
  type ModelErrorCode,
  ProtocolError,
  RlmError,
  type RunSoFar,
  SandboxError,
  type SandboxLossReason,
  SandboxLostError,
  SandboxStartError,
  SignatureError,
  SubmissionError,
  type SubmissionIssue,
  type TokenSpending,
} from "./lib/errors.ts";
export {
  type Cell,
  ErrorValue,
  type JsonSchema,
  type Sandbox,
  type SandboxBackend,
  type SandboxFactory,
  type SandboxOptions,
  type Tool,
  type ToolContext,
  type WorkerBackend,
} from "./lib/host/sandbox.ts";
export { type CachedCompletion, CachedModel, type CacheOptions } from "./lib/models/cache.ts";
export { type CompletionStore, FolderStore, MemoryStore } from "./lib/models/cache_store.ts";
export { FallbackModel, type FallbackOptions } from "./lib/models/fallback.ts";
export {
  type Completion,
  type CompletionRequest,
  type FinishReason,
  type LanguageModel,
  type Message,
  type NativeToolCall,
  type RetryNotice,
  type TokenUsage,
} from "./lib/models/language_model.ts";
export { OpenAIModel } from "./lib/models/openai.ts";
export { type OpenAIClient, type OpenAIModelOptions } from "./lib/models/openai_options.ts";
export {
  type PricedRequest,
  type PriceFunction,
  priceTable,
  type Rates,
} from "./lib/models/prices.ts";
export {
  type ModelSource,
  resolveModel,
  type ResolveModelOptions,
} from "./lib/models/resolve_model.ts";
export { type BaseUrlVariable, type Provider } from "./lib/models/providers.ts";
export { type RetryPolicy } from "./lib/models/retry.ts";
export { estimateTokens } from "./lib/tokens.ts";
export { RLM } from "./lib/rlm.ts";
export type {
  RlmBatchOptions,
  RlmOptions,
  RlmResult,
  RunOptions,
  RunRecord,
} from "./lib/rlm_options.ts";
export { type RlmState, type SavedOptions } from "./lib/rlm_state.ts";
export {
  type EventHead,
  type EventListener,
  type InputSummary,
  type RlmEvent,
} from "./lib/trace/events.ts";
export { type JournalHeader } from "./lib/trace/journal_format.ts";
export {
  type JournalContent,
  type JournalEntry,
  type LoadInputs,
  readJournal,
  type ReadOptions,
  streamJournal,
} from "./lib/trace/journal_reader.ts";
export { trajectoryOf } from "./lib/trace/trajectory_of.ts";
export { usageOf } from "./lib/trace/usage.ts";
export type {
  CallRole,
  StopReason,
  SubCall,
  Turn,
  Usage,
  UsageRow,
} from "./lib/trace/trajectory.ts";
