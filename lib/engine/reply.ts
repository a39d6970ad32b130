/**
 * Reads a model's reply: which code to run, what else was said, and what to answer when there is no code.
 *
 * The rule: all fences with a Python label run, in order, as one cell. Without any labelled fence the bare ones do.
 * Whatever is left out is named in a note, so nothing is skipped silently. Text outside fences never runs.
 */
import type { Completion, NativeToolCall } from "../models/language_model.ts";
import { type Fence, findFences } from "./fences.ts";
import { splitThinking } from "./thinking.ts";

/** A reply as the loop uses it. */
export interface Reply {
  /** The cell to run; empty when there is none. */
  readonly code: string;
  /** Everything that is not code: thinking first, then prose. */
  readonly reasoning: string;
  /** What the conversation keeps: the reply without its thinking, never empty. */
  readonly content: string;
  /** What to tell the model when there is no code to run; null when there is. */
  readonly problem: string | null;
  /** What was left out, in words for the model. */
  readonly notes: readonly string[];
}

/** The parts of a completion that a reply is read from. */
export type ReplySource = Pick<Completion, "text" | "reasoning" | "toolCalls" | "finishReason">;

const PYTHON_LABELS = new Set([
  "python",
  "py",
  "python3",
  "py3",
  "repl",
  "ipython",
  "tool_code",
]);

/** Reads a reply. Pure, and total: no reply makes it throw. */
export function parseReply(source: ReplySource): Reply {
  const raw = replyText(source.text).replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
  const spoken = splitThinking(raw);
  const { fences, prose } = findFences(spoken.text);
  const chosen = chooseFences(fences);
  const reasoning = [source.reasoning?.trim() ?? "", spoken.thinking, prose]
    .filter((part) => part !== "").join("\n\n");
  const said = spoken.text.trim();

  if (chosen.run.length === 0) {
    const carried = codeFromToolCalls(source.toolCalls);
    if (carried !== "") {
      const fence = "```python\n" + carried + "\n```";
      const content = said === "" ? fence : `${said}\n\n${fence}`;
      return { code: carried, reasoning, content, problem: null, notes: chosen.notes };
    }
  }
  const content = said === "" ? "(empty reply)" : said;
  const nothing = { code: "", reasoning, content, notes: [] };
  if (isCutOff(source, chosen.run)) return { ...nothing, problem: CUT_OFF };
  const code = chosen.run.map((fence) => fence.code).join("\n");
  if (code.trim() === "") return { ...nothing, problem: missingCode(source, fences, said) };
  return { code, reasoning, content, problem: null, notes: chosen.notes };
}

/** Reduces whatever a model implementation put in place of text to text. */
export function replyText(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(replyText).join("");
  if (typeof value !== "object" || value === null) return "";
  const part: { type?: unknown; text?: unknown; content?: unknown } = value;
  if (typeof part.type === "string" && /reasoning|thinking/.test(part.type)) return "";
  return replyText(part.text ?? part.content);
}

function chooseFences(
  fences: readonly Fence[],
): { run: readonly Fence[]; notes: readonly string[] } {
  const labelled = fences.filter((fence) => PYTHON_LABELS.has(fence.label));
  const bare = fences.filter((fence) => fence.label === "");
  const run = labelled.length > 0 ? labelled : bare;
  const notes = fences.filter((fence) => !run.includes(fence)).map((fence) =>
    fence.label === ""
      ? "A block without a label was not run, because another block is labelled python"
      : `A block labelled ${fence.label} was not run: only python blocks are`
  );
  if (run.length > 1) notes.push(`The ${run.length} python blocks ran in order as one cell`);
  return { run, notes };
}

/** Names of arguments under which models send code in a native tool call. */
const CODE_ARGUMENTS = ["code", "python", "source", "script", "input", "cell"];

/** The code that native tool calls carry, in order; empty when they carry none. */
function codeFromToolCalls(calls: readonly NativeToolCall[] | undefined): string {
  return (calls ?? []).map((call) => codeArgument(call.arguments)).filter((code) => code !== "")
    .join("\n");
}

function codeArgument(json: string): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    return "";
  }
  if (typeof parsed !== "object" || parsed === null) return "";
  const found = new Map(Object.entries(parsed));
  for (const name of CODE_ARGUMENTS) {
    const code: unknown = found.get(name);
    if (typeof code === "string" && code.trim() !== "") return code.replaceAll("\r\n", "\n");
  }
  return "";
}

function isCutOff(source: ReplySource, run: readonly Fence[]): boolean {
  return source.finishReason === "length" && run.some((fence) => !fence.closed);
}

const CUT_OFF =
  "Your reply was cut off at the output limit before the code ended, so nothing ran. " +
  "Write a shorter cell; keep long texts in variables";

const HOW = "Reply with one block that starts with ```python and ends with ```";

function missingCode(source: ReplySource, fences: readonly Fence[], said: string): string {
  const foreign = fences.map((fence) => fence.label).filter((label) => label !== "");
  if (foreign.length > 0) {
    return `Nothing ran: a block labelled ${
      foreign.join(", ")
    } is not executed here, only Python is. ${HOW}`;
  }
  if (source.toolCalls.length > 0) {
    const names = source.toolCalls.map((call) => call.name).join(", ");
    return `Nothing ran: the tool call ${names} carries no code. Call tools as Python functions. ${HOW}`;
  }
  if (source.finishReason === "length") {
    return `Nothing ran: your reply was cut off at the output limit before any code. Think less, then act. ${HOW}`;
  }
  if (said === "") return `Nothing ran: your reply was empty. ${HOW}`;
  return `Nothing ran: your reply has no Python block, and text alone is never taken as the answer. ${HOW}; ` +
    "to finish, call SUBMIT(...) in it";
}
