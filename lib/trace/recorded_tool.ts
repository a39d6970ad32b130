/** RecordedTools: the tool results of a journal, to be found again by name and arguments. */
import { encode } from "./codec.ts";
import type { RlmEvent } from "./events.ts";
import { sha256Of } from "./text_store.ts";

/** What a recorded tool call came to; `open` when its result never came. */
export type ToolOutcome =
  | { readonly kind: "result"; readonly value: unknown }
  | { readonly kind: "error"; readonly type: string; readonly message: string }
  | { readonly kind: "open" };

/** A recorded tool call. `final` says that its cell ended, so that what follows builds on the outcome. */
export interface RecordedTool {
  readonly outcome: ToolOutcome;
  readonly final: boolean;
}

/** Finds tool results by what was called; each is given out once. */
export class RecordedTools {
  readonly #byCall = new Map<string, RecordedTool[]>();

  /** Takes the tool calls of every attempt at a run. */
  constructor(attempts: readonly (readonly RlmEvent[])[]) {
    for (const events of attempts) {
      const groups = Map.groupBy(toolsIn(events), ({ key }) => key);
      for (const [key, calls] of groups) {
        // As with model calls, the n-th identical call of one attempt is the n-th of the others.
        const known = this.#byCall.get(key) ?? [];
        calls.forEach((call, n) => {
          if (call.outcome.kind !== "open" || known[n] === undefined) known[n] = call;
        });
        this.#byCall.set(key, known);
      }
    }
  }

  /** Gives out the first call left of this tool with these arguments, or null. */
  take(name: string, args: Readonly<Record<string, unknown>>): RecordedTool | null {
    return this.#byCall.get(keyOf(name, args))?.shift() ?? null;
  }
}

function toolsIn(events: readonly RlmEvent[]): (RecordedTool & { readonly key: string })[] {
  const results = new Map<string, RlmEvent & { readonly type: "tool_result" }>();
  const endedCells = new Set<string>();
  for (const event of events) {
    if (event.type === "tool_result") results.set(event.callId, event);
    else if (event.type === "cell_end") endedCells.add(event.stepId);
  }
  return events.filter((event) => event.type === "tool_call").map((call) => ({
    key: keyOf(call.name, call.args),
    outcome: outcomeOf(results.get(call.callId)),
    final: endedCells.has(call.stepId),
  }));
}

function outcomeOf(event: (RlmEvent & { readonly type: "tool_result" }) | undefined): ToolOutcome {
  if (event === undefined) return { kind: "open" };
  if (event.ok) return { kind: "result", value: event.result };
  const { type, message } = Object(event.result) as { type?: unknown; message?: unknown };
  return { kind: "error", type: String(type ?? "Error"), message: String(message ?? event.result) };
}

function keyOf(name: string, args: Readonly<Record<string, unknown>>): string {
  return sha256Of(JSON.stringify([name, encode(args)]));
}
