// deno run -A examples/streaming.ts
import { RLM } from "@rlm/rlm";
import { cell, ScriptedModel } from "@rlm/rlm/testing";

const script = new ScriptedModel([
  cell("print(len(context))", "First the size."),
  cell("SUBMIT(answer=context[:5])"),
]);
const lm = Deno.env.get("RLM_MODEL") ?? script;

const rlm = new RLM("context, query -> answer", { lm });
const stream = rlm.stream({ context: "Hello, world. ".repeat(1000), query: "How does it begin?" });

// Events come as they happen; leaving the loop early ends the run. model_delta brings text piece by piece.
for await (const event of stream) {
  if (event.type === "turn_start") console.log(`turn ${event.turn}`);
  else if (event.type === "cell_start") console.log(`  > ${event.code}`);
  else if (event.type === "cell_output") console.log(`  | ${event.text.trimEnd()}`);
  else if (event.type === "run_end") console.log(event.stopReason, event.result);
}
