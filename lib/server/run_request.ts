/** What `POST /runs` asks for: inputs, caps, and how the answer is to come. */
import { checkInputs } from "../engine/inputs.ts";
import { isRecord } from "../engine/schema.ts";
import type { LoopOptions } from "../engine/settings.ts";
import { readCaps } from "./caps.ts";
import type { Served } from "./handler_options.ts";
import { type BodyLimits, readJsonBody } from "./json_body.ts";
import { Problem } from "./problem.ts";

/** A run that was asked for, checked against what is served. */
export interface RunRequest {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly caps: LoopOptions;
}

/** Reads the body; throws a problem that names what is missing or wrong. */
export async function readRunRequest(
  request: Request,
  served: Served,
  limits: BodyLimits,
): Promise<RunRequest> {
  const body = await readJsonBody(request, limits);
  if (!isRecord(body) || !isRecord(body.inputs)) {
    throw new Problem(
      "bad_inputs",
      'read the body: expected {"inputs": {…}} with a value for each input',
    );
  }
  const { inputs, caps, ...unknown } = body;
  const [typo] = Object.keys(unknown);
  if (typo !== undefined) {
    throw new Problem("bad_inputs", `read the body: '${typo}' is unknown; send inputs and caps`);
  }
  await checkAgainst(served, inputs);
  return { inputs, caps: readCaps(caps, served.options) };
}

/** A run checks its inputs too; here the client is told before anything is promised. */
export async function checkAgainst(
  { signature }: Served,
  inputs: Readonly<Record<string, unknown>>,
): Promise<void> {
  try {
    await checkInputs(signature, inputs);
  } catch (error) {
    const isClients = error instanceof TypeError && error.message.startsWith("read inputs: ");
    throw isClients ? new Problem("bad_inputs", error.message) : error;
  }
}

/** How the answer is to come: by waiting for it, as a stream of events, or later. */
export function wayOfAnswer({ headers }: Request): "wait" | "stream" | "later" {
  const preferred = (headers.get("prefer") ?? "").toLowerCase().split(/[,;]/);
  if (preferred.some((each) => each.trim() === "respond-async")) return "later";
  return (headers.get("accept") ?? "").includes("text/event-stream") ? "stream" : "wait";
}

/** What a run is called where it is shown: its question, if one of its inputs is called so. */
export function titleOf({ query, question }: Readonly<Record<string, unknown>>): string {
  const title = [query, question].find((each) => typeof each === "string");
  return title === undefined ? "A run" : title.slice(0, 200).toWellFormed();
}
