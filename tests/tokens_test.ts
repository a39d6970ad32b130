/** Estimates and sums of tokens. */
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { estimateMessageTokens, estimateTokens, NO_TOKENS, sumTokens } from "../lib/tokens.ts";

const PROSE =
  "The committee met on Tuesday and agreed to publish the report before the end of May. ";

Deno.test("An estimate of English prose is within a quarter of the true count", () => {
  // 17 tokens in the vocabularies of current models, the full stop and the space in them.
  const perSentence = estimateTokens(PROSE.repeat(100)) / 100;
  assertGreater(perSentence, 17 * 0.75);
  assertLess(perSentence, 17 * 1.25);
});

Deno.test("Code, tables and other languages are estimated within a quarter of the true count", () => {
  // Counted with the vocabulary o200k_base.
  const counted: readonly (readonly [string, number])[] = [
    ["2024-05-17,1042,19.99,EUR,shipped\n", 19],
    ['if (found !== undefined) return found["path"]; // none\n', 14],
    ["Der Ausschuss trat am Dienstag zusammen und beschloss es. ", 12],
    ["委員会は火曜日に会合を開き、報告書を公表することに同意した。", 26],
  ];
  for (const [text, tokens] of counted) {
    const share = estimateTokens(text.repeat(50)) / 50 / tokens;
    assertGreater(share, 0.75, text);
    assertLess(share, 1.25, text);
  }
});

Deno.test("An empty text has no tokens", () => assertEquals(estimateTokens(""), 0));

Deno.test("A long text is estimated from samples, close to the estimate of the whole", () => {
  const whole = estimateTokens(PROSE) * 100_000;
  const sampled = estimateTokens(PROSE.repeat(100_000));
  assertGreater(sampled, whole * 0.95);
  assertLess(sampled, whole * 1.05);
});

Deno.test("The time of an estimate does not grow with the text", () => {
  const text = "word ".repeat(20_000_000);
  const started = performance.now();
  estimateTokens(text);
  assertLess(performance.now() - started, 1_000);
});

Deno.test("Samples see every part of a text, its end too", () => {
  const plain = "word ".repeat(200_000);
  const dense = "会议于星期二举行".repeat(125_000);
  assertGreater(estimateTokens(plain + dense), estimateTokens(plain + plain) * 1.2);
});

Deno.test("Messages cost a little more than their texts", () => {
  const message = { role: "user", content: PROSE } as const;
  assertEquals(estimateMessageTokens([message, message]), 2 * (estimateTokens(PROSE) + 4));
});

Deno.test("Unknown usage adds nothing", () => {
  const one = { ...NO_TOKENS, inputTokens: 1, outputTokens: 2 };
  assertEquals(sumTokens(one, one), { ...NO_TOKENS, inputTokens: 2, outputTokens: 4 });
  assertEquals(sumTokens(one, null), one);
  assertEquals(sumTokens(null, one), one);
  assertEquals(sumTokens(null, null), null);
});
