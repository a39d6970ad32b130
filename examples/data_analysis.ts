// deno run -A examples/data_analysis.ts
import { RLM } from "@rlm/rlm";
import { cell, ScriptedModel } from "@rlm/rlm/testing";

const script = new ScriptedModel([
  cell(
    "import csv, io\nrows = list(csv.DictReader(io.StringIO(table)))\nprint(len(rows), rows[0])",
  ),
  cell(
    "from statistics import mean\nby_month = {}\n" +
      "for row in rows: by_month.setdefault(row['day'][:7], []).append(float(row['celsius']))\n" +
      "means = {month: round(mean(values), 2) for month, values in by_month.items()}\nprint(means)",
  ),
  cell("SUBMIT(warmest=max(means, key=means.get), means=means)"),
]);
const lm = Deno.env.get("RLM_MODEL") ?? script;

// Numbers are worked out by Python, exactly, over all rows; the model sees a few of them.
const days = Array.from({ length: 365 }, (_, n) => {
  const celsius = 10 - 12 * Math.cos(2 * Math.PI * (n - 15) / 365);
  return `${new Date(Date.UTC(2025, 0, n + 1)).toISOString().slice(0, 10)},${celsius.toFixed(2)}`;
});
const table = `day,celsius\n${days.join("\n")}\n`;

const rlm = new RLM("table, query -> warmest: str, means: dict[str, float]", { lm });
const { warmest, means } = await rlm.run({
  table,
  query: "Which month was the warmest on average?",
});
console.log(warmest, means[warmest]);
