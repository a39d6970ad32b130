/** Functions that the engine itself gives to the guest, and how they and the caller's tools become events. */
import type { JsonSchema, Tool } from "../host/sandbox.ts";
import type { Run } from "./run_tree.ts";

/** What a guest function may know of the call that it serves. */
export interface GuestCall {
  /** Aborts when the cell or the run ends. */
  readonly signal: AbortSignal;
  /** The tool call's id in the events. */
  readonly callId: string;
}

/** A function of the engine that cells may call, such as `llm_query`. */
export interface GuestFunction {
  readonly description: string;
  readonly parameters: JsonSchema;
  readonly concurrent?: boolean;
  call(args: Readonly<Record<string, unknown>>, call: GuestCall): Promise<unknown>;
}

/** The longest time that a timer takes: functions that ask models are bounded by budgets and signals instead. */
const UNBOUNDED_MS = 2_147_483_647;

/** Makes tools of the engine's functions, and has those of the caller tell of their calls. */
export function guestTools(
  run: Run,
  functions: Readonly<Record<string, GuestFunction>>,
  tools: Readonly<Record<string, Tool>>,
): Record<string, Tool> {
  const own = Object.entries(functions).map(([name, each]): [string, Tool] => [name, {
    description: each.description,
    parameters: each.parameters,
    timeoutMs: UNBOUNDED_MS,
    ...(each.concurrent === undefined ? {} : { concurrent: each.concurrent }),
    invoke: (args, { signal }) =>
      withEvents(run, name, args, (callId) => each.call(args, { signal, callId })),
  }]);
  const given = Object.entries(tools).map(([name, each]): [string, Tool] => [name, {
    description: each.description,
    parameters: each.parameters,
    ...(each.timeoutMs === undefined ? {} : { timeoutMs: each.timeoutMs }),
    ...(each.concurrent === undefined ? {} : { concurrent: each.concurrent }),
    invoke: (args, context) =>
      withEvents(run, name, args, async () => await each.invoke(args, context)),
  }]);
  return Object.fromEntries([...given, ...own]);
}

/** Runs a call between its two events; the result is safe in the journal before the guest has it. */
async function withEvents(
  run: Run,
  name: string,
  args: Record<string, unknown>,
  work: (callId: string) => Promise<unknown>,
): Promise<unknown> {
  const callId = run.tree.nextCallId();
  const started = performance.now();
  const settle = (ok: boolean, result: unknown) =>
    run.emit({ type: "tool_result", callId, ok, result, durationMs: performance.now() - started });
  run.emit({ type: "tool_call", callId, stepId: run.stepId ?? "", name, args });
  let result: unknown;
  try {
    result = await work(callId);
  } catch (error) {
    settle(
      false,
      error instanceof Error ? { type: error.name, message: error.message } : String(error),
    );
    throw error;
  }
  settle(true, result);
  await run.tree.emitter.flush();
  return result;
}

/** An error that Python raises as its built-in class of that name. */
export function pythonError(
  type: "ValueError" | "TypeError" | "RuntimeError",
  message: string,
): Error {
  const error = new Error(message);
  error.name = type;
  return error;
}
