/** The loop: turns until an answer passes, or until a cap or a stall ends them. */
import { type BudgetCap, BudgetError, SandboxError } from "../errors.ts";
import type { Cell } from "../host/sandbox.ts";
import { dollars } from "./budget_message.ts";
import { REPEATED_FEEDBACK, statusLine, STILL_NO_CODE } from "./feedback.ts";
import type { Outputs } from "./job.ts";
import type { Run } from "./run_tree.ts";
import type { Settings } from "./settings.ts";
import { type StallAdvice, StallGuard } from "./stall_guard.ts";
import { askToVerify, recordOf, takeTurn, type TurnEnd } from "./turn.ts";
import type { Workbench } from "./workbench.ts";

/** How the loop ended. */
export type LoopEnd =
  | { readonly kind: "submitted"; readonly outputs: Outputs }
  | {
    readonly kind: "stopped";
    /** The cap that ended it; null when it went in circles. */
    readonly cap: BudgetCap | null;
    /** In words, for the model's last call. */
    readonly reason: string;
    /** An answer that passed the check but was not handed in a second time. */
    readonly kept: Outputs | null;
  };

/** Refused answers after which the run stops asking for one. */
const MOST_REFUSALS = 5;
/** Guests lost in a row after which the sandbox is at fault. */
const MOST_LOST = 3;

/** Takes turns until the run has an answer or must stop; throws what no turn could mend. */
export async function runLoop(bench: Workbench): Promise<LoopEnd> {
  return await new Loop(bench).run();
}

class Loop {
  readonly #bench: Workbench;
  readonly #run: Run;
  readonly #settings: Settings;
  readonly #stalls = new StallGuard();
  #advice: StallAdvice = "fine";
  #kept: Outputs | null = null;
  /** The model has been shown output, in this run or in an earlier one of its session. */
  #seen: boolean;
  #refusals = 0;
  #lost = 0;
  /** How the cells of this run have ended. */
  readonly #endings = new Set<Cell["status"]>();

  constructor(bench: Workbench) {
    this.#bench = bench;
    this.#run = bench.run;
    this.#settings = bench.settings;
    this.#seen = bench.conversation.log.some(({ output }) => output !== "");
  }

  async run(): Promise<LoopEnd> {
    for (let turn = this.#run.turns.length + 1; turn <= this.#settings.maxIterations; turn++) {
      try {
        const end = await this.#turn(turn);
        if (end !== null) return end;
      } catch (error) {
        if (!(error instanceof BudgetError)) throw error;
        return this.#stopped(error.cap, error.message);
      }
    }
    const { maxIterations } = this.#settings;
    this.#run.emit({
      type: "budget",
      cap: "maxIterations",
      used: maxIterations,
      allowed: maxIterations,
    });
    return this.#stopped("maxIterations", `all ${maxIterations} turns are used`);
  }

  /** Takes one turn; null when the run goes on. */
  async #turn(turn: number): Promise<LoopEnd | null> {
    const run = this.#run;
    run.signal.throwIfAborted();
    const started = performance.now();
    const stepId = `${run.id}/${turn}`;
    run.stepId = stepId;
    run.subCalls = [];
    run.notes = [];
    run.emit({ type: "turn_start", stepId, turn, maxIterations: this.#settings.maxIterations });
    const end = this.#holdBack(await takeTurn(this.#bench), turn);
    const record = recordOf(run, end, turn, performance.now() - started);
    run.turns.push(record);
    const result = end.outputs !== null && end.outputs !== this.#kept
      ? { kind: "submitted" as const, outputs: end.outputs }
      : this.#mustStop(end);
    const feedback = result === null ? this.#feedback(end, turn) : end.feedback.join("\n\n");
    run.emit({ type: "turn_end", stepId, feedback });
    this.#bench.conversation.add(end.reply.content, feedback, record);
    return result;
  }

  /** Keeps an answer that came before the model had seen any output, and asks to look at it, once. */
  #holdBack(end: TurnEnd, turn: number): TurnEnd {
    const blind = !this.#seen && this.#settings.verify && turn < this.#settings.maxIterations;
    const printed = end.cell !== null && end.cell.stdoutChars + end.cell.stderrChars > 0;
    if (printed || end.cell?.error || end.cell?.value) this.#seen = true;
    if (end.outputs === null || !blind || this.#kept !== null) return end;
    this.#kept = end.outputs;
    return askToVerify(end);
  }

  /** Counts what went wrong in a turn, and tells whether the run must stop because of it. */
  #mustStop(end: TurnEnd): LoopEnd | null {
    this.#watchSandbox(end);
    const failed = end.reply.problem !== null || end.cell?.error !== null || end.refused !== null;
    if (failed && this.#run.tree.budget.countError()) {
      const allowed = this.#run.tree.budget.limits.maxErrors;
      return this.#stopped("maxErrors", `${allowed} turns failed`);
    }
    if (end.refused !== null && ++this.#refusals >= MOST_REFUSALS) {
      return this.#stopped(null, `${MOST_REFUSALS} answers were refused`);
    }
    this.#advice = this.#stalls.watch(end.reply.code);
    if (this.#advice !== "stop") return null;
    const reason = end.reply.code === "" ? "replies came without code" : "the same cell came again";
    return this.#stopped(null, `the run went in circles: ${reason}`);
  }

  #watchSandbox({ cell }: TurnEnd): void {
    if (cell !== null) this.#endings.add(cell.status);
    this.#lost = cell?.status === "lost" ? this.#lost + 1 : 0;
    if (this.#lost < MOST_LOST) return;
    throw new SandboxError(
      `run a cell: the sandbox was lost in ${this.#lost} turns in a row; ` +
        "read the cells in the trajectory, and give it more memoryMb or timeoutMs",
    );
  }

  /** Ends the turns; when every cell was lost there is nothing that an answer could be taken from. */
  #stopped(cap: BudgetCap | null, reason: string): LoopEnd {
    if (this.#endings.size === 1 && this.#endings.has("lost")) {
      throw new SandboxError(
        `take an answer from the run after ${reason}: the sandbox was lost in every cell; ` +
          "read the cells in the trajectory, and give it more memoryMb or timeoutMs",
      );
    }
    return { kind: "stopped", cap, reason, kept: this.#kept };
  }

  #feedback(end: TurnEnd, turn: number): string {
    const nudge = end.reply.code === "" ? STILL_NO_CODE : REPEATED_FEEDBACK;
    return [
      ...end.feedback,
      ...(this.#advice === "nudge" ? [nudge] : []),
      statusOf(this.#run, this.#settings, turn + 1),
    ].join("\n\n");
  }
}

/** The line about what is left, for the message before the given turn. */
export function statusOf(run: Run, settings: Settings, turn: number): string {
  const { budget } = run.tree;
  const allowed = budget.limits.maxLlmCalls;
  const cost = budget.left("maxCost");
  return statusLine({
    turn,
    maxIterations: settings.maxIterations,
    llmCalls: allowed === null || !settings.profile.subCalls
      ? null
      : { used: budget.calls, allowed },
    tokens: budget.left("maxTokens"),
    cost: cost === null ? null : dollars(cost),
  });
}
