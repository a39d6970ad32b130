// deno run -A examples/structured_extraction.ts
import { RLM } from "@rlm/rlm";
import { cell, ScriptedModel } from "@rlm/rlm/testing";

// JSON Schema, as it is: the answer is checked against it, and its type is inferred from it.
const INVOICE = {
  type: "object",
  properties: {
    number: { type: "string", pattern: "^R-\\d+$" },
    total: { type: "number", minimum: 0 },
    paid: { type: "boolean" },
  },
  required: ["number", "total", "paid"],
  additionalProperties: false,
} as const;

const script = new ScriptedModel((_request, turn) =>
  [
    cell("print(context.count('Invoice'), context[:80])"),
    cell(
      "import re\nfound = re.findall(r'Invoice (R-\\d+): ([\\d.]+) EUR(, paid)?', context)\n" +
        "invoices = [{'number': n, 'total': float(t), 'paid': bool(p)} for n, t, p in found]\n" +
        "SUBMIT(invoices=invoices)",
    ),
  ][turn] ?? ""
);
const rlm = new RLM({
  inputs: { context: "str" },
  outputs: { invoices: { type: "array", items: INVOICE } },
  instructions: "Take out every invoice.",
}, { lm: Deno.env.get("RLM_MODEL") ?? script });

const context = "Invoice R-1: 99.50 EUR, paid. Then Invoice R-2: 10 EUR is open.";
const { invoices } = await rlm.run({ context });
for (const { number, total, paid } of invoices) console.log(number, total, paid ? "paid" : "open");
