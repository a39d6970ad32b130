/** A model that answers from the recording of its run as long as that lasts, and then asks the real one. */
import { describeDifference } from "../trace/difference.ts";
import { recordedAnswer } from "../trace/recorded_answer.ts";
import type { Completion, CompletionRequest, LanguageModel } from "../models/language_model.ts";
import type { Resumption } from "./resume.ts";

/** Puts the recording before a model; all else about it stays. */
export function resumedModel(
  live: LanguageModel,
  resumption: Resumption,
  role: "root" | "sub",
): LanguageModel {
  const { name, identity, caution } = live;
  return {
    name,
    get contextWindow() {
      return resumption.windowOf(live, role);
    },
    ...(identity === undefined ? {} : { identity }),
    ...(caution === undefined ? {} : { caution }),
    ...(live.price === undefined
      ? {}
      : { price: (usage) => live.price?.(usage) ?? Promise.resolve(null) }),
    complete: (request) => complete(live, request, resumption),
  };
}

async function complete(
  live: LanguageModel,
  request: CompletionRequest,
  resumption: Resumption,
): Promise<Completion> {
  request.signal?.throwIfAborted();
  resumption.check();
  const call = resumption.calls.take(request, live.name);
  // A call that failed or hung when the run stopped is made again: nothing builds on how it ended.
  if (call !== null && (call.outcome.kind === "reply" || call.final)) {
    return await recordedAnswer(call, request);
  }
  if (call === null && resumption.isRetelling) {
    resumption.diverge(describeDifference(request, resumption.calls));
  }
  await resumption.goLive();
  return await live.complete(request);
}
