/** The forms in which other tools take a run: Chrome trace, graph, the JSONL of alexzhang13/rlm, OpenTelemetry. */
import {
  assert,
  assertEquals,
  assertFalse,
  assertGreater,
  assertStringIncludes,
} from "@std/assert";
import { context, SpanStatusCode, trace, type Tracer } from "@opentelemetry/api";
import { chromeTraceOf } from "../lib/trace/chrome_trace.ts";
import type { RlmEvent } from "../lib/trace/events.ts";
import { graphmlOf, graphOf } from "../lib/trace/graph.ts";
import { readJournal } from "../lib/trace/journal_reader.ts";
import { openTelemetryListener } from "../lib/trace/otel.ts";
import { rlmJsonlOf } from "../lib/trace/rlm_jsonl.ts";
import { hostileRun } from "./fixtures/hostile_run.ts";
import { RunEvents } from "./fixtures/drawn_run.ts";

const RECORDING = `${import.meta.dirname}/../examples/recordings/removals.jsonl`;

/** A run of one turn with three sub-calls, two at a time. */
function smallRun(): RlmEvent[] {
  const run = new RunEvents().start().turn("answers = llm_query_batched(parts)", "I ask.");
  run.batch([{ prompt: "secret one", ms: 300 }, { ms: 200 }, { ms: 200 }], 2);
  return run.end({ stdout: "printed" }).finish();
}

Deno.test("A Chrome trace has a row for each call that is open at the same time, and none overlaps another in its row", () => {
  const { traceEvents, displayTimeUnit } = chromeTraceOf(smallRun());
  assertEquals(displayTimeUnit, "ms");
  const lasting = traceEvents.filter(({ ph }) => ph === "X");
  const subCalls = lasting.filter(({ name }) => name === "lab/reader");
  assertEquals(new Set(subCalls.map(({ tid }) => tid)), new Set([1, 2, 3]));
  const turn = lasting.find(({ cat }) => cat === "turn");
  assertEquals([turn?.ts, turn?.dur, turn?.pid, turn?.tid], [0, 1_200_000, 1, 0]);
  for (const row of new Set(lasting.map(({ tid }) => tid))) {
    if (row === 0) continue; // The run is there, and its turns inside it.
    let end = 0;
    for (const { ts = 0, dur = 0 } of lasting.filter(({ tid }) => tid === row)) {
      assert(ts >= end, `row ${row}`);
      end = ts + dur;
    }
  }
  assertFalse(JSON.stringify(traceEvents).includes("secret"));
});

Deno.test("A graph has an edge to every node but the run, and adds up what was spent below each", async () => {
  const { events } = await readJournal(RECORDING);
  const { nodes, edges } = graphOf(events);
  assertEquals(edges.length, nodes.length - 1);
  const ids = new Set(nodes.map(({ id }) => id));
  for (const { source, target } of edges) assert(ids.has(source) && ids.has(target));
  const end = events.find((event) => event.type === "run_end");
  assertEquals(nodes[0]?.inputTokens, end?.usage.inputTokens);
  assertEquals(nodes[0]?.calls, 11);
  assertEquals(nodes.filter(({ kind }) => kind === "turn").length, 5);
});

