/** What a chat completion of the OpenAI protocol asks for, as the inputs of a run. */
import { isRecord } from "../engine/schema.ts";
import type { Served } from "./handler_options.ts";
import { type BodyLimits, readJsonBody } from "./json_body.ts";
import { Problem } from "./problem.ts";
import { checkAgainst, type RunRequest } from "./run_request.ts";

/** A message of a conversation; parts that are texts are put together. */
export interface ChatMessage {
  /** Who says it, such as `system`, `user` or `assistant`. */
  readonly role: string;
  /** What is said. */
  readonly content: string;
}

/** Makes the inputs of a run from a conversation of at least one message. */
export type ChatInputs = (messages: readonly ChatMessage[]) => Readonly<Record<string, unknown>>;

/** A run that was asked for as a chat. */
export interface ChatRequest extends RunRequest {
  readonly stream: boolean;
  /** Tell of tokens at the end of a stream. */
  readonly includeUsage: boolean;
}

/** A last message of more characters is taken for material with a question in it. */
const LONGEST_QUESTION = 4_000;

/** Reads the body; throws a problem for what an RLM cannot do. Sampling and other fields are left to the server. */
export async function readChatRequest(
  request: Request,
  served: Served,
  options: BodyLimits & { readonly inputsOf: ChatInputs },
): Promise<ChatRequest> {
  const body = await readJsonBody(request, options);
  if (!isRecord(body) || !Array.isArray(body.messages) || body.messages.length === 0) {
    throw bad('expected {"messages": […]} with a message at least');
  }
  if (body.n !== undefined && body.n !== null && body.n !== 1) throw bad("n is not 1");
  if (Array.isArray(body.tools) && body.tools.length > 0) throw bad("tools are not supported");
  const inputs = options.inputsOf(body.messages.map(readMessage));
  await checkAgainst(served, inputs);
  return {
    inputs,
    caps: {},
    stream: body.stream === true,
    includeUsage: isRecord(body.stream_options) && body.stream_options.include_usage === true,
  };
}

/**
 * A conversation as `context`, with its last message as `query`. A long one is part of the context, as it will hold
 * the material; its end, where questions mostly stand, is shown again.
 */
export function conversationInputs(messages: readonly ChatMessage[]): Record<string, string> {
  const last = messages.at(-1)?.content ?? "";
  if (last.length <= LONGEST_QUESTION) {
    return { context: transcript(messages.slice(0, -1)), query: last };
  }
  const end = last.slice(-LONGEST_QUESTION / 2).toWellFormed();
  const query =
    `Do what the last message of the conversation in \`context\` asks. It ends:\n\n…${end}`;
  return { context: transcript(messages), query };
}

function transcript(messages: readonly ChatMessage[]): string {
  return messages.map(({ role, content }) => `[${role}]\n${content}`).join("\n\n");
}

function readMessage(message: unknown, index: number): ChatMessage {
  if (!isRecord(message) || typeof message.role !== "string") {
    throw bad(`message ${index} has no role`);
  }
  const { role, content } = message;
  if (typeof content === "string") return { role, content };
  if (!Array.isArray(content)) throw bad(`message ${index} has no content`);
  const texts = content.map((part: unknown) => {
    if (isRecord(part) && part.type === "text" && typeof part.text === "string") return part.text;
    throw bad(`message ${index} has a part that is no text`);
  });
  return { role, content: texts.join("") };
}

function bad(what: string): Problem {
  return new Problem("bad_inputs", `read the body: ${what}`);
}
