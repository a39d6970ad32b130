/** Extraction: one last call that takes the answer from what a run has found when no turn is left for it. */
import { SubmissionError, type SubmissionIssue } from "../errors.ts";
import type { Message } from "../models/language_model.ts";
import { gotText } from "./got_text.ts";
import { parseJsonReply } from "./json_text.ts";
import type { Outputs } from "./job.ts";
import { callModel } from "./model_call.ts";
import { isRecord } from "./schema.ts";
import { checkSubmission, describeIssue } from "./submission.ts";
import type { Workbench } from "./workbench.ts";

/** A reply as outputs, or what is wrong with it. */
type Read =
  | { readonly ok: true; readonly outputs: Outputs }
  | { readonly ok: false; readonly issues: readonly SubmissionIssue[] };

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
  const { run, signature } = bench;
  const question = lastQuestion(reason, signature.outputSchema);
  let messages = withQuestion(bench.conversation.messages, question);
  const ask = async (): Promise<{ text: string; read: Read }> => {
    const model = run.tree.models.root;
    const schema = signature.outputSchema;
    const { text } = await callModel(run, { model, role: "extract", messages, schema, signal });
    return { text, read: await readOutputs(bench, text) };
  };
  const first = await ask();
  if (first.read.ok) return first.read.outputs;
  const problem = first.read.issues.map(describeIssue).join("\n");
  messages = [...messages, { role: "assistant", content: first.text || "(empty reply)" }, {
    role: "user",
    content: `This does not fit:\n${problem}\nReply again with the JSON alone.`,
  }];
  const second = await ask();
  if (second.read.ok) return second.read.outputs;
  throw new SubmissionError(
    `take an answer from the run after ${reason}: two replies did not fit the outputs, ` +
      `the last because of ${second.read.issues.map(describeIssue).join("; ")}; ` +
      "give the run more turns or a simpler signature",
    second.read.issues,
  );
}

function lastQuestion(reason: string, schema: unknown): string {
  return `The run ends here: ${reason}. No more code runs. Give the best answer that what you have seen supports, ` +
    `as JSON alone, no other words, that fits this JSON Schema:\n${JSON.stringify(schema)}`;
}

/** Adds the question to the last message of the user's, so that roles go on taking turns. */
function withQuestion(messages: readonly Message[], question: string): readonly Message[] {
  const last = messages.at(-1);
  if (last?.role !== "user") return [...messages, { role: "user", content: question }];
  return [...messages.slice(0, -1), { role: "user", content: `${last.content}\n\n${question}` }];
}

async function readOutputs({ signature, check }: Workbench, text: string): Promise<Read> {
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
