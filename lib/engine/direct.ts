/** The direct route: small inputs are asked about whole, in one call, and no sandbox is started for them. */
import { BudgetError, ModelError, type ModelErrorCode } from "../errors.ts";
import { isLargerThan } from "../trace/value_size.ts";
import { askForAnswer } from "./answer_call.ts";
import type { Job, Outputs } from "./job.ts";
import { directMessages } from "./prompt.ts";
import type { Run } from "./run_tree.ts";
import { describeIssue } from "./submission.ts";
import { estimateTokens } from "../tokens.ts";

/** Inputs that are small enough, as a model reads them. */
interface SmallInputs {
  readonly texts: Readonly<Record<string, string>>;
  readonly tokens: number;
}

/** Inputs with more characters than this for each token that is allowed are not worth an estimate. */
const MOST_CHARS_PER_TOKEN = 16;

/** Failures of a prompt that has the inputs in it; one that has only glimpses of them may well succeed. */
const FAULTS_OF_THE_PROMPT: readonly ModelErrorCode[] = [
  "context_length",
  "content_filter",
  "refusal",
];

/** Answers from the inputs in one call, and a repair; null when the run is to take turns, from the start or after all. */
export async function answerDirectly(run: Run, job: Job): Promise<Outputs | null> {
  const { signature, settings, inputs } = job;
  const small = smallInputs(job);
  if (small === null) return null;
  const { texts, tokens } = small;
  run.emit({ type: "direct", tokens, allowed: settings.directTokens ?? 0 });
  const messages = directMessages({
    signature,
    instructions: settings.instructions,
    inputs,
    texts,
  });
  let problem: string;
  try {
    const answer = await askForAnswer(run, job, { role: "direct", messages, signal: run.signal });
    if (answer.ok) return answer.outputs;
    problem = `two replies did not fit the outputs, ${answer.issues.map(describeIssue).join("; ")}`;
  } catch (error) {
    if (run.signal.aborted || !isOfThePrompt(error)) throw error;
    problem = error.message;
  }
  run.emit({ type: "warning", message: `asked directly: ${problem}; the run goes on with Python` });
  return null;
}

/** The inputs, when they are allowed to be asked about directly. */
function smallInputs({ settings, inputs, tools, grants, kept }: Job): SmallInputs | null {
  const { directTokens } = settings;
  const needsCells = Object.keys(tools).length > 0 || grants.length > 0 || kept !== null;
  if (directTokens === null || needsCells) return null;
  if (isLargerThan(inputs, directTokens * MOST_CHARS_PER_TOKEN)) return null;
  const texts: Record<string, string> = {};
  let tokens = 0;
  for (const [name, value] of Object.entries(inputs)) {
    const text = readable(value);
    if (text === null) return null;
    texts[name] = text;
    tokens += estimateTokens(text);
  }
  return tokens <= directTokens ? { texts, tokens } : null;
}

/** A text as it is, plain data as JSON, null for what has no such form. */
function readable(value: unknown): string | null {
  if (typeof value === "string") return value;
  return isPlainData(value) ? JSON.stringify(value) : null;
}

function isPlainData(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (Array.isArray(value)) return value.every(isPlainData);
  if (typeof value !== "object") return false;
  const prototype = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) &&
    Object.values(value).every(isPlainData);
}

function isOfThePrompt(error: unknown): error is BudgetError | ModelError {
  return error instanceof BudgetError ||
    error instanceof ModelError && FAULTS_OF_THE_PROMPT.includes(error.code);
}
