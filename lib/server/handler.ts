/** createHandler: an RLM as a fetch handler, with runs to start, follow, read and end. */
import type { HandlerOptions } from "./handler_options.ts";
import { Service } from "./service.ts";

/** A fetch handler that must be closed: by `await using`, `close` or the option `signal`. */
export interface Handler extends AsyncDisposable {
  /** Answers a request; never rejects. */
  (request: Request): Promise<Response>;
  /** Refuses new requests, ends all runs, and resolves when their sandboxes are gone. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Makes a fetch handler for `Deno.serve` that lets clients run an RLM.
 *
 * | request | answer |
 * |---|---|
 * | `GET /` | what a run takes and gives, its caps, and how many go on |
 * | `POST /runs` with `{"inputs": {…}, "caps": {…}}` | the run when it has ended; its events and models' text as it arrives, where `Accept` is `text/event-stream`; 202 and its address at once, where `Prefer` is `respond-async` |
 * | `GET /runs/:id` | the run as it is now: a {@linkcode RunDocument} |
 * | `GET /runs/:id/events` | its events as server-sent events, from the first or after `Last-Event-ID` (or `?after=`), to its end |
 * | `GET /runs/:id/page` | the viewer's page, which follows the run while it goes on |
 * | `POST /v1/chat/completions`, `GET /v1/models` | the same as a model of the OpenAI protocol, with the option `chat` |
 * | `DELETE /runs/:id` | ends a run and gives what it had found; forgets one that has ended |
 *
 * Failures are problems (RFC 9457) with a `code`. A client that waits for a run, or follows it from its POST, ends it by
 * leaving. Clients see a run's code, output, calls and replies; not the errors of providers, paths of this machine or, unless
 * `showPrompts` is set, what models are told beside the inputs.
 *
 * Deno itself prints once, when a client waits, that it aborts a request's signal after its response too; that does no
 * harm, and `--unstable-no-legacy-abort` ends it.
 *
 * @throws {RangeError} when a limit is impossible
 * @throws {TypeError} when an origin or a host is none
 *
 * @example
 * ```ts
 * import { RLM } from "@rlm/rlm";
 * import { createHandler } from "@rlm/rlm/server";
 * import { cell, FakeSandbox, ScriptedModel } from "@rlm/rlm/testing";
 *
 * const rlm = new RLM("context, query -> answer: int", {
 *   lm: new ScriptedModel([cell("SUBMIT(answer=42)")]),
 *   sandbox: () => Promise.resolve(new FakeSandbox()),
 *   verify: false,
 *   maxSeconds: 60,
 * });
 * await using handler = createHandler({ rlm });
 * const response = await handler(
 *   new Request("http://localhost/runs", {
 *     method: "POST",
 *     headers: { "content-type": "application/json" },
 *     body: JSON.stringify({ inputs: { context: "…", query: "How many?" }, caps: { maxSeconds: 10 } }),
 *   }),
 * );
 * const { answer, stopReason } = await response.json();
 * console.assert(answer.answer === 42 && stopReason === "submitted");
 * ```
 *
 * @example On a port, closed with the program
 * ```ts ignore
 * await using handler = createHandler({ rlm, authorize: (request) => userOf(request) ?? false });
 * const server = Deno.serve({ port: 8787, hostname: "127.0.0.1" }, handler);
 * Deno.addSignalListener("SIGTERM", () => handler.close().then(() => server.shutdown()));
 * await server.finished;
 * ```
 */
export function createHandler(options: HandlerOptions): Handler {
  const service = new Service(options);
  const { signal } = options;
  const onAbort = () => void service.close();
  const close = () => {
    signal?.removeEventListener("abort", onAbort);
    return service.close();
  };
  if (signal?.aborted) onAbort();
  else signal?.addEventListener("abort", onAbort, { once: true });
  return Object.assign((request: Request) => service.answer(request), {
    close,
    [Symbol.asyncDispose]: close,
  });
}
