/** A sandbox that brings back the variables of a recorded run before it runs anything new. */
import { SandboxError } from "../errors.ts";
import type { Cell, ExecuteOptions, Sandbox, SandboxFactory, Tool } from "../host/sandbox.ts";
import type { SavedCheckpoint } from "../trace/checkpoint_store.ts";
import { describeTextDifference } from "../trace/difference.ts";
import type { RecordedCell, ToolEvent } from "../trace/recorded_cell.ts";
import { abortable } from "../abort.ts";
import type { Resumption } from "./resume.ts";

/** Makes a sandbox with the memory that was saved. */
export type RestoreSandbox = (
  saved: Uint8Array,
  options: { readonly signal?: AbortSignal },
) => Promise<Sandbox>;

/** Has the first sandbox, which is the outermost run's, bring its variables back; all others are new anyway. */
export function resumedSandboxes(
  factory: SandboxFactory,
  resumption: Resumption,
  restore: RestoreSandbox | null,
): SandboxFactory {
  let isFirst = true;
  return async (options) => {
    if (!isFirst) return await factory(options);
    isFirst = false;
    const fresh = cellsBeforeFreshStart(resumption.cells);
    const saved = restore === null ? null : await resumption.checkpoint(options);
    // A memory from before the guest was lost for good has what the run went on without.
    const restored = saved === null || restore === null || saved.cells < fresh
      ? null
      : await tryRestore(restore, saved, options);
    return new ResumedSandbox(restored ?? await factory(options), resumption, {
      hasInputs: restored !== null,
      from: restored === null ? fresh : saved?.cells ?? fresh,
    });
  };
}

/** Has a session's sandbox, as the runs before left it, bring back what the recorded run did in it. */
export function resumedSandbox(sandbox: Sandbox, resumption: Resumption): Sandbox {
  return new ResumedSandbox(sandbox, resumption, {
    hasInputs: false,
    from: cellsBeforeFreshStart(resumption.cells),
  });
}

/** A checkpoint that cannot be used, such as another version's, only costs time: the cells run again. */
async function tryRestore(
  restore: RestoreSandbox,
  { bytes }: SavedCheckpoint,
  options: { readonly signal?: AbortSignal },
): Promise<Sandbox | null> {
  try {
    return await restore(bytes, options);
  } catch (error) {
    if (error instanceof SandboxError) return null;
    throw error;
  }
}

/** How many cells ended before the guest was last lost and came back with nothing of what they had done. */
function cellsBeforeFreshStart(cells: readonly RecordedCell[]): number {
  return 1 +
    cells.findLastIndex(({ cell }) =>
      cell.status === "lost" && cell.restored?.from !== "checkpoint" &&
      cell.restored?.from !== "variables"
    );
}

class ResumedSandbox implements Sandbox {
  readonly #inner: Sandbox;
  readonly #resumption: Resumption;
  readonly #hasInputs: boolean;
  /** Cells up to this one left nothing behind that is not in the guest's memory already. */
  readonly #from: number;
  #count = 0;

  constructor(inner: Sandbox, resumption: Resumption, base: { hasInputs: boolean; from: number }) {
    this.#inner = inner;
    this.#resumption = resumption;
    this.#hasInputs = base.hasInputs;
    this.#from = base.from;
  }

  async bind(
    values: Readonly<Record<string, unknown>>,
    options: { signal?: AbortSignal } = {},
  ): Promise<void> {
    // A restored memory has what was bound before its last cell: the inputs, and the log of a compaction.
    if (this.#hasInputs && this.#count < this.#from) return;
    await this.#inner.bind(values, options);
  }

  async execute(code: string, options: ExecuteOptions = {}): Promise<Cell> {
    this.#count++;
    const recorded = this.#resumption.cells[this.#count - 1];
    if (recorded === undefined) return await this.#inner.execute(code, options);
    // A cell in which the guest was lost left nothing behind, whatever it did.
    const isDone = this.#count <= this.#from || recorded.cell.status === "lost";
    if (isDone) await retell(recorded, options, this.#resumption);
    else {
      const tools = withRecordedClock(options.tools ?? {}, recorded);
      this.#compare(await this.#inner.execute(code, { ...options, tools }), recorded);
    }
    this.#resumption.check();
    return recorded.cell;
  }

  checkpoint(options: { signal?: AbortSignal } = {}): Promise<Uint8Array> {
    return this.#inner.checkpoint(options);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #compare(cell: Cell, { cell: recorded, turn }: RecordedCell): void {
    this.#resumption.check();
    // Where a time limit cut a cell is never the same twice.
    if (recorded.status === "timeout") return;
    for (const [what, of] of COMPARED) {
      const [before, now] = [of(recorded), of(cell)];
      if (before === now) continue;
      const difference = describeTextDifference(before, now);
      this.#resumption.diverge(`the ${what} of the cell of turn ${turn} ${difference}`);
    }
  }
}

/** What must be the same when a cell runs again. */
const COMPARED: readonly (readonly [string, (cell: Cell) => string])[] = [
  ["output", ({ stdout }) => stdout],
  ["value", ({ value }) => value ?? "None"],
  ["error", ({ error }) => error === null ? "none" : `${error.type}: ${error.message}`],
  ["stderr", ({ stderr }) => stderr],
  ["status", ({ status }) => status],
];

/** Has `budget()` say what it said then: it tells of the time, which is another now. */
function withRecordedClock(
  tools: Readonly<Record<string, Tool>>,
  { tools: events }: RecordedCell,
): Record<string, Tool> {
  const budget = tools.budget;
  if (budget === undefined) return { ...tools };
  const calls = events.filter((event) => event.type === "tool_call" && event.name === "budget");
  const results = calls.map(({ callId }) =>
    events.find((event) => event.type === "tool_result" && event.callId === callId)
  );
  const invoke: Tool["invoke"] = async (args, context) => {
    const now = await budget.invoke(args, context);
    const then = results.shift();
    return then?.type === "tool_result" && then.ok ? then.result : now;
  };
  return {
    ...tools,
    budget: { description: budget.description, parameters: budget.parameters, invoke },
  };
}

/** Makes the tool calls of a recorded cell without running it, so that they count as they did. */
async function retell(
  { tools: events, cell, turn }: RecordedCell,
  options: ExecuteOptions,
  resumption: Resumption,
): Promise<void> {
  if (cell.stdout !== "") options.onOutput?.("stdout", cell.stdout);
  if (cell.stderr !== "") options.onOutput?.("stderr", cell.stderr);
  const end = new AbortController();
  const signal = AbortSignal.any(options.signal ? [options.signal, end.signal] : [end.signal]);
  const open = new Map<string, Promise<unknown>>();
  for (const event of events) {
    if (event.type === "tool_call") {
      const tool = options.tools?.[event.name];
      if (tool === undefined) {
        resumption.diverge(`the cell of turn ${turn} calls ${event.name}(), which is missing`);
      }
      open.set(event.callId, call(tool, event, signal));
    } else await abortable(open.get(event.callId) ?? Promise.resolve(), signal);
  }
  // What is open now was given up when the cell ended.
  end.abort(new DOMException("the cell has ended", "AbortError"));
  await Promise.all(open.values());
}

/** Makes one call; what it comes to is in the recorded cell already. */
async function call(
  tool: Tool,
  { args }: ToolEvent & { readonly type: "tool_call" },
  signal: AbortSignal,
): Promise<void> {
  try {
    await tool.invoke({ ...args }, { signal });
  } catch {
    // The cell has seen the failure and gone on.
  }
}
