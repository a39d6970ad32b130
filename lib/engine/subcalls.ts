/** Sub-calls: what a cell does when it asks a model, `llm_query` and `llm_query_batched`. */
import { ModelError, RlmError, SubmissionError } from "../errors.ts";
import { ErrorValue } from "../host/sandbox.ts";
import type { Completion } from "../models/language_model.ts";
import { abortable } from "../abort.ts";
import { forGuest } from "./guest_error.ts";
import { type GuestCall, type GuestFunction, pythonError } from "./guest_function.ts";
import { callModel, reuseReply } from "./model_call.ts";
import { ProviderWatch } from "./provider_watch.ts";
import { type Question, readQuestion, readQuestions, withMessages } from "./question.ts";
import { readTypedReply } from "./typed_reply.ts";
import type { Run } from "./run_tree.ts";
import { splitThinking } from "./thinking.ts";

/** A reply, and whether nothing was sent for it. */
interface Answered {
  readonly completion: Completion;
  readonly cached: boolean;
}

const PROMPT = { type: "string", description: "The question together with the text it is about" };
const OPTIONS = {
  model: { type: ["string", "null"], default: null, description: "Alias of another model" },
  schema: {
    type: ["object", "string", "null"],
    default: null,
    description: "JSON Schema of the reply, or a Python type such as 'list[str]'",
  },
};

/** Makes the functions by which the cells of a run ask models. */
export function subCallFunctions(run: Run): Record<string, GuestFunction> {
  const calls = new SubCalls(run);
  return {
    llm_query: {
      description:
        "Asks another model and returns its reply: text, or data when a schema is given.",
      parameters: {
        type: "object",
        properties: { prompt: PROMPT, ...OPTIONS },
        required: ["prompt"],
        additionalProperties: false,
      },
      concurrent: true,
      call: (args, call) => calls.ask(args, call),
    },
    llm_query_batched: {
      description:
        "Asks many prompts at once and returns the replies in their order; a failed one is an error value.",
      parameters: {
        type: "object",
        properties: { prompts: { type: "array", items: PROMPT }, ...OPTIONS },
        required: ["prompts"],
        additionalProperties: false,
      },
      call: (args, call) => calls.askAll(args, call),
    },
  };
}

/** The sub-calls of one run. */
class SubCalls {
  readonly #run: Run;
  readonly #watch: ProviderWatch;

  constructor(run: Run) {
    this.#run = run;
    this.#watch = new ProviderWatch(run.tree.fail);
  }

