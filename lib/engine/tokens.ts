/** Estimates of tokens, for budgets and previews; no tokenizer is loaded. */
import type { Message } from "../models/language_model.ts";

/** Characters of English text or code that make a token, on average. */
const CHARS_PER_TOKEN = 4;
/** Tokens that a message costs beside its text. */
const MESSAGE_TOKENS = 8;
/** Longer texts are judged by this many characters of their head, middle and tail. */
const SAMPLE_CHARS = 30_000;

/** Estimates the tokens of a text: four ASCII characters, or one other character, to a token. */
export function estimateTokens(text: string): number {
  const sample = sampleOf(text);
  if (sample === "") return 0;
  let wide = 0;
  for (let at = 0; at < sample.length; at++) if (sample.charCodeAt(at) > 0x7f) wide++;
  const tokens = (sample.length - wide) / CHARS_PER_TOKEN + wide;
  return Math.ceil(tokens * (text.length / sample.length));
}

/** Estimates the input tokens of a request. */
export function estimateMessageTokens(messages: readonly Message[]): number {
  return messages.reduce((sum, { content }) => sum + estimateTokens(content) + MESSAGE_TOKENS, 0);
}

function sampleOf(text: string): string {
  if (text.length <= SAMPLE_CHARS) return text;
  const part = SAMPLE_CHARS / 3;
  const middle = Math.floor((text.length - part) / 2);
  return text.slice(0, part) + text.slice(middle, middle + part) + text.slice(-part);
}
