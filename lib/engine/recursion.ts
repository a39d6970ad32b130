/** Recursion: `rlm_query` gives a sub-problem to a child run with a REPL of its own. */
import { RlmError } from "../errors.ts";
import { ErrorValue } from "../host/sandbox.ts";
import { gotText } from "./got_text.ts";
import { forGuest } from "./guest_error.ts";
import { type GuestCall, type GuestFunction, pythonError } from "./guest_function.ts";
import type { Job, Outcome } from "./job.ts";
import { Run } from "./run_tree.ts";
import { Semaphore } from "./semaphore.ts";
import type { Settings } from "./settings.ts";
import { normalizeSignature, type Signature } from "./signature.ts";
import { isRecord } from "./schema.ts";

/** Children of one run that are at work at once; each has a process of its own. */
const MOST_CHILDREN = 4;

const CONTEXT = {
  default: null,
  description: "What the child works on; it is the variable `context` there",
};

const OPTIONS = {
  schema: {
    type: ["object", "string", "null"],
    default: null,
    description: "JSON Schema of the answer, or a Python type such as 'list[str]'; text without it",
  },
  tools: {
    type: ["array", "null"],
    items: { type: "string" },
    default: null,
    description: "Names of your tools that the child may call; none without it",
  },
  instructions: { type: ["string", "null"], default: null, description: "How to go about it" },
};

/** Whether the depth allows a run to start children. */
export function mayStartChildren(run: Run, settings: Settings): boolean {
  return run.depth + 1 < settings.maxDepth;
}

/** Makes the functions that start child runs; where the depth forbids them they say so. */
export function childRunFunctions(run: Run, job: Job): Record<string, GuestFunction> {
  const children = new Children(run, job);
  const ask: GuestFunction = {
    description:
      "Has a child with a REPL of its own solve a sub-problem, and returns its answer or an error value.",
    parameters: {
      type: "object",
      properties: { query: { type: "string" }, context: CONTEXT, ...OPTIONS },
      required: ["query"],
      additionalProperties: false,
    },
    concurrent: true,
    call: (args, call) => children.ask(args, call),
  };
  const askAll: GuestFunction = {
    description:
      "Has children solve sub-problems at the same time, and returns their answers in order.",
    parameters: {
      type: "object",
      properties: {
        queries: { type: "array", items: { type: "string" } },
        contexts: { type: ["array", "null"], default: null, description: "One for each query" },
        ...OPTIONS,
      },
      required: ["queries"],
      additionalProperties: false,
    },
    call: (args, call) => children.askAll(args, call),
  };
  return { rlm_query: ask, rlm_query_batched: askAll, recursive_llm: ask };
}

/** The children of one run. */
class Children {
  readonly #run: Run;
  readonly #job: Job;
  readonly #places = new Semaphore(MOST_CHILDREN);
  #count = 0;

  constructor(run: Run, job: Job) {
    this.#run = run;
    this.#job = job;
  }

