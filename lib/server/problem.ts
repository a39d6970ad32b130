/** Problems: what a client is told when it does not get what it asked for, as RFC 9457 has it. */
import { BudgetError, ModelError, SandboxError, SubmissionError } from "../errors.ts";
import type { RunDocument } from "./run_document.ts";

/** What is wrong, as a word that a client's code can branch on. */
export type ProblemCode =
  | "bad_json"
  | "bad_request"
  | "unauthorized"
  | "foreign_origin"
  | "not_found"
  | "method_not_allowed"
  | "too_slow"
  | "aborted"
  | "too_large"
  | "unsupported_media_type"
  | "unknown_host"
  | "bad_inputs"
  | "bad_caps"
  | "over_budget"
  | "internal"
  | "sandbox_failed"
  | "model_failed"
  | "no_valid_answer"
  | "too_many_runs"
  | "too_many_bodies"
  | "too_many_streams"
  | "closing";

/** The status of each problem, and the words that HTTP has for it. */
const STATUS: Readonly<Record<ProblemCode, readonly [status: number, title: string]>> = {
  bad_json: [400, "Bad Request"],
  bad_request: [400, "Bad Request"],
  unauthorized: [401, "Unauthorized"],
  foreign_origin: [403, "Forbidden"],
  not_found: [404, "Not Found"],
  method_not_allowed: [405, "Method Not Allowed"],
  too_slow: [408, "Request Timeout"],
  aborted: [409, "Conflict"],
  too_large: [413, "Content Too Large"],
  unsupported_media_type: [415, "Unsupported Media Type"],
  unknown_host: [421, "Misdirected Request"],
  bad_inputs: [422, "Unprocessable Content"],
  bad_caps: [422, "Unprocessable Content"],
  over_budget: [422, "Unprocessable Content"],
  internal: [500, "Internal Server Error"],
  sandbox_failed: [500, "Internal Server Error"],
  model_failed: [502, "Bad Gateway"],
  no_valid_answer: [502, "Bad Gateway"],
  too_many_runs: [503, "Service Unavailable"],
  too_many_bodies: [503, "Service Unavailable"],
  too_many_streams: [503, "Service Unavailable"],
  closing: [503, "Service Unavailable"],
};

/** A problem on its way to the client. Its message is for the client's eyes. */
export class Problem extends Error {
  override name = "Problem";
  readonly code: ProblemCode;
  readonly headers: Readonly<Record<string, string>>;
  constructor(code: ProblemCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.headers = headers;
  }

  /** The response; `run` is the run that it is about, with what it had found. */
  response(run?: RunDocument): Response {
    const [status, title] = STATUS[this.code];
    const body = { type: "about:blank", title, status, code: this.code, detail: this.message };
    return new Response(JSON.stringify(run === undefined ? body : { ...body, run }), {
      status,
      headers: { "content-type": "application/problem+json", ...this.headers },
    });
  }
}

/**
 * What a client may know of an error. Messages that are made of the task and its caps are passed on; others may name
 * folders, addresses and accounts of the host, and are replaced.
 */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof BudgetError) return new Problem("over_budget", error.message);
  if (error instanceof SubmissionError) return new Problem("no_valid_answer", error.message);
  if (error instanceof ModelError) {
    return new Problem("model_failed", modelFailure(error.code, error.status));
  }
  if (error instanceof SandboxError) {
    return new Problem("sandbox_failed", "run a cell: the sandbox failed; try again later");
  }
  return new Problem("internal", "answer the request: something failed inside the server");
}

/** What is said of a failed model call: neither who serves the model nor what it said. */
export function modelFailure(code: string, status: number | null): string {
  const seen = status === null ? code : `${code}, status ${status}`;
  return `ask the model: it did not answer (${seen}); try again later`;
}
