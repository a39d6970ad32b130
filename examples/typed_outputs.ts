// deno run -A examples/typed_outputs.ts
import { RLM } from "@rlm/rlm";
import { cell, ScriptedModel } from "@rlm/rlm/testing";

const script = new ScriptedModel([
  cell("print(context)"),
  cell("SUBMIT(city='Oslo', days='three', mood='good')"), // refused: days is no int
  cell("SUBMIT(city='Oslo', days=3, mood='good')"),
]);
const lm = Deno.env.get("RLM_MODEL") ?? script;

// TypeScript reads the signature too: the result's properties have these types.
const rlm = new RLM(
  "context, query -> city: str, days: int, mood: Literal['good', 'bad'], price: Optional[float]",
  { lm },
);
const context = "Three wonderful days in Oslo. We forgot what the hotel took.";
const { city, days, mood, price } = await rlm.run({ context, query: "What is said of the trip?" });

const nights: number = days - 1;
const known: number | null = price ?? null;
console.log({ city, nights, mood, known });