  /** `rlm_query`: a child's failure comes back as a value, so that one of many does not spoil the rest. */
  async ask(args: Readonly<Record<string, unknown>>, call: GuestCall): Promise<unknown> {
    const { maxDepth } = this.#job.settings;
    if (!mayStartChildren(this.#run, this.#job.settings)) {
      throw pythonError(
        "RuntimeError",
        `rlm_query: children are not allowed at this depth (maxDepth is ${maxDepth}); ` +
          "solve it here in Python, with llm_query for the reading",
      );
    }
    const job = this.#childJob(args);
    const started = performance.now();
    const record = (replyChars: number, error: string | null) =>
      this.#run.subCalls.push({
        callId: call.callId,
        kind: "rlm_query",
        model: this.#run.tree.models.root.name,
        promptChars: job.settings.instructions.length,
        replyChars,
        cached: false,
        error,
        durationMs: performance.now() - started,
      });
    try {
      const { outputs, stopReason, stoppedBy } = await this.#perform(job, call);
      if (stopReason !== "submitted") {
        this.#run.notes.push(
          `A child of rlm_query did not finish (${
            stoppedBy ?? "it went in circles"
          }); its answer is its best guess`,
        );
      }
      record(String(outputs.answer).length, null);
      return outputs.answer;
    } catch (error) {
      if (call.signal.aborted || !(error instanceof RlmError)) throw error;
      record(0, error.message);
      const { name, message } = forGuest(error, this.#run.tree.models.root.name);
      return new ErrorValue(name, message);
    }
  }

  /** `rlm_query_batched`: one child for each query, with the context at the same place. */
  async askAll(args: Readonly<Record<string, unknown>>, call: GuestCall): Promise<unknown[]> {
    const { queries, contexts = null, ...options } = args;
    if (!Array.isArray(queries)) {
      throw pythonError(
        "TypeError",
        `rlm_query_batched: queries must be a list of str, got ${gotText(queries)}`,
      );
    }
    if (contexts !== null && !(Array.isArray(contexts) && contexts.length === queries.length)) {
      throw pythonError(
        "ValueError",
        `rlm_query_batched: contexts must be a list of ${queries.length}, one for each query, got ${
          gotText(contexts)
        }`,
      );
    }
    return await Promise.all(queries.map((query: unknown, at) => {
      const context: unknown = contexts === null ? null : contexts[at];
      return this.ask({ ...options, query, context }, call);
    }));
  }

  async #perform(job: Job, call: GuestCall): Promise<Outcome> {
    const signal = AbortSignal.any([call.signal, this.#run.signal]);
    return await this.#places.run(() => {
      const child = new Run(this.#run.tree, {
        id: `${this.#run.id}.${++this.#count}`,
        signal,
        lastSignal: signal,
        above: { run: this.#run, callId: call.callId },
      });
      return this.#run.tree.perform(child, job);
    }, signal);
  }

  /** What the child gets: only what was passed, and the parent's way of working. */
  #childJob(args: Readonly<Record<string, unknown>>): Job {
    const { query, context = null, schema, tools, instructions } = args;
    if (typeof query !== "string" || query.trim() === "") {
      throw pythonError("ValueError", "rlm_query: query is empty; say what is to be found out");
    }
    const task = [query, typeof instructions === "string" ? instructions : ""];
    return {
      signature: childSignature(schema ?? "str", context !== null),
      settings: {
        ...this.#job.settings,
        // Who asks for a child wants code to be run; for reading there is llm_query.
        directTokens: null,
        instructions: task.filter((text) => text.trim() !== "").join("\n\n"),
      },
      inputs: context === null ? {} : { context },
      tools: this.#chooseTools(tools),
      check: null,
      grants: this.#job.grants,
      hashInputs: false,
      kept: null,
      cautions: [],
    };
  }

  #chooseTools(names: unknown): Job["tools"] {
    if (names === null || names === undefined) return {};
    const chosen = Array.isArray(names) ? names : [names];
    return Object.fromEntries(chosen.map((name) => {
      const found = Object.entries(this.#job.tools).find(([known]) => known === name);
      if (found !== undefined) return found;
      const known = Object.keys(this.#job.tools).join(", ") || "none";
      throw pythonError(
        "ValueError",
        `rlm_query: tool ${JSON.stringify(name)} is not known; tools: ${known}`,
      );
    }));
  }
}

function childSignature(schema: unknown, hasContext: boolean): Signature {
  if (typeof schema !== "string" && !isRecord(schema)) {
    throw pythonError(
      "TypeError",
      "rlm_query: schema must be a dict with a JSON Schema, or a type such as 'list[str]'",
    );
  }
  try {
    return normalizeSignature({
      inputs: hasContext ? { context: "Any" } : {},
      outputs: { answer: schema },
    });
  } catch (error) {
    if (!(error instanceof RlmError || error instanceof TypeError)) throw error;
    throw pythonError("ValueError", `rlm_query: the schema cannot be used: ${error.message}`);
  }
}
