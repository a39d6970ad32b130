/** Interpreter: the worker realm as the gateway holds it, from reading Pyodide's files to a checkpoint of its memory. */
import type { BlobType, Chunk } from "./framing.ts";
import { applyDifference, takeDifference } from "./page_difference.ts";
import { portTransport } from "./port_transport.ts";
import { ErrorCode, type InitializeParams, type InitializeResult, type JsonValue, Limits, PROTOCOL_VERSION } from "./protocol.ts";
import { RpcError, RpcPeer } from "./rpc_peer.ts";
import { openSnapshot, type Snapshot } from "./snapshot_file.ts";
import type { BootMessage } from "./worker.ts";

/** What the worker may ask of the gateway, and tell it. */
export interface WorkerHandlers {
  callTool(call: JsonValue, signal: AbortSignal): Promise<JsonValue>;
  output(output: JsonValue): void;
  /** Python can't go on. */
  fatal(message: string): void;
}

/** A checkpoint on its way to the host. */
export interface TakenCheckpoint {
  readonly blob: number;
  readonly type: BlobType;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly base: string | null;
  readonly chunkBytes: number;
}

/** Value that makes Pyodide raise SIGINT in Python at its next check. */
const INTERRUPT = 2;

/** A worker with Python in it. */
export class Interpreter {
  readonly introduction: JsonValue;
  readonly #peer: RpcPeer;
  readonly #interrupt: Uint8Array;
  readonly #base: { readonly path: string; readonly sha256: string } | null;
  readonly #memory: { take: () => Uint8Array<ArrayBuffer> | null };
  #checkpoints = 0;

  private constructor(
    introduction: JsonValue,
    peer: RpcPeer,
    interrupt: Uint8Array,
    base: { path: string; sha256: string } | null,
    memory: { take: () => Uint8Array<ArrayBuffer> | null },
  ) {
    this.introduction = introduction;
    this.#peer = peer;
    this.#interrupt = interrupt;
    this.#base = base;
    this.#memory = memory;
  }

  /** Reads the files, starts the worker, waits until Python is ready, then gives up the right to read. */
  static async start(options: InitializeParams, early: readonly Chunk[], handlers: WorkerHandlers): Promise<Interpreter> {
    const clock = new Stopwatch();
    const interrupt = new Uint8Array(new SharedArrayBuffer(1));
    const worker = new Worker(blobUrl(options.worker), { type: "module", deno: { permissions: "none" } });
    const channel = new MessageChannel();
    let arrived: Uint8Array<ArrayBuffer> | null = null;
    const ready = Promise.withResolvers<JsonValue>();
    worker.onerror = (event) => {
      event.preventDefault();
      ready.reject(new RpcError(ErrorCode.internalError, `Cannot start Python: ${event.message}`));
      handlers.fatal(event.message);
    };
    const peer = new RpcPeer(portTransport(channel.port1), {
      requests: { "tool/call": (call, { signal }) => handlers.callTool(call, signal) },
      notifications: {
        ready: (versions) => ready.resolve(versions),
        failed: (params) => ready.reject(new RpcError(ErrorCode.internalError, `Cannot start Python: ${JSON.stringify(params)}`)),
        output: (output) => handlers.output(output),
        fatal: (params) => handlers.fatal(JSON.stringify(params)),
      },
      onChunk: (chunk) => {
        arrived = chunk.bytes;
      },
    });
    const [files, base] = await Promise.all([readFiles(options.pyodide), readSnapshot(options.snapshot)]);
    clock.lap("read");
    const memory = await startMemory(options.checkpoint, early, base);
    clock.lap("memory");
    const boot: BootMessage = {
      port: channel.port2,
      files,
      snapshot: memory,
      interrupt,
      env: JSON.stringify(options.env),
    };
    worker.postMessage(boot, [channel.port2, files.wasm.buffer, files.stdlib.buffer]);
    const versions = await ready.promise;
    clock.lap("python");
    await revokeReads(options);
    clock.lap("revoke");
    const result: Omit<InitializeResult, "python" | "pyodide"> = {
      protocolVersion: PROTOCOL_VERSION,
      start: options.checkpoint !== null ? "checkpoint" : base ? "snapshot" : "plain",
      base: base?.sha256 ?? null,
      timings: clock.laps,
    };
    const introduction = { ...result, ...(isObject(versions) ? versions : {}) };
    const path = options.snapshot;
    const take = () => {
      const bytes = arrived;
      arrived = null;
      return bytes;
    };
    return new Interpreter(
      introduction,
      peer,
      interrupt,
      base && path !== null ? { path, sha256: base.sha256 } : null,
      { take },
    );
  }

