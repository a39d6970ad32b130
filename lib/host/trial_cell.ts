/** A cell that shows whether a guest works at all. */
import type { Guest } from "./guest.ts";
import { ToolCalls } from "./tool_calls.ts";

/** Milliseconds that the trial may take, and as many again until the guest is ended. */
const TRIAL_MS = 1_000;

/**
 * Whether a guest runs cells. One that was restored may not: what had broken the last guest can be in the
 * checkpoint, since a guest that has tampered with its own runner still looks well until the next cell.
 */
export async function runsCells(guest: Guest): Promise<boolean> {
  const never = new AbortController().signal;
  const executionId = crypto.randomUUID();
  const params = {
    executionId,
    cell: 0,
    code: "1 + 1",
    timeoutMs: TRIAL_MS,
    tools: [],
    submit: [],
    rewrite: false,
    maxOutputChars: 1_000,
  };
  const tools = new ToolCalls({
    tools: {},
    timeoutMs: TRIAL_MS,
    signal: never,
    decode: (json) => guest.decode(json),
    encode: (value) => guest.encode(value),
  });
  try {
    const result = await guest.execute(params, {
      id: executionId,
      tools,
      softMs: TRIAL_MS,
      graceMs: TRIAL_MS,
      signal: never,
      onOutput: () => {},
    });
    return typeof result === "object" && result !== null && !Array.isArray(result) &&
      result["status"] === "ok" && result["value"] === "2";
  } catch {
    return false;
  }
}
