/** Reads what Python starts from: Pyodide's files, and a memory to start with. */
import { inflateImage } from "./checkpoint_bytes.ts";
import type { Chunk } from "./framing.ts";
import type { MemoryPages } from "./memory_pages.ts";
import { ErrorCode, type InitializeParams } from "./protocol.ts";
import { readWhole } from "./read_whole.ts";
import { RpcError } from "./rpc_peer.ts";
import { release } from "./release.ts";
import { readSnapshot } from "./snapshot_file.ts";
import { imageBytes, openImage, type StartImage } from "./start_image.ts";

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

/** Reads and compiles Python's program, which V8 does on threads of its own: what is asked for first is there first. */
export async function compilePython(folder: string): Promise<WebAssembly.Module> {
  const bytes = readWhole(folder + WASM);
  const module = await WebAssembly.compile(bytes);
  release(bytes);
  return module;
}

/** Reads all else, and gives up the right to read Pyodide; the snapshot stays readable for checkpoints. */
export async function readStartFiles(
  options: InitializeParams,
  early: readonly Chunk[],
  compiling: Promise<WebAssembly.Module>,
): Promise<StartFiles> {
  const folder = options.pyodide;
  const [wasm, memory, texts] = await Promise.all([
    compiling,
    readMemory(options, early),
    readTexts(folder),
  ]);
  await Promise.all(
    [LOADER, MODULE, WASM, STDLIB].map((name) =>
      Deno.permissions.revoke({ name: "read", path: folder + name })
    ),
  );
  return { pyodide: { wasm, ...texts }, ...memory };
}

async function readTexts(folder: string): Promise<Omit<PyodideFiles, "wasm">> {
  const [loader, module] = await Promise.all([
    Deno.readTextFile(folder + LOADER),
    Deno.readTextFile(folder + MODULE),
  ]);
  return { loader, module, stdlib: readWhole(folder + STDLIB) };
}

async function readMemory(
  { snapshot, checkpoint, memoryBytes }: InitializeParams,
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
  const { pages, notes } = await checkpointImage(checkpoint.blob, { early, memoryBytes });
  const below = checkpoint.base === null ? [] : start?.layers ?? [];
  return { memory: { layers: [...below, pages], notes }, code, base };
}

/** The image in a checkpoint that came as the chunks of a blob, for a guest that may have so much memory. */
async function checkpointImage(
  blob: number,
  { early, memoryBytes }: { early: readonly Chunk[]; memoryBytes: number },
): Promise<StartImage> {
  const parts = early.filter((chunk) => chunk.blob === blob).map(({ bytes }) => bytes);
  const compressed = new Uint8Array(await new Blob(parts).arrayBuffer());
  const image = await openCheckpoint(compressed, imageBytes(memoryBytes));
  if (image.pages.length <= memoryBytes) return image;
  const [holds, limit] = [image.pages.length, memoryBytes].map((size) =>
    Math.ceil(size / 1024 ** 2)
  );
  throw new RpcError(
    ErrorCode.invalidParams,
    `Cannot restore checkpoint: its memory has ${holds} MB, and this sandbox may have ${limit}; raise memoryMb`,
  );
}

async function openCheckpoint(
  bytes: Uint8Array<ArrayBuffer>,
  limit: number,
): Promise<StartImage> {
  try {
    return openImage(await inflateImage(bytes, limit));
  } catch {
    throw new RpcError(
      ErrorCode.invalidParams,
      "Cannot restore checkpoint: it is damaged, or too large for this sandbox; run the cells again",
    );
  }
}

/** The buffers behind a memory and code, each once, so that they can be moved. */
export function buffersOf({ memory, code }: StartMemory): ArrayBuffer[] {
  const parts = [...memory?.layers.map(({ contents }) => contents) ?? [], ...code ? [code] : []];
  return [...new Set(parts.map(({ buffer }) => buffer))];
}
