/** Reads what Python starts from: Pyodide's files, and a memory to start with. */
import type { Chunk } from "./framing.ts";
import { applyDifference } from "./page_difference.ts";
import { ErrorCode, type InitializeParams } from "./protocol.ts";
import { RpcError } from "./rpc_peer.ts";
import { readSnapshot, type Snapshot } from "./snapshot_file.ts";

/** Everything that a worker needs to start Python. */
export interface StartFiles {
  readonly loaderUrl: string;
  readonly moduleUrl: string;
  readonly wasm: Uint8Array<ArrayBuffer>;
  readonly stdlib: Uint8Array<ArrayBuffer>;
  /** Null starts plain. */
  readonly memory: Uint8Array<ArrayBuffer> | null;
  /** Hash of the start-up snapshot, where there is one. */
  readonly base: string | null;
}

const NAMES = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"];

/** Reads all files at once, then gives up the right to read Pyodide's; the snapshot stays readable for checkpoints. */
export async function readStartFiles(
  options: InitializeParams,
  early: readonly Chunk[],
): Promise<StartFiles> {
  const { pyodide, snapshot, checkpoint } = options;
  const [contents, base] = await Promise.all([
    Promise.all(NAMES.map((name) => Deno.readFile(pyodide + name))),
    snapshot === null ? null : readSnapshot(snapshot),
  ]);
  const [loader, module, wasm, stdlib] = contents;
  if (!loader || !module || !wasm || !stdlib) {
    throw new RpcError(ErrorCode.internalError, "Cannot read Pyodide");
  }
  await Promise.all(
    NAMES.map((name) => Deno.permissions.revoke({ name: "read", path: pyodide + name })),
  );
  return {
    loaderUrl: blobUrl(loader),
    moduleUrl: blobUrl(module),
    wasm,
    stdlib,
    memory: checkpoint ? await checkpointMemory(checkpoint, early, base) : base?.bytes ?? null,
    base: base?.sha256 ?? null,
  };
}

/** The memory that a checkpoint was taken of. */
async function checkpointMemory(
  { blob, base: wanted }: NonNullable<InitializeParams["checkpoint"]>,
  early: readonly Chunk[],
  base: Snapshot | null,
): Promise<Uint8Array<ArrayBuffer>> {
  if (wanted !== null && wanted !== base?.sha256) {
    throw new RpcError(
      ErrorCode.invalidParams,
      "Cannot restore checkpoint: the snapshot that it was taken against is gone; run the cells again",
    );
  }
  const parts = early.filter((chunk) => chunk.blob === blob).map(({ bytes }) => bytes);
  const difference = new Uint8Array(await new Blob(parts).arrayBuffer());
  try {
    const from = wanted !== null && base ? base.bytes : new Uint8Array(0);
    return await applyDifference(from, difference);
  } catch {
    throw new RpcError(
      ErrorCode.invalidParams,
      "Cannot restore checkpoint: it is damaged; run the cells again",
    );
  }
}

function blobUrl(program: Uint8Array<ArrayBuffer>): string {
  return URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
}
