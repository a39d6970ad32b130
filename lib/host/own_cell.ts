/** Cells of our own, which no user sees: whether a guest works at all, and its variables where its memory can't be saved. */
import type { JsonValue } from "../../sandbox/protocol.ts";
import { SandboxError } from "../errors.ts";
import { type CellRecord, finishedCell, Printed } from "./cell.ts";
import type { Guest } from "./guest.ts";
import type { Cell } from "./sandbox.ts";
import { ToolCalls } from "./tool_calls.ts";

/** Milliseconds that the trial may take, and as many again until the guest is ended. */
const TRIAL_MS = 1_000;
/** Milliseconds that saving or restoring variables may take: of as much memory as is saved at all, it takes seconds. */
const VARIABLES_MS = 20_000;
/** Name under which saved variables reach a guest that has none yet. */
const SAVED = "saved_variables";
const MODULE = '__import__("_rlm").prelude_variables';

/**
 * Whether a guest runs cells. One that was restored may not: what had broken the last guest can be in the
 * checkpoint, since a guest that has tampered with its own runner still looks well until the next cell.
 */
export async function runsCells(guest: Guest): Promise<boolean> {
  try {
    const { status, value } = await runOwn(guest, "1 + 1", { softMs: TRIAL_MS });
    return status === "ok" && value === "2";
  } catch {
    return false;
  }
}

/** The guest's variables as bytes that only a guest can read; throws `SandboxError` when it gives none. */
export async function saveVariables(
  guest: Guest,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const answer = await answerOf(guest, `SUBMIT(${MODULE}.save())`, signal);
  if (answer instanceof Uint8Array) return answer;
  throw new SandboxError("Cannot save sandbox: its variables gave no bytes");
}

/** Brings variables back into a guest that has none; resolves to the names of those that are back. */
export async function restoreVariables(
  guest: Guest,
  saved: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  await guest.bind({ [SAVED]: saved }, signal);
  const answer = await answerOf(
    guest,
    `SUBMIT(${MODULE}.restore(globals().pop("${SAVED}")))`,
    signal,
  );
  return Array.isArray(answer) ? answer.filter((name) => typeof name === "string") : [];
}

/** What a cell of ours submits. */
async function answerOf(
  guest: Guest,
  code: string,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const { submission, error } = await runOwn(guest, code, { softMs: VARIABLES_MS, signal });
  signal?.throwIfAborted();
  if (submission !== null) return submission["answer"];
  const why = error === null ? "no answer" : `${error.type}: ${error.message}`;
  throw new SandboxError(`Cannot keep variables of sandbox: ${why}`);
}

/** Runs a cell that may call no tool, and whose output nobody sees. */
async function runOwn(
  guest: Guest,
  code: string,
  { softMs, signal = new AbortController().signal }: {
    readonly softMs: number;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Cell> {
  const executionId = crypto.randomUUID();
  const params: { [key: string]: JsonValue } = {
    executionId,
    cell: 0,
    code,
    timeoutMs: softMs,
    tools: [],
    submit: [{ name: "answer", required: true }],
    rewrite: false,
    maxOutputChars: 1_000,
  };
  const tools = new ToolCalls({
    tools: {},
    timeoutMs: softMs,
    signal,
    decode: (json) => guest.decode(json),
    encode: (value) => guest.encode(value),
  });
  const result = await guest.execute(params, {
    id: executionId,
    tools,
    softMs,
    graceMs: softMs,
    signal,
    onOutput: () => {},
  });
  return finishedCell(result, nothingPrinted(), (json) => guest.decode(json));
}

function nothingPrinted(): CellRecord {
  const none = new Printed(0);
  return { stdout: none, stderr: none, durationMs: 0, notes: [], restored: null };
}
