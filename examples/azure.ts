// AZURE_OPENAI_ENDPOINT=https://NAME.openai.azure.com AZURE_OPENAI_API_KEY=... deno run -A examples/azure.ts
import { RLM } from "@rlm/rlm";

// After the slash stands the name of your deployment, not of the model.
const deployment = Deno.env.get("AZURE_OPENAI_DEPLOYMENT") ?? "gpt-5-mini";
const rlm = new RLM("context, query -> answer: int", {
  lm: `azure/${deployment}`,
  maxTokens: 200_000,
});

const context = "the cat sat on the mat\n".repeat(10_000);
const { answer, usage } = await rlm.run({ context, query: "How many lines are there?" });
console.log(answer, `${usage.calls} calls`);
