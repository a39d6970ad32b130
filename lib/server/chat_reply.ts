/** A run as a chat completion of the OpenAI protocol: whole, as a stream, or as an error. */
import { answerText } from "../trace/plain_json.ts";
import type { Usage } from "../trace/trajectory.ts";
import type { EventFormat } from "./event_stream.ts";
import type { Problem } from "./problem.ts";
import { jsonResponse } from "./response.ts";
import type { RunDocument } from "./run_document.ts";
import type { ServedRun } from "./served_run.ts";

/** What the model of a chat is called. */
const MODEL = "rlm";

/** The list of models, of which there is one. */
export function modelList(): Response {
  const model = { id: MODEL, object: "model", created: 0, owned_by: MODEL };
  return jsonResponse({ object: "list", data: [model] });
}

/** A problem in the protocol's form. */
export function chatProblem(problem: Problem): Response {
  const { status, headers } = problem.response();
  const kept = Object.fromEntries([...headers].filter(([name]) => name !== "content-type"));
  return jsonResponse({ error: errorOf(problem) }, { status, headers: kept });
}

/** The completion of a run that has ended with an answer. */
export function chatCompletion(run: RunDocument): Response {
  const message = { role: "assistant", content: answerText(run.answer ?? {}), refusal: null };
  return jsonResponse({
    ...headOf(run.id, run.startedAt, "chat.completion"),
    choices: [{ index: 0, message, logprobs: null, finish_reason: "stop" }],
    usage: usageOf(run.usage),
  });
}

/**
 * Writes a run's events as chunks: what it thinks and the cells that it runs as `reasoning_content`, as other models'
 * servers do, and the answer as content.
 */
export function chatChunks(
  run: ServedRun,
  { includeUsage }: { readonly includeUsage: boolean },
): EventFormat {
  const head = headOf(run.id, run.document().startedAt, "chat.completion.chunk");
  const chunk = (delta: unknown, finish_reason: "stop" | null = null) =>
    data({ ...head, choices: [{ index: 0, delta, finish_reason }] });
  const end = () => {
    const { answer, usage } = run.document();
    if (run.problem !== null) return data({ error: errorOf(run.problem) });
    const used = includeUsage ? data({ ...head, choices: [], usage: usageOf(usage) }) : "";
    return chunk({ content: answerText(answer ?? {}) }) + chunk({}, "stop") + used;
  };
  return ({ text }) => {
    const event = JSON.parse(text);
    if (event.type === "result") return `${end()}data: [DONE]\n\n`;
    if (event.runId !== run.id) return "";
    if (event.type === "run_start") return chunk({ role: "assistant", content: "" });
    if (event.type !== "cell_start") return "";
    return chunk({
      reasoning_content: `${event.reasoning}\n\n\`\`\`python\n${event.code}\n\`\`\`\n\n`,
    });
  };
}

function headOf(id: string, startedAt: string, object: string) {
  const created = Math.floor(Date.parse(startedAt) / 1000);
  return { id: `chatcmpl-${id}`, object, created, model: MODEL };
}

function errorOf({ code, message }: Problem) {
  return { message, type: code, code, param: null };
}

/** Tokens of all models together, in the protocol's names. */
function usageOf({ inputTokens, cachedTokens, outputTokens, reasoningTokens }: Usage) {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
    completion_tokens_details: { reasoning_tokens: reasoningTokens },
  };
}

function data(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}
