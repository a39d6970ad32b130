/** A checkpoint as bytes that can be kept: a line of JSON that says what it is, then the guest's memory. */
import { SandboxError } from "../errors.ts";

/** A guest's memory, or its variables, and what is known of it. */
export interface Checkpoint {
  /** What the bytes are: a difference of memories, or variables that only a guest can read. */
  readonly form: "memory" | "variables";
  /** Hash of Pyodide, Deno and the guest program; memory of another build is noise. */
  readonly guest: string;
  /** Hash of the start-up snapshot that the memory is a difference from; null when it needs none. */
  readonly base: string | null;
  /** Number of cells that had run. */
  readonly cells: number;
  /** The user's variables. */
  readonly names: readonly string[];
  readonly memory: Uint8Array;
}

const MAGIC = "rlm-checkpoint 1 ";

/** A checkpoint as bytes. */
export function encodeCheckpoint({ memory, ...about }: Checkpoint): Uint8Array<ArrayBuffer> {
  const line = JSON.stringify({ ...about, bytes: memory.length });
  const head = new TextEncoder().encode(`${MAGIC}${line}\n`);
  const bytes = new Uint8Array(head.length + memory.length);
  bytes.set(head);
  bytes.set(memory, head.length);
  return bytes;
}

/**
 * Reads a checkpoint back; throws `SandboxError` when it is none, truncated, or of another build. Whether the memory
 * itself is sound shows when a guest is started from it.
 */
export function decodeCheckpoint(bytes: Uint8Array, guest: string): Checkpoint {
  const end = bytes.indexOf(10);
  const about = readHead(bytes.subarray(0, Math.max(0, end)));
  if (about === null) throw refusal(`${bytes.length} bytes that are not a checkpoint`);
  if (about["guest"] !== guest) {
    throw refusal(
      "it was made by another version of Deno, Pyodide or this package; run the cells again",
    );
  }
  const memory = bytes.subarray(end + 1);
  const { base, cells, names, form } = about;
  if (about["bytes"] !== memory.length) {
    throw refusal(`it has ${memory.length} of ${about["bytes"]} bytes; run the cells again`);
  }
  return {
    form: form === "variables" ? form : "memory",
    guest,
    base: typeof base === "string" ? base : null,
    cells: typeof cells === "number" ? cells : 0,
    names: Array.isArray(names) ? names.filter((name) => typeof name === "string") : [],
    memory,
  };
}

/** What the first line says, or null when it says nothing. */
function readHead(line: Uint8Array): Record<string, unknown> | null {
  const text = new TextDecoder().decode(line);
  if (!text.startsWith(MAGIC)) return null;
  try {
    const about: unknown = JSON.parse(text.slice(MAGIC.length));
    return typeof about === "object" && about !== null ? { ...about } : null;
  } catch {
    return null;
  }
}

function refusal(why: string): SandboxError {
  return new SandboxError(`Cannot restore checkpoint: ${why}`);
}
