/** The model of every contestant: a server on loopback that answers at once, each in the words that it expects. */
import {
  OpenAIServer,
  type RecordedRequest,
  type ServerReply,
} from "../../fixtures/openai_server.ts";
import { spreadOf } from "../measure.ts";

/** Milliseconds that a sub-call takes. */
export const SUB_CALL_MS = 100;

/** How a peer is given a cell, how a cell hands an answer in, and how it asks many questions. */
interface Dialect {
  readonly cell: (code: string) => string;
  readonly submit: string;
  /** Default: `llm_query_batched` of the prompts. */
  readonly batch?: (prompts: string) => string;
}

/** All dialects. */
const DIALECTS: Readonly<Record<string, Dialect>> = {
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
  fast: {
    cell: (code) => fenced("repl", code),
    submit: "FINAL('done')",
    batch: (prompts) => `await batch_llm_query([llm_query(prompt) for prompt in ${prompts}])`,
  },
};

/** The server. A model's name says what it is: `sub`, or `root DIALECT SCRIPT`. */
export class Models implements AsyncDisposable {
  /** Called once when a run's last turn is asked for, before that is answered. */
  onLastTurn: (() => Promise<void>) | null = null;
  readonly #server = new OpenAIServer((request) => this.#answer(request));

  /** What models are asked at. */
  get baseUrl(): string {
    return this.#server.baseUrl;
  }

  /** All requests since this was last emptied. */
  get requests(): RecordedRequest[] {
    return this.#server.requests;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }

  /** Answers from the request alone, so that runs may go on together: printed lines tell which turn it is. */
  async #answer({ body }: RecordedRequest): Promise<ServerReply> {
    const [kind = "", dialect = "", script = "", size = "1"] = String(body.model).split(" ");
    const { cell, submit, batch } = DIALECTS[dialect] ?? PLAIN;
    // A sub-call of fast-rlm is an agent of its own, which answers by a cell.
    if (kind === "sub") {
      return { text: dialect === "fast" ? cell("FINAL('yes')") : "yes", delayMs: SUB_CALL_MS };
    }
    const done = Array.from(JSON.stringify(body.messages).matchAll(/turn (\d+) done/g), turnOf);
    const turn = Math.max(0, ...done) + 1;
    if (script === "turns" && turn < Number(size)) {
      return { text: cell(`found = context.count("fox")\nprint("turn", ${turn}, "done", found)`) };
    }
    if (script === "asks" && turn === 1) {
      const prompts = `[f"passage {n}" for n in range(${size})]`;
      const replies = batch?.(prompts) ?? `llm_query_batched(${prompts})`;
      return { text: cell(`replies = ${replies}\nprint("turn", 1, "done", len(replies))`) };
    }
    const { onLastTurn } = this;
    this.onLastTurn = null;
    await onLastTurn?.();
    return { text: cell(submit) };
  }
}

const PLAIN: Dialect = { cell: (code) => code, submit: "" };

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
  /** Milliseconds from the first root request to the second. */
  readonly asking: number;
  /** Characters of the first root request's messages. */
  readonly characters: number;
  /** Characters that each later one has more than the one before, on average. */
  readonly growth: number;
  /** The least share of a root request that the next one repeats from its beginning, in percent. */
  readonly prefix: number;
}

/** Reads the root model's requests of one run; null when there was only one. */
export function conversationOf(requests: readonly RecordedRequest[]): Conversation | null {
  const root = requests.filter(({ body }) => String(body.model).startsWith("root"));
  if (root.length < 2) return null;
  const texts = root.map(({ body }) => textOfMessages(body.messages));
  const gaps = root.slice(1).map(({ at }, index) => at - (root[index]?.at ?? NaN));
  const shares = texts.slice(1).map((text, index) => sharedPrefix(texts[index] ?? "", text));
  const lengths = texts.map(({ length }) => length);
  const first = lengths[0] ?? NaN;
  return {
    turn: spreadOf(gaps).median,
    asking: gaps[0] ?? NaN,
    characters: first,
    growth: ((lengths.at(-1) ?? NaN) - first) / (lengths.length - 1),
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
