// deno run -A examples/resume.ts
import { RLM } from "@rlm/rlm";
import { cell, ScriptedModel } from "@rlm/rlm/testing";

const folder = await Deno.makeTempDir();
const journal = `${folder}/run.jsonl`;
const inputs = { context: "one two three ".repeat(1000), query: "How many words?" };
const signature = "context, query -> answer: int";

// The first turn is answered, then the connection is gone; the journal keeps what there was.
const failing = new ScriptedModel([
  cell("words = context.split()\nprint(len(words))"),
  new Error("gone"),
]);
const first = new RLM(signature, { lm: failing });
await first.run(inputs, { journal }).catch((error: Error) =>
  console.log("stopped:", error.message)
);

// On another day: the recorded turn is told again for nothing, its variables are back, and the run goes on.
const working = new ScriptedModel([cell("SUBMIT(answer=len(words))")]);
const second = new RLM(signature, { lm: Deno.env.get("RLM_MODEL") ?? working });
const { answer, trajectory } = await second.resume(journal);
console.log(answer, `${trajectory.length} turns,`, `${working.requests.length} paid for now`);
await Deno.remove(folder, { recursive: true });
