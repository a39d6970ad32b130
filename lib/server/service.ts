/** Service: what stands behind a handler. It lets requests in, leads them to their routes, and starts, shows and ends runs. */
import { Access } from "./access.ts";
import { capsOf } from "./caps.ts";
import { eventStream, type EventStreamOptions } from "./event_stream.ts";
import { type HandlerOptions, type Limits, limitsOf, type Served } from "./handler_options.ts";
import { Problem, problemOf } from "./problem.ts";
import { completed, jsonResponse, STREAMED } from "./response.ts";
import { allowedOf, methodOf, normalBase, type Route, routeOf } from "./route.ts";
import { runPage } from "./run_page.ts";
import { readRunRequest, type RunRequest, titleOf, wayOfAnswer } from "./run_request.ts";
import { RunStore } from "./run_store.ts";
import { ServedRun } from "./served_run.ts";

/** Answers requests. */
export class Service {
  readonly #options: HandlerOptions;
  readonly #limits: Limits;
  readonly #basePath: string;
  readonly #access: Access;
  readonly #runs: RunStore;

  constructor(options: HandlerOptions) {
    this.#options = options;
    this.#limits = limitsOf(options);
    this.#basePath = normalBase(options.basePath ?? "");
    this.#access = new Access(options);
    this.#runs = new RunStore(this.#limits);
  }

  close(): Promise<void> {
    return this.#runs.close();
  }

  /** Answers, whatever happens, with the headers that every response has. */
  async answer(request: Request): Promise<Response> {
    const response = await this.#answer(request).catch((error: unknown) => {
      if (!(error instanceof Problem)) this.#report(error, null);
      return problemOf(error).response();
    });
    return await completed(response, request, this.#access.corsHeaders(request));
  }

  async #answer(request: Request): Promise<Response> {
    this.#access.checkPlace(request);
    const route = routeOf(new URL(request.url).pathname, this.#basePath);
    if (request.method === "OPTIONS") {
      return new Response(null, { status: 204, headers: { allow: allowedOf(route.kind) } });
    }
    const method = methodOf(request, route);
    const owner = await this.#access.admit(request);
    this.#runs.checkOpen();
    if (route.kind === "runs") return await this.#start(request, owner);
    if (route.kind === "service") return await this.#describe(request);
    const run = this.#runs.find(route.id, owner);
    return method === "DELETE" ? await this.#delete(run) : this.#show(route, run, request);
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

  /** Starts a run, and answers in the way that the client asks for. */
  async #start(request: Request, owner: string | null): Promise<Response> {
    const way = wayOfAnswer(request);
    using place = this.#runs.reserve();
    const served = await this.#served(request);
    const asked = await readRunRequest(request, served, this.#limits);
    this.#runs.checkOpen();
    const release = way === "stream" ? this.#runs.openStream() : () => {};
    const run = this.#run(served, asked, { owner, deltas: way === "stream" });
    place.fill(run);
    const address = `${this.#basePath}/runs/${run.id}`;
    if (way === "later") {
      const headers = { location: address, "preference-applied": "respond-async" };
      return jsonResponse(run.document(), { status: 202, headers });
    }
    // From here on the run is for this client alone.
    const leave = () => run.abort("left");
    if (way === "wait") {
      // Deno says once that it aborts this signal after a response too, when nothing is left to abort.
      request.signal.addEventListener("abort", leave, { once: true });
      await run.ended;
      const response = run.problem?.response(run.document()) ?? jsonResponse(run.document());
      response.headers.set("content-location", address);
      return response;
    }
    const body = this.#stream(run, -1, (how) => {
      release();
      if (how === "left") leave();
    });
    return new Response(body, { headers: { ...STREAMED, "content-location": address } });
  }

  #run(
    served: Served,
    { inputs, caps }: RunRequest,
    { owner, deltas }: { readonly owner: string | null; readonly deltas: boolean },
  ): ServedRun {
    const { showPrompts = false, onEvent } = this.#options;
    return new ServedRun((options) => served.withOptions(caps).run(inputs, options), {
      owner,
      title: titleOf(inputs),
      deltas,
      maxEventChars: this.#limits.maxEventChars,
      showPrompts,
      ...(onEvent === undefined ? {} : { onEvent }),
      onError: (error, runId) => this.#report(error, runId),
    });
  }

  /** A run's events; 204 tells a client that comes back after the end to stay away. */
  #events(run: ServedRun, after: number): Response {
    if (run.log.ended && after >= run.log.lastId) return new Response(null, { status: 204 });
    const body = this.#stream(run, after, this.#runs.openStream());
    return new Response(body, { headers: STREAMED });
  }

  #stream({ log }: ServedRun, after: number, onEnd: EventStreamOptions["onEnd"]): ReadableStream {
    const { heartbeatSeconds } = this.#limits;
    return eventStream(log, { after, heartbeatSeconds, onEnd });
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