  /** `llm_query`: raises what goes wrong. */
  async ask(args: Readonly<Record<string, unknown>>, call: GuestCall): Promise<unknown> {
    const question = readQuestion(this.#run.tree, args.prompt, args);
    return await this.#answer(question, call, this.#charge([question]).has(question));
  }

  /** `llm_query_batched`: what goes wrong with a prompt stays in its place; a batch over the limit sends nothing. */
  async askAll(args: Readonly<Record<string, unknown>>, call: GuestCall): Promise<unknown[]> {
    if (!Array.isArray(args.prompts)) {
      throw pythonError(
        "TypeError",
        `llm_query_batched: prompts must be a list of str, got ${typeof args.prompts}`,
      );
    }
    const questions = readQuestions(this.#run.tree, args.prompts, args);
    const charged = this.#charge(questions);
    const replies: unknown[] = new Array(questions.length);
    const waiting = questions.entries();
    // Questions beyond what may be open at once need no promise and no listener of their own yet.
    const worker = async () => {
      for (const [at, question] of waiting) {
        replies[at] = await this.#answerOrError(question, call, charged.delete(question));
      }
    };
    const workers = Math.min(questions.length, this.#run.tree.slots.places);
    try {
      await Promise.all(Array.from({ length: workers }, worker));
    } finally {
      // What a batch that was given up has not come to costs nothing.
      this.#run.tree.budget.refund(charged.size);
      charged.clear();
    }
    return replies;
  }

  async #answerOrError(
    question: Question,
    call: GuestCall,
    isCharged: boolean,
  ): Promise<unknown> {
    try {
      return await this.#answer(question, call, isCharged);
    } catch (error) {
      if (call.signal.aborted || !(error instanceof RlmError)) throw error;
      return new ErrorValue(error.name, error.message);
    }
  }

  /** Charges the questions that will be sent, all or none, and gives these: of identical ones the first. */
  #charge(questions: readonly Question[]): Set<Question> {
    const { memo, budget } = this.#run.tree;
    const known = new Set<string>();
    const toSend = memo === null ? questions : questions.filter(({ key }) => {
      const isNew = !memo.has(key) && !known.has(key);
      known.add(key);
      return isNew;
    });
    budget.charge(toSend.length);
    return new Set(toSend);
  }

  /** Answers a question; `isCharged` says that its first call is paid for. */
  async #answer(question: Question, call: GuestCall, isCharged: boolean): Promise<unknown> {
    const started = performance.now();
    const record = (reply: { chars: number; cached: boolean; error: string | null }) =>
      this.#run.subCalls.push({
        callId: call.callId,
        kind: "llm_query",
        model: question.model.name,
        promptChars: question.prompt.length,
        replyChars: reply.chars,
        cached: reply.cached,
        error: reply.error,
        durationMs: performance.now() - started,
      });
    try {
      const { completion, cached, value } = await this.#converse(question, call, isCharged);
      record({ chars: completion.text.length, cached, error: null });
      return value;
    } catch (error) {
      record({
        chars: 0,
        cached: false,
        error: error instanceof Error ? error.message : String(error),
      });
      throw error instanceof Error ? forGuest(error, question.model.name) : error;
    }
  }

  /** Asks, and where the reply must have a type and has not, asks once more with the reason. */
  async #converse(
    question: Question,
    call: GuestCall,
    isCharged: boolean,
  ): Promise<Answered & { readonly value: unknown }> {
    const { messages, type, model } = question;
    const first = await this.#send(question, call, isCharged);
    const { text } = first.completion;
    if (type === null) return { ...first, value: this.#textOf(first.completion, question) };
    const read = await readTypedReply(type, text);
    if (read.ok) return { ...first, value: read.value };
    const again = withMessages(this.#run.tree, question, [
      ...messages,
      { role: "assistant", content: text || "(empty reply)" },
      { role: "user", content: `${read.problem}\nReply again with the JSON alone.` },
    ]);
    const second = await this.#send(again, call, false);
    const reread = await readTypedReply(type, second.completion.text);
    if (reread.ok) return { ...second, value: reread.value };
    throw new SubmissionError(
      `ask ${model.name}: the reply did not fit the schema twice. ${reread.problem}`,
      reread.issues,
    );
  }

  /** Takes the reply of an identical call, or sends this one and charges it where that is not done. */
  async #send(
    { model, messages, type, key }: Question,
    { signal, callId }: GuestCall,
    isCharged: boolean,
  ): Promise<Answered> {
    const run = this.#run;
    const { memo, budget } = run.tree;
    const schema = type?.schema ?? null;
    const call = { model, messages, schema, role: "sub", parentCallId: callId, signal } as const;
    let shared = memo?.get(key);
    const mustCharge = shared !== undefined || !isCharged;
    // Another call has sent the same since this one was charged.
    if (shared !== undefined && isCharged) budget.refund(1);
    while (shared !== undefined) {
      const completion = await abortable(shared, signal);
      if (completion !== null) {
        return { completion: reuseReply(run, call, completion), cached: true };
      }
      // Whoever sent it was ended meanwhile: one of those who still wait sends it again.
      shared = memo?.get(key);
    }
    if (mustCharge) budget.charge(1);
    const reply = callModel(run, call);
    memo?.set(key, reply, signal);
    try {
      const completion = await reply;
      this.#watch.answered(model);
      return { completion, cached: completion.attempts === 0 };
    } catch (error) {
      this.#watch.failed(model, error);
      throw error;
    }
  }

  #textOf(completion: Completion, question: Question): string {
    const text = splitThinking(completion.text).text.trim();
    if (completion.finishReason === "length") {
      this.#run.notes.push(
        "A reply of llm_query was cut off at the model's output limit; ask for less in one prompt",
      );
    }
    if (text !== "") return text;
    const refused = completion.finishReason === "refusal" ||
      completion.finishReason === "content_filter";
    throw new ModelError(
      `ask ${question.model.name}: the reply was ${refused ? "refused" : "empty"}`,
      {
        code: refused ? "refusal" : "empty",
        model: question.model.name,
      },
    );
  }
}
