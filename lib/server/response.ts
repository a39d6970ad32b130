/** Responses: the headers that they all have, and the kinds that there are. */
import { plainJson } from "../trace/plain_json.ts";

/** Headers of every response: nothing of a run is for caches, other sites or guesses at its type. */
const ALWAYS = {
  "cache-control": "no-store",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Headers of a stream of events, and what keeps it from being held back on its way. */
export const STREAMED: Readonly<Record<string, string>> = {
  "content-type": "text/event-stream",
  "cache-control": "no-store, no-transform",
  "x-accel-buffering": "no",
};

/** A value as JSON. */
export function jsonResponse(
  value: unknown,
  { status = 200, headers = {} }: {
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Response {
  const all = { "content-type": "application/json", ...headers };
  return new Response(`${plainJson(value)}\n`, { status, headers: all });
}

/** The response as it is sent: with the headers of all, and without a body where only the head was asked for. */
export async function completed(
  response: Response,
  request: Request,
  cors: Readonly<Record<string, string>>,
): Promise<Response> {
  const headers = { ...ALWAYS, ...Object.fromEntries(response.headers), ...cors };
  const init = { status: response.status, headers };
  if (request.method !== "HEAD") return new Response(response.body, init);
  await response.body?.cancel();
  return new Response(null, init);
}
