// deno run -A examples/batch.ts
import { RLM } from "@rlm/rlm";
import { cell, ScriptedModel } from "@rlm/rlm/testing";

const script = new ScriptedModel(({ messages }) =>
  messages.length > 2
    ? cell("SUBMIT(answer=context.count('a') // (context.count('z') == 0))")
    : cell("print(context[:20])")
);
const rlm = new RLM("context, query -> answer: int", {
  lm: Deno.env.get("RLM_MODEL") ?? script,
  maxIterations: 3,
});

// Four runs at a time; each has a result or an error in its own place, and one failure spoils no other.
const inputs = ["banana", "papaya", "cherry", "kiwi"].map((context) => ({
  context,
  query: "How many times is there an a?",
}));
const items = await rlm.batch(inputs, {
  concurrency: 2,
  maxErrors: 3,
  onProgress: ({ done, total }) => console.error(`${done}/${total}`),
});
items.forEach((item, n) => {
  console.log(inputs[n]?.context, item.ok ? item.result.answer : `failed: ${item.error}`);
});
