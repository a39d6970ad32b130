/** An RLM as data: what is kept, what is left out, and that it comes back the same. */
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { RLM } from "../lib/rlm.ts";
import { tool } from "../lib/engine/tool.ts";
import { FakeSandbox, ScriptedModel, submitLiterals } from "../lib/testing.ts";

const sandbox = () => Promise.resolve(new FakeSandbox(submitLiterals));

Deno.test("an RLM goes through JSON with its signature, instructions, profile and options", () => {
  const rlm = new RLM(
    {
      inputs: { context: "str", limit: { type: "int", default: 3, description: "At most" } },
      outputs: { answer: { type: "Literal['a', 'b']", description: "Which" }, pages: "list[int]" },
      instructions: "Choose.",
    },
    {
      lm: "openai/gpt-5",
      models: { strong: "openai/gpt-5", odd: new ScriptedModel([]) },
      maxIterations: 7,
      maxTokens: 1_000,
      profile: "weakCoder",
      instructions: "Be quick.",
      sandbox: { memoryMb: 512, read: ["data"] },
      cache: false,
    },
  );
  const again = RLM.fromJSON(JSON.parse(JSON.stringify(rlm)));
  assertEquals(again.toJSON(), rlm.toJSON());
  assertEquals(again.signature.outputSchema, rlm.signature.outputSchema);
  assertEquals(again.signature.inputs, rlm.signature.inputs);
  assertEquals(again.options, {
    lm: "openai/gpt-5",
    models: { strong: "openai/gpt-5" },
    maxIterations: 7,
    maxTokens: 1_000,
    profile: "weakCoder",
    instructions: "Be quick.",
    sandbox: { memoryMb: 512, read: ["data"] },
    cache: false,
  });
});

Deno.test("tools, checks, and models and sandboxes that are objects stay out of the state, and are given again", async () => {
  const lookup = tool({ description: "Finds", parameters: "id: str", run: () => "" });
  const lm = new ScriptedModel(["```python\nSUBMIT(answer=1)\n```"]);
  const rlm = new RLM("query -> answer: int", {
    lm,
    subLm: lm,
    sandbox,
    tools: { lookup },
    check: () => null,
    verify: false,
  });
  const text = JSON.stringify(rlm);
  for (const left of ["lookup", "scripted", "check", "sandbox"]) assert(!text.includes(left), left);
  const result = await RLM.fromJSON(JSON.parse(text), { lm, sandbox }).run({ query: "?" });
  assertEquals(result.answer, 1);
});

Deno.test("what is no state of an RLM is refused", () => {
  for (
    const state of [null, 3, {}, { rlm: 2, signature: {}, options: {} }, {
      rlm: 1,
      signature: {},
      options: {},
    }]
  ) {
    const { message } = assertThrows(() => RLM.fromJSON(state), TypeError);
    assert(message.startsWith("read an RLM: "), message);
  }
});

Deno.test("withOptions copies with other options and leaves the first as it was", () => {
  const rlm = new RLM("query -> answer", { maxIterations: 3, maxDepth: 2 });
  const other = rlm.withOptions({ maxIterations: 5 });
  assertEquals(other.options, { maxIterations: 5, maxDepth: 2 });
  assertEquals(rlm.options.maxIterations, 3);
  assertNotEquals(other, rlm);
});
