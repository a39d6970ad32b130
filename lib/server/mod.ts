/**
 * An RLM as a web service: a fetch handler for `Deno.serve`, by which clients start runs, follow them and end them.
 *
 * @example A service on loopback, with caps that hold for every run
 * ```ts ignore
 * import { RLM } from "@rlm/rlm";
 * import { createHandler } from "@rlm/rlm/server";
 *
 * const rlm = new RLM("context, query -> answer", { lm: "openai/gpt-5", maxCost: 0.5, maxSeconds: 300 });
 * await using handler = createHandler({ rlm });
 * await Deno.serve({ hostname: "127.0.0.1", port: 8787 }, handler).finished;
 * ```
 *
 * @module
 */
export { createHandler, type Handler } from "./handler.ts";
export type { ChatInputs, ChatMessage } from "./chat_request.ts";
export type { HandlerOptions, Served } from "./handler_options.ts";
export type { ProblemCode } from "./problem.ts";
export type { RunDocument } from "./run_document.ts";
