/** From `--model`, `--sub-model` and `--base-url` to models; nothing is sent. */
import { readOptional } from "../models/keys.ts";
import type { LanguageModel } from "../models/language_model.ts";
import { resolveModel } from "../models/resolve_model.ts";
import type { RunArguments } from "./arguments.ts";
import { UsageError } from "./usage_error.ts";

/** The models of a run; the sub-calls' is left out where it is the root's. */
export interface Models {
  readonly lm: LanguageModel;
  readonly subLm?: LanguageModel;
}

/** Makes the models. Throws {@linkcode UsageError} when none is named, `ModelError` when its key is missing. */
export function chooseModels(run: Pick<RunArguments, "model" | "subModel" | "baseUrl">): Models {
  const name = run.model ?? readOptional("RLM_MODEL");
  if (name === null) {
    throw new UsageError("no model: give --model openai/gpt-5 or another, or set RLM_MODEL");
  }
  const options = run.baseUrl === null ? {} : { baseUrl: run.baseUrl };
  const lm = resolveModel(name, options);
  return run.subModel === null ? { lm } : { lm, subLm: resolveModel(run.subModel, options) };
}
