/** ProviderWatch: ends a run whose sub-calls all fail for a reason that no turn of the model's could mend. */
import { ModelError, type RlmError } from "../errors.ts";
import type { LanguageModel } from "../models/language_model.ts";

/** Failures that have nothing to do with the prompt. */
const PROVIDER_FAILURES: ReadonlySet<string> = new Set([
  "unreachable",
  "timeout",
  "auth",
  "quota",
  "not_found",
  "rate_limit",
  "overloaded",
  "server_error",
  "config",
  "replay",
]);

/** Those of them that another try cannot mend. */
const NEVER_MENDED: ReadonlySet<string> = new Set([
  "auth",
  "quota",
  "not_found",
  "config",
  "replay",
]);

/** So many failures of a provider in a row, each after its own retries, end the run. */
const MOST_FAILURES = 20;

/** Counts how the models of sub-calls do. */
export class ProviderWatch {
  readonly #fail: (error: RlmError) => void;
  readonly #records = new Map<LanguageModel, { answers: number; failuresInARow: number }>();

  /** `fail` ends the run with the provider's error. */
  constructor(fail: (error: RlmError) => void) {
    this.#fail = fail;
  }

  /** Notes that a model answered. */
  answered(model: LanguageModel): void {
    const record = this.#recordOf(model);
    record.answers++;
    record.failuresInARow = 0;
  }

  /** Notes that a call failed. */
  failed(model: LanguageModel, error: unknown): void {
    if (!(error instanceof ModelError) || !PROVIDER_FAILURES.has(error.code)) return;
    const record = this.#recordOf(model);
    record.failuresInARow++;
    const hopeless = record.answers === 0 && NEVER_MENDED.has(error.code);
    if (hopeless || record.failuresInARow >= MOST_FAILURES) this.#fail(error);
  }

  #recordOf(model: LanguageModel) {
    const record = this.#records.get(model) ?? { answers: 0, failuresInARow: 0 };
    this.#records.set(model, record);
    return record;
  }
}
