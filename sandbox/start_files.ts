/** Reads what Python starts from: Pyodide's files, and a memory to start with. */
import type { Chunk } from "./framing.ts";
import { applyDifference } from "./page_difference.ts";
import { ErrorCode, type InitializeParams } from "./protocol.ts";
import { RpcError } from "./rpc_peer.ts";
import { release } from "./release.ts";
import { readSnapshot } from "./snapshot_file.ts";
import { type StartImage, unpackImage } from "./start_image.ts";

/** Pyodide as a worker needs it. */
export interface PyodideFiles {
  /** Text of `pyodide.mjs`. */
  readonly loader: string;
  /** Text of `pyodide.asm.mjs`. */
  readonly module: string;
  readonly wasm: WebAssembly.Module;
  readonly stdlib: Uint8Array<ArrayBuffer>;
}

/** The memory that Python starts with. */
export interface StartMemory {
  /** Null starts plain. */
  readonly memory: Uint8Array<ArrayBuffer> | null;
  /** What V8 made of Pyodide's programs at an earlier start. */
  readonly code: Uint8Array<ArrayBuffer> | null;
  /** Hash of the start-up snapshot, where there is one. */
  readonly base: string | null;
}

/** Everything that a worker needs to start Python. */
export interface StartFiles extends StartMemory {
  readonly pyodide: PyodideFiles;
}

const LOADER = "pyodide.mjs";
const MODULE = "pyodide.asm.mjs";
const WASM = "pyodide.asm.wasm";
const STDLIB = "python_stdlib.zip";

/** Reads everything at once. */
export async function readStartFiles(
  options: InitializeParams,
  early: readonly Chunk[],
): Promise<StartFiles> {
  const [pyodide, memory] = await Promise.all([
    readPyodide(options.pyodide),
    readMemory(options, early),
  ]);
  return { pyodide, ...memory };
}

/**
 * Reads and compiles Pyodide, then gives up the right to read it; the snapshot stays readable for checkpoints. V8
 * compiles WebAssembly on threads of its own, while the worker's realm is being made.
 */
async function readPyodide(folder: string): Promise<PyodideFiles> {
  const [loader, module, wasm, stdlib] = await Promise.all([
    Deno.readTextFile(folder + LOADER),
    Deno.readTextFile(folder + MODULE),
    compile(folder + WASM),
    Deno.readFile(folder + STDLIB),
  ]);
  await Promise.all(
    [LOADER, MODULE, WASM, STDLIB].map((name) =>
      Deno.permissions.revoke({ name: "read", path: folder + name })
    ),
  );
  return { loader, module, wasm, stdlib };
}

async function compile(path: string): Promise<WebAssembly.Module> {
  const bytes = await Deno.readFile(path);
  const module = await WebAssembly.compile(bytes);
  release(bytes);
  return module;
}

async function readMemory(
  { snapshot, checkpoint }: InitializeParams,
  early: readonly Chunk[],
): Promise<StartMemory> {
  const file = snapshot === null ? null : await readSnapshot(snapshot);
  const base = file?.sha256 ?? null;
  const image = file === null ? null : unpackImage(file.bytes);
  if (file !== null) release(file.bytes);
  const memory = checkpoint === null
    ? image?.memory ?? null
    : await checkpointMemory(checkpoint, early, base, image);
  return { memory, code: image?.code ?? null, base };
}

/** The memory that a checkpoint was taken of. */
async function checkpointMemory(
  { blob, base: wanted }: NonNullable<InitializeParams["checkpoint"]>,
  early: readonly Chunk[],
  base: string | null,
  image: StartImage | null,
): Promise<Uint8Array<ArrayBuffer>> {
  if (wanted !== null && wanted !== base) {
    throw new RpcError(
      ErrorCode.invalidParams,
      "Cannot restore checkpoint: the snapshot that it was taken against is gone; run the cells again",
    );
  }
  const parts = early.filter((chunk) => chunk.blob === blob).map(({ bytes }) => bytes);
  const difference = new Uint8Array(await new Blob(parts).arrayBuffer());
  try {
    const from = wanted !== null && image !== null ? image.memory : new Uint8Array(0);
    return await applyDifference(from, difference);
  } catch {
    throw new RpcError(
      ErrorCode.invalidParams,
      "Cannot restore checkpoint: it is damaged; run the cells again",
    );
  }
}
