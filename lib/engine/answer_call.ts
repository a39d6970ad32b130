/** An answer in the model's own words: asked for as JSON, checked as `SUBMIT` would, and asked for once more when it does not fit. */
import type { SubmissionIssue } from "../errors.ts";
import { abortable } from "../abort.ts";
import { gotText } from "./got_text.ts";
import type { Job, Outputs } from "./job.ts";
import { parseJsonReply } from "./json_text.ts";
import { callModel, type ModelCall } from "./model_call.ts";
import type { Run } from "./run_tree.ts";
import { isRecord } from "./schema.ts";
import { checkSubmission, describeIssue } from "./submission.ts";

/** Outputs that passed the check, or what is wrong with the last reply. */
export type Answer =
  | { readonly ok: true; readonly outputs: Outputs }
  | { readonly ok: false; readonly issues: readonly SubmissionIssue[] };

/** What an answer is checked against. */
type Check = Pick<Job, "signature" | "check">;

/** Asks the root model, and once more with what was wrong. */
export async function askForAnswer(
  run: Run,
  against: Check,
  call: Pick<ModelCall, "role" | "messages" | "signal">,
): Promise<Answer> {
  const ask = async (messages: ModelCall["messages"]) => {
    const schema = against.signature.outputSchema;
    const model = run.tree.models.root;
    const { text } = await callModel(run, { ...call, model, messages, schema });
    return { text, answer: await abortable(readAnswer(against, text), call.signal) };
  };
  const { text, answer } = await ask(call.messages);
  if (answer.ok) return answer;
  const problem = answer.issues.map(describeIssue).join("\n");
  const second = await ask([
    ...call.messages,
    { role: "assistant", content: text || "(empty reply)" },
    { role: "user", content: `This does not fit:\n${problem}\nReply again with the JSON alone.` },
  ]);
  return second.answer;
}

async function readAnswer({ signature, check }: Check, text: string): Promise<Answer> {
  const parsed = parseJsonReply(text);
  if (!parsed.ok || !isRecord(parsed.value)) {
    const wanted = parsed.ok ? "a JSON object" : `a JSON object (${parsed.reason})`;
    return {
      ok: false,
      issues: [{ path: "", wanted, got: gotText(parsed.ok ? parsed.value : text) }],
    };
  }
  return await checkSubmission(signature, parsed.value, {
    json: true,
    ...(check === null ? {} : { check }),
  });
}
