// deno run -A examples/recursion.ts
import { RLM } from "@rlm/rlm";
import { cell, ScriptedModel } from "@rlm/rlm/testing";

// The same model serves the root and its children; a child is known by the task it was given.
const script = new ScriptedModel(({ messages }) => {
  const task = messages[1]?.content ?? "";
  if (!task.includes("Add up")) {
    return cell(
      "totals = {}\nfor year, text in reports.items():\n" +
        "  totals[year] = int(rlm_query('Add up the numbers in context', text))\n" +
        "print(totals)\nSUBMIT(best=max(totals, key=totals.get), totals=totals)",
    );
  }
  return cell("import re\nSUBMIT(sum(int(n) for n in re.findall(r'\\d+', context)))");
});

// Depth 2 lets a cell start child runs by rlm_query(): each has a REPL of its own, and all draw on one budget.
const rlm = new RLM("reports: dict[str, str], query -> best: str, totals: dict[str, int]", {
  lm: Deno.env.get("RLM_MODEL") ?? script,
  maxDepth: 2,
  verify: false,
});
const reports = { "2023": "sold 4, then 5", "2024": "sold 9 and 9", "2025": "sold 1" };
const { best, totals } = await rlm.run({ reports, query: "In which year was the most sold?" });
console.log(best, totals);
