// deno run -A examples/budget.ts
import { BudgetError, RLM } from "@rlm/rlm";
import { cell, ScriptedModel } from "@rlm/rlm/testing";

const dear = new ScriptedModel(
  ({ messages }) =>
    messages.at(-1)?.content.includes("JSON") ? '{"answer": "the best so far"}' : cell("print(1)"),
  { pricePerToken: 0.000_05 },
);
const lm = Deno.env.get("RLM_MODEL") ?? dear;
const inputs = { context: "…", query: "What is it?" };

// Caps are checked before anything is sent. Near one, the answer is taken from what was found so far, and says so.
const capped = new RLM("context, query -> answer", { lm, maxIterations: 3, maxLlmCalls: 10 });
const { answer, stopReason, stoppedBy, usage } = await capped.run(inputs);
console.log(answer, stopReason, stoppedBy, usage.calls);

// A cap that is too low even for one call ends in an error that tells the figures; nothing was sent.
try {
  await new RLM("context, query -> answer", { lm, maxCost: 0.000_001 }).run(inputs);
} catch (error) {
  if (!(error instanceof BudgetError)) throw error;
  console.log(error.cap, error.used, error.allowed);
}
