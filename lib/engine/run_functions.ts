/** The functions that every cell of a run can call: sub-calls, child runs, and what is left of the budget. */
import type { GuestFunction } from "./guest_function.ts";
import type { Job } from "./job.ts";
import { childRunFunctions } from "./recursion.ts";
import type { Run } from "./run_tree.ts";
import type { Settings } from "./settings.ts";
import { subCallFunctions } from "./subcalls.ts";

/** Makes the functions of a run's cells. */
export function runFunctions(run: Run, job: Job): Record<string, GuestFunction> {
  return {
    ...(job.settings.profile.subCalls
      ? { ...subCallFunctions(run), ...childRunFunctions(run, job) }
      : {}),
    budget: budgetFunction(run, job.settings),
  };
}

function budgetFunction(run: Run, settings: Settings): GuestFunction {
  return {
    description: "What is left, as a dict; None where there is no limit.",
    parameters: { type: "object", properties: {}, additionalProperties: false },
    call: () => {
      const { budget } = run.tree;
      return Promise.resolve({
        turns: settings.maxIterations - run.turns.length - 1,
        llm_calls: budget.left("maxLlmCalls"),
        tokens: budget.left("maxTokens"),
        cost: budget.left("maxCost"),
        seconds: budget.left("maxSeconds"),
        errors: budget.left("maxErrors"),
        depth: Math.max(0, settings.maxDepth - run.depth - 1),
      });
    },
  };
}
