/** Puts a streamed chat completion together, passing its text on as it comes. */
import { countOf, fieldOf, isRecord, itemsOf, textOf } from "./json.ts";
import { RequestFailure } from "./failure.ts";
import { failureOf } from "./openai_failure.ts";
import { notACompletion, readMessage, readUsage } from "./openai_reply.ts";
import { estimateTokens } from "../tokens.ts";

/** Where the pieces go, and what they answer. */
export interface StreamListener {
  /** Any piece came, also one without text. */
  readonly heard: () => void;
  readonly onDelta: (text: string) => void;
  /** Estimates the tokens of the request, for streams that break before the provider counts them. */
  readonly estimateInput: () => number;
}

/** A streamed message so far. */
interface Collected {
  text: string;
  reasoning: string;
  refusal: string;
  readonly toolCalls: Map<number, { name: string; arguments: string }>;
  finishReason: string;
  model: string;
  usage: unknown;
  hasChoice: boolean;
}

/**
 * Collects a stream into a body as it would have come unstreamed.
 *
 * @throws {RequestFailure} `cut_off` when the stream ends before the provider said why the model stopped;
 * its usage then is an estimate of the tokens that came.
 */
export async function collectStream(
  chunks: AsyncIterable<unknown>,
  listener: StreamListener,
): Promise<unknown> {
  const collected: Collected = {
    text: "",
    reasoning: "",
    refusal: "",
    toolCalls: new Map(),
    finishReason: "",
    model: "",
    usage: null,
    hasChoice: false,
  };
  try {
    for await (const chunk of chunks) {
      listener.heard();
      const text = addChunk(collected, chunk);
      if (text !== "") listener.onDelta(text);
    }
  } catch (error) {
    if (error instanceof RequestFailure) throw error;
    // Everything has come once the usage is here: a clumsy end does no harm then.
    if (collected.finishReason === "" || collected.usage === null) {
      throw broken(collected, listener, error);
    }
  }
  if (collected.hasChoice && collected.finishReason === "") throw broken(collected, listener);
  return bodyOf(collected);
}

/** Adds one chunk; returns the text in it. */
function addChunk(collected: Collected, chunk: unknown): string {
  if (!isRecord(chunk)) throw notACompletion(textOf(chunk));
  collected.model = textOf(chunk.model) || collected.model;
  collected.usage = chunk.usage ?? collected.usage;
  const choice = itemsOf(chunk.choices).find((each) => (fieldOf(each, "index") ?? 0) === 0);
  if (choice === undefined) return "";
  collected.hasChoice = true;
  collected.finishReason = textOf(fieldOf(choice, "finish_reason")) || collected.finishReason;
  const delta = fieldOf(choice, "delta") ?? fieldOf(choice, "message");
  const { text, reasoning, refusal } = readMessage(delta);
  collected.text += text;
  collected.reasoning += reasoning;
  collected.refusal += refusal;
  for (const call of itemsOf(fieldOf(delta, "tool_calls"))) addToolCall(collected, call);
  return text;
}

/** Adds a piece of a tool call to the call that its index names. */
function addToolCall({ toolCalls }: Collected, piece: unknown): void {
  const index = countOf(fieldOf(piece, "index")) ?? toolCalls.size;
  const call = toolCalls.get(index) ?? { name: "", arguments: "" };
  call.name += textOf(fieldOf(piece, "function", "name"));
  call.arguments += textOf(fieldOf(piece, "function", "arguments"));
  toolCalls.set(index, call);
}

/** The body that the provider would have sent unstreamed. */
function bodyOf(collected: Collected): unknown {
  const { text, reasoning, refusal, toolCalls, finishReason, model, usage, hasChoice } = collected;
  const message = {
    content: text,
    reasoning_content: reasoning || null,
    refusal: refusal || null,
    tool_calls: [...toolCalls.values()].map((call) => ({ function: call })),
  };
  return { model, usage, choices: hasChoice ? [{ message, finish_reason: finishReason }] : [] };
}

/** A stream that broke: what the server reported in it, or that it was cut off. What came was billed. */
function broken(
  collected: Collected,
  { estimateInput }: StreamListener,
  cause?: unknown,
): RequestFailure {
  const came = collected.text + collected.reasoning;
  const usage = readUsage(collected.usage) ?? (came === "" ? null : readUsage({
    prompt_tokens: estimateInput(),
    completion_tokens: estimateTokens(came),
  }));
  if (fieldOf(cause, "error")) return new RequestFailure({ ...failureOf(cause).failure, usage });
  const seen = `the stream broke off after ${came.length} characters`;
  return new RequestFailure({ code: "cut_off", status: 200, seen, retryable: true, usage });
}
