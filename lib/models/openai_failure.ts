/** Reads whatever the client library threw: an answered error, a broken connection, silence. */
import { SilenceError } from "./deadline.ts";
import { RequestFailure } from "./failure.ts";
import { httpFailure, reportedFailure } from "./http_failure.ts";
import { textOf } from "./json.ts";

/** The parts that the client library's errors, of any version, have in common. */
interface ErrorLike {
  readonly status?: unknown;
  readonly headers?: unknown;
  readonly error?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
  readonly name?: unknown;
}

/** Reads anything that a request threw. */
export function failureOf(thrown: unknown): RequestFailure {
  if (thrown instanceof RequestFailure) return thrown;
  if (thrown instanceof SilenceError) {
    return new RequestFailure({ code: "timeout", seen: thrown.message, retryable: true });
  }
  const error: ErrorLike = typeof thrown === "object" && thrown !== null ? thrown : {};
  if (typeof error.status === "number") {
    return httpFailure(error.status, error.error, {
      headers: error.headers instanceof Headers ? error.headers : null,
      message: textOf(error.message),
    });
  }
  if (error.error !== undefined && error.error !== null) return reportedFailure(error.error);
  return connectionFailure(thrown);
}

/** Reads a failure without any answer: refused, unknown host, no permission, broken off. */
function connectionFailure(thrown: unknown): RequestFailure {
  const chain = causes(thrown);
  const denied = chain.find((error) => error.name === "NotCapable");
  // Deno's advice leaves the host out; the remedy names it.
  if (denied !== undefined) {
    const seen = denied.message.replace(/, run again with the --allow-net flag$/, "");
    return new RequestFailure({ code: "config", seen });
  }
  if (chain.some((error) => error.constructor.name === "APIConnectionTimeoutError")) {
    return new RequestFailure({ code: "timeout", seen: "request timed out", retryable: true });
  }
  const told = chain.filter((error) => error.message !== "Connection error.").map(readable);
  if (chain.some((error) => error.constructor.name === "APIConnectionError" || isNetwork(error))) {
    const seen = told.at(-1) ?? "no connection";
    return new RequestFailure({ code: "unreachable", seen, retryable: true });
  }
  return new RequestFailure({ code: "unknown", seen: told.at(-1) ?? String(thrown) });
}

/** An error and what caused it, outermost first. */
function causes(thrown: unknown): Error[] {
  const chain: Error[] = [];
  for (let error = thrown; error instanceof Error && chain.length < 8; error = error.cause) {
    chain.push(error);
  }
  return chain;
}

function isNetwork(error: Error): boolean {
  return error instanceof TypeError && /send|connect|fetch|network|body/i.test(error.message);
}

/**
 * A network error's message without the address, which may hold a secret and is told elsewhere, and without the names of
 * the layers that it came through.
 */
function readable(error: Error): string {
  return error.message.replace(/ ?(?:for|from) url \([^)]*\)/g, "")
    .replace(/^error sending request: (?:client error \(\w+\): )?(?:tcp connect error: )?/, "")
    .replace(/ \(os error \d+\)$/, "");
}
