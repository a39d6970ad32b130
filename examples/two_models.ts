// deno run -A examples/two_models.ts
// With live models: RLM_MODEL=openai/gpt-5 RLM_SUB_MODEL=openai/gpt-5-mini deno run -A examples/two_models.ts
import { RLM } from "@rlm/rlm";
import { cell, ScriptedModel } from "@rlm/rlm/testing";

const planner = new ScriptedModel([
  cell(
    "parts = context.split('\\n\\n')\n" +
      "verdicts = llm_query_batched(['Is the customer content? Yes or no.\\n' + p for p in parts])\nprint(verdicts)",
  ),
  cell("SUBMIT(content=sum(v.startswith('Yes') for v in verdicts), all=len(parts))"),
], { name: "planner" });
const reader = new ScriptedModel(
  ({ messages }) => messages.at(-1)?.content.includes("thank") ? "Yes" : "No",
  { name: "reader" },
);

// A strong model writes the code; a cheap one reads the passages, several at a time.
const rlm = new RLM("context, query -> content: int, all: int", {
  lm: Deno.env.get("RLM_MODEL") ?? planner,
  subLm: Deno.env.get("RLM_SUB_MODEL") ?? reader,
  concurrency: 8,
});
const context = "It broke at once.\n\nMany thanks, it works!\n\nI thank you all.";
const result = await rlm.run({ context, query: "How many of the writers are content?" });

console.log(`${result.content} of ${result.all}`);
for (const { role, model, calls } of result.usage.rows) console.log(role, model, calls);
