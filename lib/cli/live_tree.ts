/** LiveTree: what a run is doing at this moment, as a few lines: the outermost run, and below it calls and child runs that are open. */
import { count, makeVisible } from "../engine/shown_text.ts";
import type { RlmEvent } from "../trace/events.ts";
import { dollars, duration, type Tally } from "./tally.ts";

/** A run that has not ended. */
interface OpenRun {
  readonly parentCallId: string | null;
  /** What it does, and since when. */
  state: string;
  since: number;
  turn: number;
  maxTurns: number;
  readonly calls: Map<string, OpenCall>;
}

/** A tool call that has not ended; of a sub-call, the model calls behind it. */
interface OpenCall {
  readonly name: string;
  readonly since: number;
  /** Model calls that are to be expected, as far as the arguments tell. */
  readonly expected: number;
  started: number;
  done: number;
}

/** How large the lines may become. */
export interface LiveSize {
  readonly columns: number;
  readonly lines: number;
}

/** Follows events. Feed it every event; ask it for lines at any time. */
export class LiveTree {
  readonly #tally: Tally;
  readonly #runs = new Map<string, OpenRun>();
  /** The tool calls behind the model calls that are open. */
  readonly #callers = new Map<string, OpenCall | null>();
  /** Sub-calls' model calls whose tool call has ended. */
  #settled = 0;
  #stage = "starting";

  /** Takes its figures from a tally that gets the same events. */
  constructor(tally: Tally) {
    this.#tally = tally;
  }

  /** Says what is done before the run begins. */
  stage(name: string): void {
    this.#stage = name;
  }

  /** Takes one event into account. */
  add(event: RlmEvent): void {
    const run = this.#runs.get(event.runId);
    switch (event.type) {
      case "run_start":
        this.#runs.set(event.runId, {
          parentCallId: event.parentCallId,
          state: "Python starts",
          since: event.time,
          turn: 0,
          maxTurns: 0,
          calls: new Map(),
        });
        break;
      case "turn_start":
        if (run !== undefined) [run.turn, run.maxTurns] = [event.turn, event.maxIterations];
        break;
      case "model_request":
        if (event.role === "sub") this.#started(event, run);
        else if (run !== undefined) [run.state, run.since] = ["model thinks", event.time];
        break;
      case "model_reply":
      case "model_error":
        this.#done(event.callId);
        break;
      case "cell_start":
        if (run !== undefined) [run.state, run.since] = ["cell runs", event.time];
        break;
      case "tool_call":
        run?.calls.set(event.callId, {
          name: event.name,
          since: event.time,
          expected: expectedCalls(event),
          started: 0,
          done: 0,
        });
        break;
      case "tool_result":
        this.#settled += run?.calls.get(event.callId)?.done ?? 0;
        run?.calls.delete(event.callId);
        break;
      case "run_end":
        this.#runs.delete(event.runId);
        break;
    }
  }

  /** The lines for a window of this size. */
  lines({ columns, lines: most }: LiveSize, now: number = Date.now()): string[] {
    const root = [...this.#runs].find(([, run]) => run.parentCallId === null);
    const figures = fill(this.#figures(root?.[1], now), columns);
    const below = root === undefined ? [] : this.#below(root[1], now);
    const room = Math.max(0, most - figures.length);
    if (below.length <= room) return [...figures, ...below];
    const shown = below.slice(0, Math.max(0, room - 1));
    return room === 0
      ? figures.slice(0, most)
      : [...figures, ...shown, `… ${count(below.length - shown.length)} more`];
  }

  #started(event: RlmEvent & { type: "model_request" }, run: OpenRun | undefined): void {
    const call = event.parentCallId === null ? undefined : run?.calls.get(event.parentCallId);
    if (call !== undefined) call.started++;
    this.#callers.set(event.callId, call ?? null);
  }

  #done(callId: string): void {
    const call = this.#callers.get(callId);
    if (call === undefined) return;
    this.#callers.delete(callId);
    if (call === null) this.#settled++;
    else call.done++;
  }

  /** The figures of the outermost run, the most wanted first. */
  #figures(root: OpenRun | undefined, now: number): string[] {
    const { inputTokens, cachedTokens, tokens, cost } = this.#tally;
    const calls = [...this.#runs.values()].flatMap((run) => [...run.calls.values()]);
    const done = calls.reduce((sum, call) => sum + call.done, this.#settled);
    const all = calls.reduce((sum, call) => sum + wanted(call), this.#settled);
    const share = inputTokens > 0 ? Math.round(100 * cachedTokens / inputTokens) : 0;
    const elapsed = duration(this.#tally.seconds(now));
    if (root === undefined) return [this.#stage, elapsed];
    return [
      ...(root.turn > 0 ? [`turn ${root.turn}/${root.maxTurns}`] : []),
      stateOf(root, now),
      ...(all > 0 ? [`sub-calls ${count(done)}/${count(all)}`] : []),
      `${count(tokens)} tokens${share > 0 ? `, ${share} % cached` : ""}`,
      ...(cost === null || cost > 0 ? [dollars(cost)] : []),
      elapsed,
    ];
  }

  /** What is open below a run: its calls by name, and the child runs that they made. */
  #below(run: OpenRun, now: number): string[] {
    const groups = Map.groupBy(run.calls, ([, { name }]) => name);
    const branches = [...groups].flatMap(([name, calls]) => {
      const children = calls.flatMap(([id]) =>
        [...this.#runs.values()].filter(({ parentCallId }) => parentCallId === id)
      );
      if (children.length === 0) return [[groupLine(name, calls.map(([, call]) => call), now)]];
      return children.map((child) => [
        `${makeVisible(name)} · turn ${child.turn}/${child.maxTurns} · ${stateOf(child, now)}`,
        ...this.#below(child, now),
      ]);
    });
    return branches.flatMap((lines, at) => {
      const last = at === branches.length - 1;
      return lines.map((line, n) =>
        `${n === 0 ? (last ? "└ " : "├ ") : last ? "  " : "│ "}${line}`
      );
    });
  }
}

function stateOf({ state, since }: OpenRun, now: number): string {
  return `${state} ${duration((now - since) / 1000)}`;
}

/** Open calls of one name on one line. */
function groupLine(name: string, calls: readonly OpenCall[], now: number): string {
  const done = calls.reduce((sum, call) => sum + call.done, 0);
  const all = calls.reduce((sum, call) => sum + wanted(call), 0);
  const since = Math.min(...calls.map((call) => call.since));
  return [
    `${makeVisible(name)}${calls.length > 1 ? ` × ${count(calls.length)}` : ""}`,
    ...(all > calls.length ? [`${count(done)}/${count(all)}`] : []),
    duration((now - since) / 1000),
  ].join(" · ");
}

/** Only a batch tells beforehand how many prompts it has. */
function expectedCalls({ name, args }: RlmEvent & { type: "tool_call" }): number {
  const { prompts } = args;
  return name === "llm_query_batched" && Array.isArray(prompts) ? prompts.length : 0;
}

/** Model calls that a call will have made when it ends, as far as is known. */
function wanted({ expected, started }: OpenCall): number {
  return Math.max(expected, started);
}

/** Parts on as few lines as they fit. */
function fill(parts: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const longer = lines.length === 0 ? part : `${lines.at(-1)} · ${part}`;
    if (lines.length > 0 && longer.length <= columns) lines[lines.length - 1] = longer;
    else lines.push(part);
  }
  return lines;
}
