// deno run -A examples/ollama.ts
// Before: OLLAMA_CONTEXT_LENGTH=32768 ollama serve; ollama pull qwen3. For llama.cpp: RLM_MODEL=llamacpp/any
import { resolveModel, RLM } from "@rlm/rlm";

// A server on this machine needs no key. OLLAMA_HOST tells where it is; baseUrl would be for any other server.
const lm = resolveModel(Deno.env.get("RLM_MODEL") ?? "ollama/qwen3");

const rlm = new RLM("context, query -> answer: int", {
  lm,
  profile: "weakCoder", // small models are told more about how to work
  concurrency: 1, // one machine, one request at a time
  maxSeconds: 600,
});
const context = "the cat sat on the mat\n".repeat(10_000);
const { answer, usage } = await rlm.run({ context, query: "How many lines are there?" });
console.log(answer, `${usage.calls} calls`);
