/** Says which cap refused a call and what remains, in words that serve the caller and the model alike. */
import type { BudgetCap } from "../errors.ts";

/** The message of a `BudgetError`. */
export function refusalMessage(
  cap: BudgetCap,
  used: number,
  allowed: number,
  wanted: number,
): string {
  const left = Math.max(0, allowed - used);
  const nothingSent = "nothing was sent";
  switch (cap) {
    case "maxLlmCalls":
      return `call a model: ${wanted} ${
        plural(wanted, "sub-call")
      } wanted, ${left} of ${allowed} left, ` +
        `${nothingSent}; put more text into each prompt, or finish in Python`;
    case "maxTokens":
      return `call a model: about ${Math.ceil(wanted)} tokens wanted, ${
        Math.floor(left)
      } of ${allowed} left, ` +
        `${nothingSent}; send less text, or finish with what you have`;
    case "maxCost":
      return `call a model: about ${dollars(wanted)} wanted, ${dollars(left)} of ${
        dollars(allowed)
      } left, ` +
        `${nothingSent}; send less text, or finish with what you have`;
    case "maxSeconds":
      return `go on: ${allowed} ${
        plural(allowed, "second")
      } have passed; finish with what you have`;
    case "maxErrors":
      return `go on: ${used} turns failed, ${allowed} allowed; read the errors in the trajectory`;
    case "maxIterations":
      return `go on: all ${allowed} turns are used`;
    case "maxDepth":
      return `start a child run: depth ${allowed} is the deepest allowed; solve it here, with llm_query for the reading`;
  }
}

/** Money with as many digits as matter. */
export function dollars(amount: number): string {
  return amount === 0 ? "$0" : `$${Number(amount.toPrecision(3))}`;
}

function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`;
}