Deno.test("GraphML stays well-formed whatever names are in it", () => {
  const xml = graphmlOf(hostileRun());
  const withoutEntities = xml.replaceAll(/&#\d+;/g, "");
  assertFalse(/[&]|(?![\t\n\v\f\r])\p{Cc}/u.test(withoutEntities));
  const open: string[] = [];
  for (
    const [, slash, name = "", rest = ""] of withoutEntities.matchAll(/<(\/?)([a-z]+)([^<>]*)>/g)
  ) {
    if (slash === "/") assertEquals(open.pop(), name);
    else if (!rest.endsWith("/")) open.push(name);
  }
  assertEquals(open, []);
});

Deno.test("The JSONL for the visualizer has the metadata, then each turn with its code, output and calls", () => {
  const [metadata, iteration, ...more] = rlmJsonlOf(smallRun()).trimEnd().split("\n")
    .map((line) => JSON.parse(line));
  assertEquals(more, []);
  assertEquals([
    metadata.type,
    metadata.root_model,
    metadata.max_depth,
    metadata.max_iterations,
    metadata.backend,
  ], [
    "metadata",
    "lab/root",
    2,
    20,
    "lab",
  ]);
  assertEquals(iteration.iteration, 1);
  assertEquals(iteration.response, "I ask.");
  assertEquals(iteration.final_answer, "42");
  assertEquals(iteration.iteration_time, 1.2);
  const [{ code, result }] = iteration.code_blocks;
  assertEquals([code, result.stdout, result.stderr], [
    "answers = llm_query_batched(parts)",
    "printed",
    "",
  ]);
  assertEquals(result.rlm_calls.length, 3);
  assertEquals(result.rlm_calls[0].prompt, "secret one");
  assertEquals([result.rlm_calls[0].prompt_tokens, result.rlm_calls[0].execution_time], [100, 0.3]);
});

Deno.test("A run without events gives empty exports, not an error", () => {
  assertEquals(rlmJsonlOf([]), "");
  assertEquals(graphOf([]), { nodes: [], edges: [] });
  assertEquals(chromeTraceOf([]).traceEvents.length, 1);
});

/** A span as a backend would get it. */
interface SeenSpan {
  readonly name: string;
  readonly parent: SeenSpan | null;
  readonly attributes: Record<string, unknown>;
  readonly start: number;
  end: number | null;
  error: boolean;
}

/** Registers a tracer that keeps its spans, and runs `work`. */
async function seenSpans(work: () => Promise<void>): Promise<SeenSpan[]> {
  const spans: SeenSpan[] = [];
  const kept = new WeakMap<object, SeenSpan>();
  const tracer = {
    startSpan(
      name: string,
      options: { startTime: number; attributes: Record<string, unknown> },
      within: object,
    ) {
      const above = trace.getSpan(within as Parameters<typeof trace.getSpan>[0]);
      const seen: SeenSpan = {
        name,
        parent: (above && kept.get(above)) ?? null,
        attributes: { ...options.attributes },
        start: options.startTime,
        end: null,
        error: false,
      };
      spans.push(seen);
      const span = {
        setAttributes: (more: object) => Object.assign(seen.attributes, more),
        setStatus: ({ code }: { code: number }) => seen.error = code === SpanStatusCode.ERROR,
        end: (time: number) => seen.end = time,
      };
      kept.set(span, seen);
      return span;
    },
  };
  // Only what the listener calls is there; the API's own types ask for all that a tracer can do.
  trace.setGlobalTracerProvider({ getTracer: () => tracer as unknown as Tracer });
  try {
    await context.with(context.active(), work);
  } finally {
    trace.disable();
  }
  return spans;
}

Deno.test("OpenTelemetry gets a tree of spans with GenAI and OpenInference names, and no text of the run", async () => {
  const events = smallRun();
  const spans = await seenSpans(async () => events.forEach(await openTelemetryListener()));
  const names = (span: SeenSpan | null): string[] =>
    span === null ? [] : [...names(span.parent), span.name];
  assertEquals(names(spans.at(-1) ?? null), [
    "invoke_agent rlm",
    "rlm.turn",
    "execute_tool python",
    "execute_tool llm_query_batched",
    "chat lab/reader",
  ]);
  const call = spans.at(-1);
  assertEquals(call?.attributes["gen_ai.usage.input_tokens"], 100);
  assertEquals(call?.attributes["gen_ai.usage.cache_read.input_tokens"], 40);
  assertEquals(call?.attributes["openinference.span.kind"], "LLM");
  assertEquals(call?.attributes["llm.cost.total"], 0.001);
  assertEquals((call?.end ?? 0) - (call?.start ?? 0), 200);
  assert(spans.every(({ end }) => end !== null), "every span was ended");
  assertFalse(JSON.stringify(spans.map(({ attributes }) => attributes)).includes("secret"));
});

Deno.test("OpenTelemetry gets texts when they are asked for", async () => {
  const events = smallRun();
  const spans = await seenSpans(async () =>
    events.forEach(await openTelemetryListener({ content: true }))
  );
  const cell = spans.find(({ name }) => name === "execute_tool python");
  assertEquals(cell?.attributes["input.value"], "answers = llm_query_batched(parts)");
  assertEquals(cell?.attributes["output.value"], "printed");
  const call = spans.find(({ attributes }) => attributes["input.value"] === "secret one");
  assertEquals(call?.attributes["llm.input_messages.0.message.content"], "secret one");
  assertStringIncludes(String(call?.attributes["gen_ai.input.messages"]), "secret one");
});

Deno.test("Spans of a run that was stopped are ended with it, and failures are marked", async () => {
  const run = new RunEvents().start().turn("f()");
  run.add({ type: "tool_call", callId: "t", stepId: run.stepId, name: "f", args: {} });
  const events = run.wait(10).finish(null).map((event): RlmEvent =>
    event.type === "run_end" ? { ...event, stopReason: "aborted" } : event
  );
  const spans = await seenSpans(async () => events.forEach(await openTelemetryListener()));
  assertGreater(spans.length, 3);
  assert(spans.every(({ end }) => end !== null));
  assertEquals(spans.filter(({ error }) => error).map(({ name }) => name).sort(), [
    "execute_tool f",
    "execute_tool python",
    "rlm.turn",
  ]);
});

Deno.test("Without OpenTelemetry the listener does nothing and costs little", async () => {
  const { events } = await readJournal(RECORDING);
  const listener = await openTelemetryListener({ content: true });
  const start = performance.now();
  for (let times = 0; times < 20; times++) events.forEach(listener);
  assert((performance.now() - start) / 20 < 50, "milliseconds for a whole run");
});
