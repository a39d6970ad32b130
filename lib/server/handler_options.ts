/** What a handler is made with: its options, their defaults, and a check of both. */
import type { LoopOptions } from "../engine/settings.ts";
import type { Signature } from "../engine/signature.ts";
import type { RunOptions, RunRecord } from "../rlm_options.ts";
import type { EventListener } from "../trace/events.ts";
import type { ChatInputs } from "./chat_request.ts";

/** What a handler needs of an `RLM`. */
export interface Served {
  /** What a run is given and must find. */
  readonly signature: Signature;
  /** The caps of each run; a client may lower them and never raise them. */
  readonly options: LoopOptions;
  /** Runs to an answer. */
  run(inputs: Readonly<Record<string, unknown>>, options?: RunOptions): Promise<RunRecord>;
  /** The same with other caps. */
  withOptions(options: LoopOptions): Served;
}

/** Options of `createHandler`. */
export interface HandlerOptions {
  /**
   * What answers: an `RLM`, whose caps are the most that a run may spend (give it `maxSeconds` and `maxCost` or
   * `maxTokens`), or a function that chooses one by a request's address and headers.
   */
  readonly rlm: Served | ((request: Request) => Served | Promise<Served>);
  /** Path that the routes begin with, such as `"/rlm"`. @default {""} */
  readonly basePath?: string;
  /**
   * Decides who may ask, by address and headers; the body must be left alone. False and an empty text refuse. Any other
   * text names whoever asks: their runs are shown to nobody else. True lets them in without a name: whoever has none
   * sees each such run whose id they know. Default: true, for everybody who can reach the server.
   */
  readonly authorize?: (request: Request) => boolean | string | Promise<boolean | string>;
  /**
   * Names that the server is called by, such as `"rlm.example.org"`. IP addresses and `localhost` are always taken;
   * any other name is refused, since a foreign page could make it lead here (DNS rebinding). @default {[]}
   */
  readonly hosts?: readonly string[];
  /** Origins of other pages that may call, such as `"https://app.example.org"`; they get CORS headers. @default {[]} */
  readonly origins?: readonly string[];
  /** Runs that go on at once; one more is refused with 503. @default {4} */
  readonly maxRuns?: number;
  /** Bytes that a body may have; all that are being read may together hold `maxRuns` times as many. @default {33_554_432} */
  readonly maxBodyBytes?: number;
  /** Seconds that a body may take to arrive. @default {60} */
  readonly bodySeconds?: number;
  /** Streams of events that are open at once; one more is refused with 503. @default {100} */
  readonly maxStreams?: number;
  /** Seconds of silence after which a stream of events is sent a comment, so that nobody takes it for dead. @default {15} */
  readonly heartbeatSeconds?: number;
  /** Characters of one run's events that are kept to be read; then the oldest are given up. @default {16_777_216} */
  readonly maxEventChars?: number;
  /** Runs that are kept after their end. @default {100} */
  readonly keptRuns?: number;
  /** Seconds that a run is kept after its end. @default {900} */
  readonly keptSeconds?: number;
  /** Characters of all kept runs together; then the oldest are given up. @default {67_108_864} */
  readonly keptChars?: number;
  /** Show clients what models are told beside the inputs: instructions, tools and grants. @default {false} */
  readonly showPrompts?: boolean;
  /**
   * Is a model of the OpenAI protocol too, at `/v1/chat/completions` and `/v1/models`. True gives the RLM the
   * conversation as `context` and its last message as `query`; a function makes other inputs of it. @default {false}
   */
  readonly chat?: boolean | ChatInputs;
  /** Hears every event of every run as it is, for logs and traces. */
  readonly onEvent?: EventListener;
  /** Hears every error as it is; clients are told no more of it than they may know. */
  readonly onError?: (error: unknown, runId: string | null) => void;
  /** Closes the handler. */
  readonly signal?: AbortSignal;
}

/** The numbers among the options, with nothing left open. */
export interface Limits {
  readonly maxRuns: number;
  readonly maxBodyBytes: number;
  readonly bodySeconds: number;
  readonly maxStreams: number;
  readonly heartbeatSeconds: number;
  readonly maxEventChars: number;
  readonly keptRuns: number;
  readonly keptSeconds: number;
  readonly keptChars: number;
}

/** The longest that a timer takes. */
const LONGEST_SECONDS = 2_147_483;

/** Each number's default, the least and the most that it may be. */
const LIMITS: Readonly<Record<keyof Limits, readonly [number, number, number]>> = {
  maxRuns: [4, 1, Infinity],
  maxBodyBytes: [32 * 1024 * 1024, 1, Infinity],
  bodySeconds: [60, 0.001, LONGEST_SECONDS],
  maxStreams: [100, 0, Infinity],
  heartbeatSeconds: [15, 0.001, LONGEST_SECONDS],
  maxEventChars: [16 * 1024 * 1024, 0, Infinity],
  keptRuns: [100, 0, Infinity],
  keptSeconds: [900, 0, LONGEST_SECONDS],
  keptChars: [64 * 1024 * 1024, 0, Infinity],
};

/** Fills in the defaults; throws `RangeError` that names the option which is impossible. */
export function limitsOf(options: HandlerOptions): Limits {
  const read = (name: keyof Limits): number => {
    const [fallback, least, most] = LIMITS[name];
    const value = options[name] ?? fallback;
    if (value >= least && value <= most) return value;
    throw new RangeError(`set ${name}: ${value} is not between ${least} and ${most}`);
  };
  return {
    maxRuns: read("maxRuns"),
    maxBodyBytes: read("maxBodyBytes"),
    bodySeconds: read("bodySeconds"),
    maxStreams: read("maxStreams"),
    heartbeatSeconds: read("heartbeatSeconds"),
    maxEventChars: read("maxEventChars"),
    keptRuns: read("keptRuns"),
    keptSeconds: read("keptSeconds"),
    keptChars: read("keptChars"),
  };
}
