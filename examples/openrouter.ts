// OPENROUTER_API_KEY=... deno run -A examples/openrouter.ts
import { resolveModel, RLM } from "@rlm/rlm";

// OPENROUTER_BASE_URL is for a proxy in between; OpenRouter tells itself what each call has cost.
const baseUrl = Deno.env.get("OPENROUTER_BASE_URL");
const open = (model: string) => resolveModel(`openrouter/${model}`, baseUrl ? { baseUrl } : {});

const rlm = new RLM("context, query -> answer: int", {
  lm: open("qwen/qwen3-coder"),
  subLm: open("mistralai/mistral-small"),
});
const context = "the cat sat on the mat\n".repeat(10_000);
const { answer, usage } = await rlm.run({ context, query: "How many lines are there?" });
console.log(answer, `${usage.calls} calls`, usage.cost);
