/** What the root model sees against the size of the input, and the stability of its prompt's prefix. Bars: constant, 1.0. */
import { RLM } from "../../lib/rlm.ts";
import { cell, FakeSandbox, ScriptedModel } from "../../lib/testing.ts";
import type { Message } from "../../lib/models/language_model.ts";
import { figure } from "./figure.ts";

const encoder = new TextEncoder();

function bytesOf(messages: readonly Message[]): Uint8Array {
  return encoder.encode(messages.map(({ role, content }) => `${role}\n${content}\n`).join(""));
}

function shared(before: Uint8Array, after: Uint8Array): number {
  let at = 0;
  while (at < before.length && before[at] === after[at]) at++;
  return at / before.length;
}

for (const megabytes of [1, 10, 100, 500]) {
  const lm = new ScriptedModel((_, index) =>
    index < 9 ? cell(`print(${index})`) : cell("SUBMIT(answer=1)")
  );
  const sandbox = () => Promise.resolve(new FakeSandbox());
  const rlm = new RLM("context, query -> answer: int", { lm, sandbox });
  const context = "0123456789".repeat(megabytes * 100_000);
  const started = performance.now();
  await rlm.run({ context, query: "How many?" });
  const milliseconds = performance.now() - started;
  const prompts = lm.requests.map(({ messages }) => bytesOf(messages));
  const least = Math.min(
    ...prompts.slice(1).map((prompt, at) => shared(prompts[at] ?? prompt, prompt)),
  );
  await figure(
    `${megabytes} MB: first prompt ${prompts[0]?.length} bytes, ten turns in ${
      milliseconds.toFixed(0)
    } ms, ` +
      `prefix stability ${least.toFixed(3)} (bar: 1.000)`,
  );
}
