/** What the root model is shown: how it grows with the input, and how much of it stays the same from turn to turn. */
import { RLM } from "../../lib/rlm.ts";
import type { Message } from "../../lib/models/language_model.ts";
import { cell, FakeSandbox, ScriptedModel } from "../../lib/testing.ts";
import type { Effort, Figure } from "./figure.ts";
import { exactly, spreadOf } from "./measure.ts";

const TURNS = 10;
/** Digits by which sizes of 1 MB and 500 MB differ where the prompt tells them. */
const FEW_DIGITS = 10;

/** Prompts of ten turns over 1 MB and over 500 MB. */
export async function* prompt(_effort: Effort): AsyncGenerator<Figure> {
  const small = await promptsOver(1);
  const large = await promptsOver(500);
  yield {
    what: "characters that the root model sees of 1 MB, first turn",
    unit: "characters",
    spread: exactly(small[0]?.length ?? NaN),
  };
  yield {
    what: "more that it sees of 500 MB, any of ten turns",
    unit: "characters",
    spread: spreadOf(large.map((text, turn) => text.length - (small[turn]?.length ?? NaN))),
    bar: { most: FEW_DIGITS },
  };
  yield {
    what: "prefix shared with the request before ÷ that request",
    unit: "shares",
    spread: spreadOf(large.slice(1).map((text, turn) => shared(large[turn] ?? "", text))),
    bar: { least: 1 },
  };
}

async function promptsOver(megabytes: number): Promise<string[]> {
  const lm = new ScriptedModel((_, index) =>
    index < TURNS - 1 ? cell(`print(${index})`) : cell("SUBMIT(answer=1)")
  );
  const sandbox = () => Promise.resolve(new FakeSandbox());
  const rlm = new RLM("context, query -> answer: int", { lm, sandbox });
  const context = "0123456789".repeat(megabytes * 100_000);
  await rlm.run({ context, query: "How many?" });
  return lm.requests.map(({ messages }) => textOf(messages));
}

function textOf(messages: readonly Message[]): string {
  return messages.map(({ role, content }) => `${role}\n${content}\n`).join("");
}

/** Share of `before` that `after` begins with. */
function shared(before: string, after: string): number {
  let at = 0;
  while (at < before.length && before[at] === after[at]) at++;
  return at / before.length;
}
