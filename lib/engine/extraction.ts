/** Extraction: one last call that takes the answer from what a run has found when no turn is left for it. */
import { SubmissionError } from "../errors.ts";
import type { Message } from "../models/language_model.ts";
import { askForAnswer } from "./answer_call.ts";
import type { Outputs } from "./job.ts";
import { jsonRequest } from "./prompt.ts";
import { describeIssue } from "./submission.ts";
import type { Workbench } from "./workbench.ts";

/**
 * Asks for the answer as JSON, over the whole conversation, and once more with what was wrong.
 *
 * @throws {SubmissionError} when neither reply passes the check that `SUBMIT` would make
 */
export async function extract(
  bench: Workbench,
  reason: string,
  signal: AbortSignal,
): Promise<Outputs> {
  const { run, signature, conversation } = bench;
  const question = `The run ends here: ${reason}. No more code runs. ` +
    `Give the best answer that what you have seen supports. ${jsonRequest(signature.outputSchema)}`;
  const messages = withQuestion(conversation.messages, question);
  const answer = await askForAnswer(run, bench, { role: "extract", messages, signal });
  if (answer.ok) return answer.outputs;
  throw new SubmissionError(
    `take an answer from the run after ${reason}: two replies did not fit the outputs, ` +
      `the last because of ${answer.issues.map(describeIssue).join("; ")}; ` +
      "give the run more turns or a simpler signature",
    answer.issues,
  );
}

/** Adds the question to the last message of the user's, so that roles go on taking turns. */
function withQuestion(messages: readonly Message[], question: string): readonly Message[] {
  const last = messages.at(-1);
  if (last?.role !== "user") return [...messages, { role: "user", content: question }];
  return [...messages.slice(0, -1), { role: "user", content: `${last.content}\n\n${question}` }];
}
