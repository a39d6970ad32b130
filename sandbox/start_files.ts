/** Reads what Python starts from: Pyodide's files, and a memory to start with. */
import { inflateImage } from "./checkpoint_bytes.ts";
import type { Chunk } from "./framing.ts";
import type { MemoryPages } from "./memory_pages.ts";
import { ErrorCode, type InitializeParams } from "./protocol.ts";
import { readWhole } from "./read_whole.ts";
import { RpcError } from "./rpc_peer.ts";
import { release } from "./release.ts";
import { readSnapshot } from "./snapshot_file.ts";
import { openImage, type StartImage } from "./start_image.ts";

/** Pyodide as a worker needs it. */
export interface PyodideFiles {
  /** Text of `pyodide.mjs`. */
  readonly loader: string;
  /** Text of `pyodide.asm.mjs`. */
  readonly module: string;
  readonly wasm: WebAssembly.Module;
  readonly stdlib: Uint8Array<ArrayBuffer>;
}

/** A guest's memory, as it was saved. */
export interface SavedMemory {
  /** The pages of a whole memory, then, in a checkpoint, how others differ from them. */
  readonly layers: readonly MemoryPages[];
  /** What Pyodide kept beside the memory. */
  readonly notes: Uint8Array<ArrayBuffer>;
}

/** What Python starts with. */
export interface StartMemory {
  /** Null starts plain. */
  readonly memory: SavedMemory | null;
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
    readWhole(folder + STDLIB),
  ]);
  await Promise.all(
    [LOADER, MODULE, WASM, STDLIB].map((name) =>
      Deno.permissions.revoke({ name: "read", path: folder + name })
    ),
  );
  return { loader, module, wasm, stdlib };
}

async function compile(path: string): Promise<WebAssembly.Module> {
  const bytes = await readWhole(path);
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
  const image = file === null ? null : openImage(file.bytes);
  const code = image?.code ?? null;
  const start = image && { layers: [image.pages], notes: image.notes };
  if (checkpoint === null) return { memory: start, code, base };
  if (checkpoint.base !== null && checkpoint.base !== base) {
    throw new RpcError(
      ErrorCode.invalidParams,
      "Cannot restore checkpoint: the snapshot that it was taken against is gone; run the cells again",
    );
  }
  const { pages, notes } = await checkpointImage(checkpoint.blob, early);
  const below = checkpoint.base === null ? [] : start?.layers ?? [];
  return { memory: { layers: [...below, pages], notes }, code, base };
}

/** The image in a checkpoint that came as the chunks of a blob. */
async function checkpointImage(blob: number, early: readonly Chunk[]): Promise<StartImage> {
  const parts = early.filter((chunk) => chunk.blob === blob).map(({ bytes }) => bytes);
  try {
    return openImage(await inflateImage(new Uint8Array(await new Blob(parts).arrayBuffer())));
  } catch {
    throw new RpcError(
      ErrorCode.invalidParams,
      "Cannot restore checkpoint: it is damaged; run the cells again",
    );
  }
}

/** The buffers behind a memory and code, each once, so that they can be moved. */
export function buffersOf({ memory, code }: StartMemory): ArrayBuffer[] {
  const parts = [...memory?.layers.map(({ contents }) => contents) ?? [], ...code ? [code] : []];
  return [...new Set(parts.map(({ buffer }) => buffer))];
}
