/** Builds a cell from what the guest printed and how it ended. */
import { textField } from "../../sandbox/field.ts";
import type { JsonValue } from "../../sandbox/protocol.ts";
import type { Cell, CellError, CellStatus, Restored } from "./sandbox.ts";

/** Keeps what a cell prints, up to a cap: the guest keeps to it too, but a guest is not to be trusted. */
export class Printed {
  readonly #cap: number;
  #text = "";
  #chars = 0;

  constructor(cap: number) {
    this.#cap = cap;
  }

  /** Adds text and returns the part of it that was kept. */
  add(text: string): string {
    this.#chars += text.length;
    const kept = text.slice(0, Math.max(0, this.#cap - this.#text.length));
    this.#text += kept;
    return kept;
  }

  get text(): string {
    return this.#text;
  }

  get chars(): number {
    return this.#chars;
  }
}

/** What is known of a cell when it ends. */
export interface CellRecord {
  readonly stdout: Printed;
  readonly stderr: Printed;
  readonly durationMs: number;
  readonly notes: readonly string[];
  readonly restored: Restored | null;
}

/** A cell that the guest finished. */
export function finishedCell(
  result: JsonValue,
  record: CellRecord,
  decode: (json: JsonValue) => unknown,
): Cell {
  const { stdout, stderr, durationMs, notes, restored } = record;
  const fields = isObject(result) ? result : {};
  const submission = fields["submission"] ?? null;
  return {
    status: statusOf(fields["status"]),
    stdout: stdout.text,
    stderr: stderr.text,
    stdoutChars: Math.max(stdout.chars, countOf(fields["stdoutChars"])),
    stderrChars: Math.max(stderr.chars, countOf(fields["stderrChars"])),
    value: typeof fields["value"] === "string" ? fields["value"] : null,
    error: errorOf(fields["error"]),
    submission: submission === null ? null : toRecord(decode(submission)),
    durationMs,
    restored,
    notes: [...notes, ...textsOf(fields["notes"])],
  };
}

/** A cell whose guest was lost while it ran. */
export function lostCell(message: string, record: CellRecord): Cell {
  const { stdout, stderr, durationMs, notes, restored } = record;
  return {
    status: "lost",
    stdout: stdout.text,
    stderr: stderr.text,
    stdoutChars: stdout.chars,
    stderrChars: stderr.chars,
    value: null,
    error: { type: "SandboxLost", message, traceback: "" },
    submission: null,
    durationMs,
    restored,
    notes: [...notes],
  };
}

/** Names in a result: the user's variables after the cell. */
export function namesOf(result: JsonValue): string[] {
  return isObject(result) ? textsOf(result["names"]) : [];
}

/** Bytes of Python's memory after the cell. */
export function memoryOf(result: JsonValue): number {
  return isObject(result) ? countOf(result["memoryBytes"]) : 0;
}

function statusOf(value: JsonValue | undefined): CellStatus {
  return value === "ok" || value === "submitted" || value === "timeout" ? value : "error";
}

function errorOf(value: JsonValue | undefined): CellError | null {
  if (!isObject(value)) return null;
  const text = (name: string): string => textField(value, name).toWellFormed();
  return { type: text("type"), message: text("message"), traceback: text("traceback") };
}

function countOf(value: JsonValue | undefined): number {
  return typeof value === "number" && value > 0 ? value : 0;
}

function textsOf(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function toRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function isObject(value: JsonValue | undefined): value is { [key: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
