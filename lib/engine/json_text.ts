/** JSON text read without losing digits, and found in the middle of a model's reply. */
import { Limits } from "../../sandbox/protocol.ts";
import { findFences } from "./fences.ts";
import { splitThinking } from "./thinking.ts";

/** What a reply held: the value, or why there is none. */
export type JsonReply =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: string };

/** Nesting beyond which JSON is refused, as on the wire: what reads it later may be recursive. */
const MAX_DEPTH = Limits.depth;

/** Reads JSON; integers that a number cannot hold exactly become `bigint`. Throws `SyntaxError`. */
export function parseJson(text: string): unknown {
  if (isTooDeep(text)) throw new SyntaxError(`nested more than ${MAX_DEPTH} deep`);
  // Looking at every value is slow, so that it is only done where there may be something to see.
  if (!/[0-9]{16}/.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) => {
    const source = context?.source;
    if (typeof value !== "number" || Number.isSafeInteger(value) || source === undefined) {
      return value;
    }
    return /^-?[0-9]+$/.test(source) ? BigInt(source) : value;
  });
}

/** Whether brackets outside texts are open inside each other too often. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (const { step } of brackets(text)) {
    depth += step;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

/** Brackets outside texts from `start` on. Looks at each character once; a text that has no end holds all that is left. */
function* brackets(text: string, start = 0): Generator<{ at: number; step: 1 | -1 }> {
  let inText = false;
  for (let at = start; at < text.length; at += 1) {
    const char = text[at];
    if (inText) {
      if (char === "\\") at += 1;
      else if (char === '"') inText = false;
    } else if (char === '"') inText = true;
    else if (char === "{" || char === "[") yield { at, step: 1 };
    else if (char === "}" || char === "]") yield { at, step: -1 };
  }
}

/**
 * Finds the JSON in a model's reply: the whole of it, the last fenced block that is JSON, or the first object or
 * array in prose. Never repairs: what is not JSON is refused with the parser's reason.
 */
export function parseJsonReply(reply: string): JsonReply {
  const text = splitThinking(reply.replaceAll("\r\n", "\n")).text.trim();
  if (text === "") return { ok: false, reason: "the reply is empty" };
  const whole = tryParse(text);
  if (whole.ok) return whole;
  for (const { code } of [...findFences(text).fences].reverse()) {
    const parsed = tryParse(code);
    if (parsed.ok) return parsed;
  }
  for (const start of starts(text)) {
    const end = endOfValue(text, start);
    const parsed = end === null ? null : tryParse(text.slice(start, end));
    if (parsed?.ok) return parsed;
  }
  return whole;
}

/** Reads a text as JSON, or says why it is none. */
function tryParse(text: string): JsonReply {
  try {
    return { ok: true, value: parseJson(text) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, reason: `the reply is not JSON: ${reason}` };
  }
}

/** Places where an object or array could begin; few, so that a hostile reply costs little. */
function starts(text: string): number[] {
  return [...text.matchAll(/[[{]/g)].slice(0, 50).map((match) => match.index);
}

/** Index after the bracket that closes the one at `start`; null when there is none, or what is between is too deep. */
function endOfValue(text: string, start: number): number | null {
  let depth = 0;
  for (const { at, step } of brackets(text, start)) {
    depth += step;
    if (depth === 0) return at + 1;
    if (depth > MAX_DEPTH) return null;
  }
  return null;
}
