// deno run -A examples/many_documents.ts
import { RLM } from "@rlm/rlm";
import { cell, ScriptedModel } from "@rlm/rlm/testing";

const script = new ScriptedModel([
  cell(
    "hits = [name for name, text in documents.items() if 'penalty' in text]\nprint(len(documents), hits)",
  ),
  cell("SUBMIT(answer='Late delivery costs 5 % a week.', sources=hits)"),
]);
const lm = Deno.env.get("RLM_MODEL") ?? script;

// A record of texts becomes a dict in Python; name the type so that the result is typed too.
const documents = Object.fromEntries(
  Array.from({ length: 500 }, (_, n) => [`contract_${n}.txt`, `Contract ${n}. Delivery in May.`]),
);
documents["contract_77.txt"] += " The penalty for delay is 5 % a week.";

const rlm = new RLM("documents: dict[str, str], query -> answer: str, sources: list[str]", { lm });
const { answer, sources } = await rlm.run({ documents, query: "What does late delivery cost?" });
console.log(answer, sources);
