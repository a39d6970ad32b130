/** Gives what a recorded call came to, in place of asking a model. */
import { ModelError, type ModelErrorCode } from "../errors.ts";
import type { RlmEvent } from "./events.ts";
import type { RecordedCall } from "./recorded_call.ts";
import type { Completion, CompletionRequest } from "../models/language_model.ts";

/** Resolves to the recorded reply, or rejects with the recorded failure. */
export function recordedAnswer(
  { outcome, request: { model } }: RecordedCall,
  request: CompletionRequest,
): Promise<Completion> {
  switch (outcome.kind) {
    case "reply":
      request.onDelta?.(outcome.completion.text);
      // Without attempts a reply counts as taken from a cache, and costs nothing.
      return Promise.resolve(
        outcome.cached ? { ...outcome.completion, attempts: 0 } : outcome.completion,
      );
    case "error":
      return Promise.reject(recordedError(outcome.event, model));
    case "open":
      return aborted(request.signal);
  }
}

/** A call that was given up gave no answer: as then, only giving up ends it. */
function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function recordedError(
  { error, attempts, spent }: RlmEvent & { readonly type: "model_error" },
  model: string,
): ModelError {
  return new ModelError(error.message, {
    // Events hold the code of the `ModelError` that they were made from.
    code: error.code as ModelErrorCode,
    model,
    attempts,
    spent: spent ?? null,
    ...(error.status === null ? {} : { status: error.status }),
  });
}
