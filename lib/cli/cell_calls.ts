/** Counts the calls that cells make, so that each cell's are told in one line. */
import { count, makeVisible } from "../engine/shown_text.ts";
import type { RlmEvent } from "../trace/events.ts";
import { plural } from "./tally.ts";

/** Calls of one cell. */
interface Calls {
  readonly tools: Map<string, number>;
  models: number;
  failed: number;
}

/** Counts calls by cell; a child's cells run while the parent's is open. Feed it every event. */
export class CellCalls {
  readonly #cells = new Map<string, Calls>();
  /** The cell that made each call which is open. */
  readonly #callers = new Map<string, Calls>();

  /** Takes one event into account. */
  add(event: RlmEvent): void {
    switch (event.type) {
      case "cell_start":
        this.#cells.set(event.stepId, { tools: new Map(), models: 0, failed: 0 });
        break;
      case "tool_call": {
        const cell = this.#cells.get(event.stepId);
        if (cell === undefined) break;
        cell.tools.set(event.name, (cell.tools.get(event.name) ?? 0) + 1);
        this.#callers.set(event.callId, cell);
        break;
      }
      case "tool_result": {
        const cell = this.#callers.get(event.callId);
        if (cell !== undefined && !event.ok) cell.failed++;
        this.#callers.delete(event.callId);
        break;
      }
      case "model_request": {
        const cell = event.stepId === null ? undefined : this.#cells.get(event.stepId);
        if (cell !== undefined && event.role === "sub") cell.models++;
        break;
      }
      case "cell_end":
        this.#cells.delete(event.stepId);
        break;
    }
  }

  /** The calls of a cell that is open: each tool with its count, the model calls behind them, those that failed. */
  line(stepId: string): string {
    const cell = this.#cells.get(stepId);
    if (cell === undefined) return "";
    return [
      ...[...cell.tools].map(([name, calls]) => `${makeVisible(name)} × ${count(calls)}`),
      ...(cell.models > 0 ? [plural(cell.models, "model call")] : []),
      ...(cell.failed > 0 ? [`${count(cell.failed)} failed`] : []),
    ].join(" · ");
  }
}
