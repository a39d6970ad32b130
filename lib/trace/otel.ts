/** Tells OpenTelemetry of a run: spans with the names of its GenAI conventions and of OpenInference. */
import type { Context, Span, Tracer } from "@opentelemetry/api";
import type { EventListener, RlmEvent } from "./events.ts";
import { beginAttributes, finishAttributes } from "./otel_attributes.ts";

/** Options of {@linkcode openTelemetryListener}. */
export interface OpenTelemetryOptions {
  /**
   * Puts prompts, replies, code, output and arguments into the spans. They may hold what the inputs hold, so this is off
   * unless asked for. @default {false}
   */
  readonly content?: boolean;
  /** Name of the instrumentation. @default {"@rlm/rlm"} */
  readonly name?: string;
}

/**
 * Makes a listener for `onEvent` that turns a run into spans. Where no OpenTelemetry is set up (`OTEL_DENO=true`, or a
 * provider of your own) the spans go nowhere and cost next to nothing; the API is loaded by this call and not before.
 *
 * The listener takes its times from the events, so that a journal can be told as well: give it each event in order.
 *
 * @example
 * ```ts ignore
 * const onEvent = await openTelemetryListener();
 * await rlm.run(inputs, { onEvent });
 * ```
 */
export async function openTelemetryListener(
  options: OpenTelemetryOptions = {},
): Promise<EventListener> {
  const { content = false, name = "@rlm/rlm" } = options;
  const { context, SpanStatusCode, trace } = await import("@opentelemetry/api");
  const tracer: Tracer = trace.getTracer(name);
  const outside: Context = context.active();
  const open = new Map<string, { readonly span: Span; readonly within: Context }>();

  const begin = (event: RlmEvent, key: string, parent: string | null, spanName: string): void => {
    const within = (parent === null ? undefined : open.get(parent)?.within) ?? outside;
    const attributes = beginAttributes(event, content);
    const span = tracer.startSpan(spanName, { startTime: event.time, attributes }, within);
    open.set(key, { span, within: trace.setSpan(within, span) });
  };
  const end = (event: RlmEvent, key: string, error: string | null): void => {
    const span = open.get(key)?.span;
    if (span === undefined) return;
    open.delete(key);
    span.setAttributes(finishAttributes(event, content));
    if (error !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
    span.end(event.time);
  };

  return (event) => {
    switch (event.type) {
      case "run_start":
        return begin(event, event.runId, event.parentCallId, "invoke_agent rlm");
      case "turn_start":
        return begin(event, event.stepId, event.runId, "rlm.turn");
      case "cell_start":
        return begin(event, `${event.stepId}/cell`, event.stepId, "execute_tool python");
      case "tool_call":
        return begin(event, event.callId, `${event.stepId}/cell`, `execute_tool ${event.name}`);
      case "model_request": {
        const parent = event.parentCallId ?? event.stepId ?? event.runId;
        return begin(event, event.callId, parent, `chat ${event.model}`);
      }
      case "model_reply":
        return end(event, event.callId, null);
      case "model_error":
        return end(event, event.callId, event.error.type);
      case "tool_result":
        return end(event, event.callId, event.ok ? null : "the tool failed");
      case "cell_end":
        return end(event, `${event.stepId}/cell`, event.cell.error?.type ?? null);
      case "turn_end":
        return end(event, event.stepId, null);
      case "run_end": {
        // A run that was stopped leaves calls open; their spans would else never be sent.
        if (event.error !== null || event.stopReason === "aborted") {
          for (const key of [...open.keys()].reverse()) {
            if (key === event.runId) break;
            end(event, key, event.stopReason);
          }
        }
        return end(event, event.runId, event.error?.type ?? null);
      }
    }
  };
}
