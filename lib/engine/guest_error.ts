/** What a cell is told of a model call that failed: where the model is served is the host's own affair. */
import { ModelError, type ModelErrorCode, RlmError } from "../errors.ts";

/** What a cell can do about a failure; for all others there is nothing but time. */
const ADVICE: Partial<Record<ModelErrorCode, string>> = {
  bad_request: "change the prompt or the schema",
  content_filter: "change the prompt",
  context_length: "send less text in one prompt",
  refusal: "change the prompt",
};

/** The error for the cell, in other words where its own name an address; the host's stays as its cause. */
export function forGuest(error: Error, model: string): Error {
  if (!/\bhttps?:\/\//i.test(error.message)) return error;
  if (error instanceof ModelError) {
    const { code, status, retryable, attempts, spent } = error;
    const seen = status === null ? code : `${code}, status ${status}`;
    const advice = ADVICE[code] ?? "go on without it, or ask again later";
    return new ModelError(`ask ${error.model}: it did not answer (${seen}); ${advice}`, {
      ...{ code, model: error.model, retryable, attempts, spent, cause: error },
      ...(status === null ? {} : { status }),
    });
  }
  // The others of ours speak of the task, in which there may be any address.
  if (error instanceof RlmError) return error;
  const hidden = new Error(`ask ${model}: it failed`, { cause: error });
  hidden.name = error.name;
  return hidden;
}
