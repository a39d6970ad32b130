// deno run -A examples/custom_tools.ts
import { DatabaseSync } from "node:sqlite";
import { RLM, tool } from "@rlm/rlm";
import { cell, ScriptedModel } from "@rlm/rlm/testing";

const database = new DatabaseSync(":memory:");
database.exec(`CREATE TABLE orders (customer TEXT, cents INTEGER);
  INSERT INTO orders VALUES ('Ada', 1200), ('Bob', 300), ('Ada', 4500), ('Cem', 2500)`);

// The tool runs here, with this program's rights; Python sees a function and gets rows.
const query = tool({
  description: "Runs one SELECT over orders(customer, cents) and returns a list of dicts",
  parameters: "sql: str",
  run: ({ sql }) => {
    if (!/^\s*select\b/i.test(sql)) throw new RangeError("only SELECT is allowed");
    return database.prepare(sql).all();
  },
});

const script = new ScriptedModel([
  cell("try:\n  query_orders('DROP TABLE orders')\nexcept Exception as error: print(error)"),
  cell(
    "rows = query_orders('SELECT customer, sum(cents) AS total FROM orders GROUP BY 1 ORDER BY 2 DESC')\n" +
      "print(rows)",
  ),
  cell("SUBMIT(customer=rows[0]['customer'], euros=rows[0]['total'] / 100)"),
]);
const lm = Deno.env.get("RLM_MODEL") ?? script;
const rlm = new RLM("task -> customer: str, euros: float", { lm, tools: { query_orders: query } });

const { customer, euros } = await rlm.run({ task: "Who has spent the most, and how many euros?" });
console.log(customer, euros);
