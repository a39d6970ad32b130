/** RunStarter: starts the runs that requests ask for, and answers in the way that each client wants. */
import { chatChunks, chatCompletion, chatProblem } from "./chat_reply.ts";
import { type ChatInputs, readChatRequest } from "./chat_request.ts";
import { BodyRoom } from "./body_room.ts";
import { type EventFormat, eventStream } from "./event_stream.ts";
import type { HandlerOptions, Limits, Served } from "./handler_options.ts";
import type { BodyLimits } from "./json_body.ts";
import { jsonResponse, STREAMED } from "./response.ts";
import { readRunRequest, type RunRequest, titleOf, wayOfAnswer } from "./run_request.ts";
import type { Place, RunStore } from "./run_store.ts";
import { ServedRun } from "./served_run.ts";

/** What runs are started with. */
export interface Surroundings {
  readonly options: HandlerOptions;
  readonly limits: Limits;
  /** Where runs are found, such as `/runs`. */
  readonly address: string;
  readonly runs: RunStore;
  readonly onError: (error: unknown, runId: string) => void;
}

/** Whoever asks, and with what. */
export interface Asking {
  readonly request: Request;
  readonly served: Served;
  readonly owner: string | null;
}

/** Starts runs. */
export class RunStarter {
  readonly #around: Surroundings;
  readonly #bodies: BodyLimits;

  constructor(around: Surroundings) {
    this.#around = around;
    const { maxRuns, maxBodyBytes, bodySeconds } = around.limits;
    this.#bodies = { maxBodyBytes, bodySeconds, room: new BodyRoom(maxRuns * maxBodyBytes) };
  }

  /** Answers `POST /runs`. */
  async post(asking: Asking): Promise<Response> {
    const { runs, address } = this.#around;
    const way = wayOfAnswer(asking.request);
    runs.checkPlaces();
    const asked = await readRunRequest(asking.request, asking.served, this.#bodies);
    using place = runs.reserve();
    if (way === "stream") return this.#follow(asking, asked, place);
    const run = this.#start(asking, asked, place);
    if (way === "later") {
      const headers = { location: `${address}/${run.id}`, "preference-applied": "respond-async" };
      return jsonResponse(run.document(), { status: 202, headers });
    }
    await untilEnd(run, asking.request);
    const response = run.problem?.response(run.document()) ?? jsonResponse(run.document());
    return this.#located(response, run);
  }

  /** Answers a chat completion. */
  async chat(asking: Asking, inputsOf: ChatInputs): Promise<Response> {
    const { runs } = this.#around;
    runs.checkPlaces();
    const bodies = { ...this.#bodies, inputsOf };
    const asked = await readChatRequest(asking.request, asking.served, bodies);
    using place = runs.reserve();
    if (asked.stream) {
      return this.#follow(asking, asked, place, (run) => chatChunks(run, asked));
    }
    const run = this.#start(asking, asked, place);
    await untilEnd(run, asking.request);
    const response = run.problem === null
      ? chatCompletion(run.document())
      : chatProblem(run.problem);
    return this.#located(response, run);
  }

  /** Starts a run whose events its client follows; text as it arrives is for those who get events as they are. */
  #follow(
    asking: Asking,
    asked: RunRequest,
    place: Place,
    formatOf?: (run: ServedRun) => EventFormat,
  ): Response {
    const { limits, runs } = this.#around;
    runs.checkOpen();
    const release = runs.openStream();
    const run = this.#start(asking, asked, place, { deltas: formatOf === undefined });
    const body = eventStream(run.log, {
      after: -1,
      heartbeatSeconds: limits.heartbeatSeconds,
      ...(formatOf === undefined ? {} : { format: formatOf(run) }),
      onEnd: (how) => {
        release();
        if (how === "left") run.abort("left");
      },
    });
    return this.#located(new Response(body, { headers: STREAMED }), run);
  }

  #start(
    { served, owner }: Asking,
    { inputs, caps }: RunRequest,
    place: Place,
    { deltas = false }: { readonly deltas?: boolean } = {},
  ): ServedRun {
    const { options: { showPrompts = false, onEvent }, limits, runs, onError } = this.#around;
    runs.checkOpen();
    const run = new ServedRun((options) => served.withOptions(caps).run(inputs, options), {
      owner,
      title: titleOf(inputs),
      deltas,
      maxEventChars: limits.maxEventChars,
      showPrompts,
      ...(onEvent === undefined ? {} : { onEvent }),
      onError,
    });
    place.fill(run);
    return run;
  }

  #located(response: Response, run: ServedRun): Response {
    response.headers.set("content-location", `${this.#around.address}/${run.id}`);
    return response;
  }
}

/** Waits for a run on behalf of a client, who ends it by leaving. */
async function untilEnd(run: ServedRun, { signal }: Request): Promise<void> {
  const leave = () => run.abort("left");
  // Reading and checking what it asked for may have taken longer than the client waited.
  if (signal.aborted) leave();
  // Deno says once that it aborts this signal after a response too, when nothing is left to abort.
  signal.addEventListener("abort", leave, { once: true });
  await run.ended;
}