  bind(params: JsonValue): Promise<JsonValue> {
    return this.#peer.request("bind", params);
  }

  execute(params: JsonValue): Promise<JsonValue> {
    return this.#peer.request("execute", params);
  }

  /** Raises SIGINT in Python, which reaches it within a few bytecodes, whatever it is doing in Python. */
  interrupt(): void {
    Atomics.store(this.#interrupt, 0, INTERRUPT);
  }

  clearInterrupt(): void {
    Atomics.store(this.#interrupt, 0, 0);
  }

  sendChunk(chunk: Chunk): void {
    this.#peer.sendChunk(chunk);
  }

  /** The guest's memory, as a difference from the start-up snapshot where there is one. */
  async checkpoint(form: "difference" | "whole"): Promise<TakenCheckpoint> {
    await this.#peer.request("snapshot", {});
    const whole = this.#memory.take();
    if (whole === null) throw new RpcError(ErrorCode.internalError, "Cannot take checkpoint: no memory came");
    const taken = { blob: ++this.#checkpoints, type: "bytes" as const, chunkBytes: Limits.chunkBytes };
    const base = form === "difference" ? await this.#readBase() : null;
    if (base === null) return { ...taken, bytes: whole, base: null };
    return { ...taken, bytes: await takeDifference(base.bytes, whole), base: base.sha256 };
  }

  /** The snapshot that this guest started from, read again: keeping it would double an idle sandbox's memory. */
  async #readBase(): Promise<Snapshot | null> {
    if (this.#base === null) return null;
    const base = await readSnapshot(this.#base.path);
    return base?.sha256 === this.#base.sha256 ? base : null;
  }
}

/** Laps of the start, in milliseconds. */
class Stopwatch {
  readonly laps: Record<string, number> = {};
  #last = performance.now();

  lap(name: string): void {
    const now = performance.now();
    this.laps[name] = Math.round((now - this.#last) * 10) / 10;
    this.#last = now;
  }
}

async function readFiles(folder: string): Promise<BootMessage["files"]> {
  const [loader, module, wasm, stdlib] = await Promise.all(
    ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"].map((name) => Deno.readFile(folder + name)),
  );
  if (!loader || !module || !wasm || !stdlib) throw new RpcError(ErrorCode.internalError, "Cannot read Pyodide");
  return { loaderUrl: blobUrl(loader), moduleUrl: blobUrl(module), wasm, stdlib };
}

function blobUrl(program: BlobPart): string {
  return URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
}

/** The cached snapshot, or null when it is not there or not whole: then Python starts plain. */
async function readSnapshot(path: string | null): Promise<Snapshot | null> {
  if (path === null) return null;
  try {
    return await openSnapshot(await Deno.readFile(path));
  } catch {
    return null;
  }
}

/** The memory to start from: a checkpoint's, the snapshot's, or none. */
async function startMemory(
  checkpoint: number | null,
  early: readonly Chunk[],
  base: Snapshot | null,
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (checkpoint === null) return base?.bytes ?? null;
  const parts = early.filter((chunk) => chunk.blob === checkpoint).map((chunk) => chunk.bytes);
  const difference = new Uint8Array(await new Blob(parts).arrayBuffer());
  return await applyDifference(base?.bytes ?? new Uint8Array(0), difference);
}

/** Files were for starting; only the snapshot stays readable, to the gateway, as the base of checkpoints. */
async function revokeReads({ pyodide }: InitializeParams): Promise<void> {
  for (const name of ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"]) {
    await Deno.permissions.revoke({ name: "read", path: pyodide + name });
  }
}

function isObject(value: JsonValue): value is { [key: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
