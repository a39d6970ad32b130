/** A checkpoint as bytes that can be kept: a line of JSON that says what it is, then the guest's memory. */
import { SandboxError } from "../errors.ts";

/** A guest's memory and what is known of it. */
export interface Checkpoint {
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
  const head = new TextEncoder().encode(`${MAGIC}${JSON.stringify(about)}\n`);
  const bytes = new Uint8Array(head.length + memory.length);
  bytes.set(head);
  bytes.set(memory, head.length);
  return bytes;
}

/** Reads a checkpoint back; throws `SandboxError` when it is none, or of another build. */
export function decodeCheckpoint(bytes: Uint8Array, guest: string): Checkpoint {
  const end = bytes.indexOf(10);
  const head = new TextDecoder().decode(bytes.subarray(0, Math.max(0, end)));
  if (!head.startsWith(MAGIC)) {
    throw new SandboxError(
      `Cannot restore checkpoint: ${bytes.length} bytes that are not a checkpoint`,
    );
  }
  const about: unknown = JSON.parse(head.slice(MAGIC.length));
  const { guest: made, base, cells, names } = about as Record<string, unknown>;
  if (made !== guest) {
    throw new SandboxError(
      "Cannot restore checkpoint: it was made by another version of Deno, Pyodide or this package; run the cells again",
    );
  }
  return {
    guest,
    base: typeof base === "string" ? base : null,
    cells: typeof cells === "number" ? cells : 0,
    names: Array.isArray(names) ? names.map(String) : [],
    memory: bytes.subarray(end + 1),
  };
}
