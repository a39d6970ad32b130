/** What of a message is not part of what is asked. */
import { assertEquals } from "@std/assert";
import { statusLine } from "../lib/engine/feedback.ts";
import { withoutFigures } from "../lib/trace/figures.ts";

const left = { turn: 3, maxIterations: 20, llmCalls: null, tokens: null, cost: null };

Deno.test("Whatever the engine says of what is left, only the turn counts as part of a message", () => {
  const llmCalls = { used: 7, allowed: 50 };
  for (
    const figures of [
      left,
      { ...left, maxIterations: 3 },
      { ...left, maxIterations: 4 },
      { ...left, llmCalls, tokens: 1_234_567, cost: "$0.1234" },
    ]
  ) {
    const message = `Output\n\n${statusLine(figures)}\n\nThe run ends here.`;
    assertEquals(withoutFigures(message), "Output\n\n[Turn 3]\n\nThe run ends here.");
  }
});

Deno.test("Figures that are not a status line stay", () => {
  const text = "see [Turn 3 of 20] there\n[Turn a of b]\n[Turns 3 of 20]";
  assertEquals(withoutFigures(text), text);
});
