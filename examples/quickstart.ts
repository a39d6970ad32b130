// deno run -A examples/quickstart.ts
// With a live model: RLM_MODEL=openai/gpt-5 deno run -A examples/quickstart.ts
import { RLM } from "@rlm/rlm";
import { cell, ScriptedModel } from "@rlm/rlm/testing";

// Without RLM_MODEL, these are the replies: first a look, then the answer.
const script = new ScriptedModel([
  cell("print(len(context), context[:60])", "How large is it, and what does it look like?"),
  cell("lines = [n for n in context.splitlines() if 'whale' in n]\nSUBMIT(answer=len(lines))"),
]);
const lm = Deno.env.get("RLM_MODEL") ?? script;

const context = "a calm sea\na whale in the distance\nland ahead\n".repeat(100_000);
const rlm = new RLM("context, query -> answer: int", { lm });
const result = await rlm.run({ context, query: "On how many lines is there a whale?" });

console.log(result.answer, result.stopReason, `${result.trajectory.length} turns`);
