/** The model of every contestant: a server on loopback that answers at once, each in the words that it expects. */
import {
  OpenAIServer,
  type RecordedRequest,
  type ServerReply,
} from "../../fixtures/openai_server.ts";

/** Milliseconds that a sub-call takes. */
export const SUB_CALL_MS = 100;

/** How each peer is given a cell, and how a cell hands an answer in. */
const DIALECTS: Readonly<Record<string, { cell: (code: string) => string; submit: string }>> = {
  rlm: { cell: (code) => fenced("python", code), submit: "SUBMIT(answer='done')" },
  dspy: {
    cell: (code) =>
      `[[ ## reasoning ## ]]\nNext.\n\n[[ ## code ## ]]\n${
        fenced("python", code)
      }\n\n[[ ## completed ## ]]`,
    submit: "SUBMIT('done')",
  },
  rlms: {
    cell: (code) => fenced("repl", code),
    submit: "answer['content'] = 'done'\nanswer['ready'] = True",
  },
  fast: { cell: (code) => fenced("repl", code), submit: "FINAL('done')" },
};

/** Starts the server. A model's name says what it is: `sub`, or `root DIALECT SCRIPT`. */
export function startModels(): OpenAIServer {
  return new OpenAIServer(answer);
}

/** Answers from the request alone, so that runs may go on together: printed lines tell which turn it is. */
function answer({ body }: RecordedRequest): ServerReply {
  const [kind = "", dialect = "", script = "", size = "1"] = String(body.model).split(" ");
  if (kind === "sub") return { text: "yes", delayMs: SUB_CALL_MS };
  const { cell, submit } = DIALECTS[dialect] ?? { cell: (code) => code, submit: "" };
  const done = Array.from(JSON.stringify(body.messages).matchAll(/turn (\d+) done/g), turnOf);
  const turn = Math.max(0, ...done) + 1;
  if (script === "turns" && turn < Number(size)) {
    return { text: cell(`found = context.count("fox")\nprint("turn", ${turn}, "done", found)`) };
  }
  if (script === "asks" && turn === 1) {
    const prompts = `[f"passage {n}" for n in range(${size})]`;
    return {
      text: cell(`replies = llm_query_batched(${prompts})\nprint("turn", 1, "done", len(replies))`),
    };
  }
  return { text: cell(submit) };
}

function turnOf(match: RegExpMatchArray): number {
  return Number(match[1]);
}

function fenced(label: string, code: string): string {
  return `\`\`\`${label}\n${code}\n\`\`\``;
}

/** What the requests of one run tell. */
export interface Conversation {
  /** Median milliseconds from one root request to the next: all that a turn adds to the model's own time. */
  readonly turn: number;
  /** Characters of the last root request's messages. */
  readonly characters: number;
  /** The least share of a root request that the next one repeats from its beginning, in percent. */
  readonly prefix: number;
}

/** Reads the root model's requests of one run; null when there were fewer than three. */
export function conversationOf(requests: readonly RecordedRequest[]): Conversation | null {
  const root = requests.filter(({ body }) => String(body.model).startsWith("root"));
  if (root.length < 3) return null;
  const texts = root.map(({ body }) => textOfMessages(body.messages));
  const gaps = root.slice(1).map(({ at }, index) => at - (root[index]?.at ?? NaN)).toSorted((
    a,
    b,
  ) => a - b);
  const shares = texts.slice(1).map((text, index) => sharedPrefix(texts[index] ?? "", text));
  return {
    turn: gaps[Math.floor(gaps.length / 2)] ?? NaN,
    characters: texts.at(-1)?.length ?? NaN,
    prefix: 100 * Math.min(...shares),
  };
}

function textOfMessages(messages: unknown): string {
  if (!Array.isArray(messages)) return "";
  return messages.map((message: unknown) => {
    if (typeof message !== "object" || message === null) return "";
    const content: unknown = Reflect.get(message, "content");
    return typeof content === "string" ? content : JSON.stringify(content);
  }).join("\n");
}

function sharedPrefix(text: string, next: string): number {
  let length = 0;
  while (length < text.length && text[length] === next[length]) length++;
  return length / text.length;
}
