/** Service: what stands behind a handler. It lets requests in, leads them to their routes, and shows and ends runs. */
import { Access } from "./access.ts";
import { capsOf } from "./caps.ts";
import { chatProblem, modelList } from "./chat_reply.ts";
import { conversationInputs } from "./chat_request.ts";
import { eventStream } from "./event_stream.ts";
import { type HandlerOptions, type Limits, limitsOf, type Served } from "./handler_options.ts";
import { Problem, problemOf } from "./problem.ts";
import { completed, jsonResponse, STREAMED } from "./response.ts";
import { type Addresses, allowedOf, methodOf, normalBase, type Route, routeOf } from "./route.ts";
import { runPage } from "./run_page.ts";
import { RunStarter } from "./run_starter.ts";
import { RunStore } from "./run_store.ts";
import type { ServedRun } from "./served_run.ts";

/** Answers requests. */
export class Service {
  readonly #options: HandlerOptions;
  readonly #limits: Limits;
  readonly #addresses: Addresses;
  readonly #access: Access;
  readonly #runs: RunStore;
  readonly #starter: RunStarter;

  constructor(options: HandlerOptions) {
    this.#options = options;
    this.#limits = limitsOf(options);
    const basePath = normalBase(options.basePath ?? "");
    this.#addresses = { basePath, hasChat: (options.chat ?? false) !== false };
    this.#access = new Access(options);
    this.#runs = new RunStore(this.#limits);
    this.#starter = new RunStarter({
      options,
      limits: this.#limits,
      address: `${basePath}/runs`,
      runs: this.#runs,
      onError: (error, runId) => this.#report(error, runId),
    });
  }

  close(): Promise<void> {
    return this.#runs.close();
  }

  /** Answers, whatever happens, with the headers that every response has. */
  async answer(request: Request): Promise<Response> {
    const response = await this.#answer(request).catch((error: unknown) =>
      this.#problem(error).response()
    );
    return await completed(response, request, this.#access.corsHeaders(request));
  }

  async #answer(request: Request): Promise<Response> {
    this.#access.checkPlace(request);
    const route = routeOf(new URL(request.url).pathname, this.#addresses);
    if (request.method === "OPTIONS") {
      return new Response(null, { status: 204, headers: { allow: allowedOf(route.kind) } });
    }
    const method = methodOf(request, route);
    const owner = await this.#access.admit(request);
    this.#runs.checkOpen();
    switch (route.kind) {
      case "service":
        return await this.#describe(request);
      case "runs":
        return await this.#starter.post({ request, served: await this.#served(request), owner });
      case "chat":
        return await this.#chat(request, owner);
      case "models":
        return modelList();
      default: {
        const run = this.#runs.find(route.id, owner);
        return method === "DELETE" ? await this.#delete(run) : this.#show(route, run, request);
      }
    }
  }

  /** A chat completion; problems too are told in the form of its protocol. */
  async #chat(request: Request, owner: string | null): Promise<Response> {
    const { chat } = this.#options;
    const inputsOf = typeof chat === "function" ? chat : conversationInputs;
    try {
      const served = await this.#served(request);
      return await this.#starter.chat({ request, served, owner }, inputsOf);
    } catch (error) {
      return chatProblem(this.#problem(error));
    }
  }

  #show({ kind }: Route, run: ServedRun, request: Request): Response {
    switch (kind) {
      case "events":
        return this.#events(run, lastSeen(request));
      case "page":
        return new Response(runPage(run), {
          headers: {
            "content-type": "text/html; charset=utf-8",
            "content-security-policy": "frame-ancestors 'none'",
          },
        });
      default:
        return jsonResponse(run.document());
    }
  }

  /** A run's events; 204 tells a client that comes back after the end to stay away. */
  #events(run: ServedRun, after: number): Response {
    if (run.log.ended && after >= run.log.lastId) return new Response(null, { status: 204 });
    const { heartbeatSeconds } = this.#limits;
    const onEnd = this.#runs.openStream();
    const body = eventStream(run.log, { after, heartbeatSeconds, onEnd });
    return new Response(body, { headers: STREAMED });
  }

  /** Ends a run that goes on and gives what it had found; forgets one that has ended. */
  async #delete(run: ServedRun): Promise<Response> {
    if (run.log.ended) {
      this.#runs.forget(run);
      return new Response(null, { status: 204 });
    }
    run.abort("deleted");
    await run.ended;
    return jsonResponse(run.document());
  }

  /** What is served, for a client that wants to know what to send. */
  async #describe(request: Request): Promise<Response> {
    const { signature, options } = await this.#served(request);
    const { maxRuns, maxBodyBytes } = this.#limits;
    return jsonResponse({
      inputs: signature.inputSchema,
      outputs: signature.outputSchema,
      caps: capsOf(options),
      runs: { running: this.#runs.places, max: maxRuns },
      maxBodyBytes,
    });
  }

  async #served(request: Request): Promise<Served> {
    const { rlm } = this.#options;
    return typeof rlm === "function" ? await rlm(request) : rlm;
  }

  /** What a client is told of an error, of which the operator is told more. */
  #problem(error: unknown): Problem {
    if (!(error instanceof Problem)) this.#report(error, null);
    return problemOf(error);
  }

  /** Tells the operator of an error; what goes wrong there is nobody's business here. */
  #report(error: unknown, runId: string | null): void {
    try {
      this.#options.onError?.(error, runId);
    } catch {
      // It has been told.
    }
  }
}

/** The last event that a client has, as it says; throws a problem when that is no number. */
function lastSeen(request: Request): number {
  const given = request.headers.get("last-event-id") ??
    new URL(request.url).searchParams.get("after") ?? "-1";
  if (/^(-1|\d{1,15})$/.test(given)) return Number(given);
  throw new Problem(
    "bad_request",
    `read Last-Event-ID: '${given.slice(0, 100)}' is not the id of an event; leave it out`,
  );
}
