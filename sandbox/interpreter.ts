/** Interpreter: the worker realm as the gateway holds it, from its start to a checkpoint of its memory. */
import { Backlog } from "./backlog.ts";
import { CallSlot } from "./call_slot.ts";
import { compressImage } from "./checkpoint_bytes.ts";
import type { Chunk } from "./framing.ts";
import { portTransport } from "./port_transport.ts";
import { textField } from "./field.ts";
import type { FileSource } from "./file_saving.ts";
import type { GrantedFiles } from "./granted_entry.ts";
import { ErrorCode, FileLimits, INNER_BLOBS, type JsonValue, MEMORY_BLOB } from "./protocol.ts";
import { RpcError, RpcPeer } from "./rpc_peer.ts";
import { release } from "./release.ts";
import { hashOf, readSnapshot } from "./snapshot_file.ts";
import { buffersOf, type StartFiles } from "./start_files.ts";
import { WaitingCallee } from "./waiting_call.ts";
import type { BootMessage } from "./worker.ts";

/** What the worker may ask of the gateway, and tell it. */
export interface WorkerHandlers {
  /** Without a signal, the caller waits whatever happens. */
  callTool(call: JsonValue, signal?: AbortSignal): Promise<JsonValue>;
  /** A request to a granted host. */
  fetch(request: JsonValue, signal: AbortSignal): Promise<JsonValue>;
  output(output: JsonValue): void;
  /** A piece of a large value that a tool call or a result will name. */
  chunk(chunk: Chunk): void;
  /** Python can't go on. */
  fatal(message: string): void;
}

/** A checkpoint on its way to the host. */
export interface TakenCheckpoint {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Hash of the snapshot that it is a difference from. */
  readonly base: string | null;
}

/** The snapshot that checkpoints are differences from. */
export interface Base {
  readonly path: string;
  /** Null until there is a snapshot: a plain start has none, but its untouched memory may become one. */
  readonly sha256: string | null;
}

/** What a guest is beside its files. */
export interface BootOptions {
  readonly env: Record<string, string>;
  /** Cap on Python's memory. */
  readonly memoryBytes: number;
  readonly base: Base | null;
}

/** Value that makes Pyodide raise SIGINT in Python at its next check. */
const INTERRUPT = 2;
/** Milliseconds between two interrupts of what keeps Python from answering. */
const INTERRUPT_MS = 100;

/** A worker with Python in it. */
export class Interpreter {
  readonly #worker: Worker;
  readonly #peer: RpcPeer;
  readonly #channel = new MessageChannel();
  readonly #interrupt = new Uint8Array(new SharedArrayBuffer(1));
  readonly #backlog = new Backlog();
  readonly #slot = new CallSlot();
  readonly #waiting = new WaitingCallee(
    this.#slot,
    (answer) => this.#peer.notify("tool/answer", answer),
  );
  readonly #ready = Promise.withResolvers<JsonValue>();
  readonly #fatal: (message: string) => void;
  /** Whether guest code may run: until then all that the worker does comes to an end. */
  #isReady = false;
  #base: Base | null = null;
  /** Image that the worker sent and the checkpoint in progress has not taken. */
  #image: Uint8Array<ArrayBuffer> | null = null;
  /** Piece of a file that the worker sent and {@linkcode files} has not taken. */
  #piece: Uint8Array<ArrayBuffer> | null = null;

  /** Starts the worker's realm; Python comes with {@linkcode boot}. */
  constructor(program: string, handlers: WorkerHandlers) {
    this.#fatal = handlers.fatal;
    const url = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
    this.#worker = new Worker(url, { type: "module", deno: { permissions: "none" } });
    // Deno keeps what a URL stands for as long as the process lives, which may be the host's.
    this.#ready.promise.finally(() => URL.revokeObjectURL(url)).catch(() => {});
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#ready.reject(startFailure(event.message));
      handlers.fatal(event.message);
    };
    this.#peer = new RpcPeer(
      portTransport(this.#channel.port1, {
        taken: (size) => this.#backlog.remove(size),
      }),
      {
        requests: {
          "tool/call": (call, { signal }) => handlers.callTool(call, signal),
          "net/fetch": (request, { signal }) => handlers.fetch(request, signal),
        },
        notifications: {
          ready: (versions) => {
            this.#isReady = true;
            this.#ready.resolve(versions);
          },
          failed: (failure) => this.#ready.reject(startFailure(textField(failure, "message"))),
          "tool/wait": (call) => {
            this.#waiting.answer(() => handlers.callTool(call));
          },
          output: handlers.output,
          fatal: (failure) => handlers.fatal(JSON.stringify(failure)),
        },
        onChunk: (chunk) => {
          if (chunk.blob === MEMORY_BLOB) this.#image = chunk.bytes;
          else if (chunk.blob === INNER_BLOBS) this.#piece = chunk.bytes;
          else handlers.chunk(chunk);
        },
      },
    );
    this.#waiting.serve(handlers.callTool);
    // A worker that broke the contract can't be talked to any more.
    this.#peer.ended.then(() => handlers.fatal(String(this.#peer.failure)));
  }

  /** Hands Pyodide's files and a memory over, and waits until Python is ready; resolves to its versions. */
  boot(
    files: StartFiles,
    granted: GrantedFiles,
    options: BootOptions,
  ): Promise<JsonValue> {
    const { base, env, memoryBytes } = options;
    this.#base = base;
    const port = this.#channel.port2;
    const message: BootMessage = {
      port,
      files,
      granted,
      interrupt: this.#interrupt,
      backlog: this.#backlog.shared,
      slot: this.#slot.shared,
      env: JSON.stringify(env),
      memoryBytes,
    };
    const moved = [
      files.pyodide.stdlib,
      ...granted.entries.flatMap((entry) => entry.kind === "file" ? entry.bytes : []),
    ].map(({ buffer }) => buffer);
    this.#worker.postMessage(message, [port, ...buffersOf(files), ...moved]);
    return this.#ready.promise;
  }

  bind(params: JsonValue): Promise<JsonValue> {
    return this.#peer.request("bind", params);
  }

  execute(params: JsonValue): Promise<JsonValue> {
    return this.#peer.request("execute", params);
  }

  /** Raises SIGINT in Python, which sees it within a few bytecodes. */
  interrupt(): void {
    Atomics.store(this.#interrupt, 0, INTERRUPT);
  }

  /** Settles once the worker sleeps or answers, which it can't while Python runs; also when it never will. */
  async rests(): Promise<void> {
    if (await this.#waiting.sleeps()) return;
    await this.#peer.request("ping", {}).catch(() => {});
  }

  /**
   * Waits until Python is free for the next request. Guest code may have left something that runs between
   * cells: it is interrupted, and if that does not help within `answerMs` the guest is given up.
   */
  async free(answerMs: number): Promise<void> {
    const startedAt = performance.now();
    const timer = setInterval(() => {
      if (performance.now() - startedAt > answerMs) this.#fatal("Python does not answer");
      else this.interrupt();
    }, INTERRUPT_MS);
    await this.rests();
    clearInterval(timer);
    Atomics.store(this.#interrupt, 0, 0);
  }

  /**
   * Ends the worker's realm. Deno ends a thread only when its event loop turns, so Python is interrupted first;
   * resolves to whether it came to rest within `answerMs`. Otherwise the thread runs on until what it does ends.
   */
  async end(answerMs: number): Promise<boolean> {
    this.#backlog.open();
    const rests = !this.#isReady || await this.#restsWithin(answerMs);
    this.#worker.terminate();
    return rests;
  }

  async #restsWithin(answerMs: number): Promise<boolean> {
    const { promise: late, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), answerMs);
    const stop = () => {
      this.interrupt();
      // A thread that sleeps until a tool has answered turns no event loop either.
      this.#waiting.usePort();
    };
    const reminder = setInterval(stop, INTERRUPT_MS);
    stop();
    // A worker that broke the contract can't be asked.
    const answered = this.#peer.request("ping", {}).then(() => true, () => false);
    try {
      return await Promise.race([answered, late]);
    } finally {
      clearTimeout(timer);
      clearInterval(reminder);
    }
  }

  /** The guest's files, for saving what cells do to them. */
  get files(): FileSource {
    const ask = (method: string, params: JsonValue): Promise<JsonValue> =>
      this.#peer.request(method, params, { signal: AbortSignal.timeout(FileLimits.saveMs) });
    return {
      // No limit here: until something is saved, the cell's own deadline holds.
      changes: () => this.#peer.request("files/changes", {}),
      read: async (change, offset) => {
        this.#piece = null;
        await ask("files/read", { ...change, offset });
        return this.#piece ?? new Uint8Array(0);
      },
      saved: (failed) => ask("files/saved", { failed }),
    };
  }

  sendChunk(chunk: Chunk): void {
    // A thread that sleeps takes nothing from its port, and all of a large value would pile up there.
    this.#waiting.usePort();
    this.#peer.sendChunk(chunk);
  }

  /** The guest's memory: as what a start needs of it, or as its difference from the start-up snapshot. */
  async checkpoint(form: "difference" | "whole"): Promise<TakenCheckpoint> {
    if (form === "whole") return { bytes: await this.#takeStart(), base: null };
    const base = await this.#sendBase();
    const difference = await this.#takeImage("difference");
    const bytes = await compressImage(difference);
    release(difference);
    return { bytes, base };
  }

  /** All that the next start needs, which becomes the snapshot where there was none. */
  async #takeStart(): Promise<Uint8Array<ArrayBuffer>> {
    const image = await this.#takeImage("image");
    if (this.#base?.sha256 === null) {
      this.#base = { path: this.#base.path, sha256: await hashOf(image) };
    }
    return image;
  }

  /** Has the worker send an image of the guest. */
  async #takeImage(kind: "difference" | "image"): Promise<Uint8Array<ArrayBuffer>> {
    await this.#peer.request(kind, {});
    const bytes = this.#image;
    this.#image = null;
    if (bytes !== null) return bytes;
    throw new RpcError(ErrorCode.internalError, "Cannot take checkpoint: no memory came");
  }

  /**
   * Sends the worker the snapshot that this guest started from; resolves to its hash, or to null where there is none. It
   * is read again: keeping it would cost an idle sandbox half of its own memory.
   */
  async #sendBase(): Promise<string | null> {
    if (this.#base === null || this.#base.sha256 === null) return null;
    const snapshot = await readSnapshot(this.#base.path);
    if (snapshot?.sha256 !== this.#base.sha256) return null;
    const { bytes, sha256 } = snapshot;
    const total = bytes.length;
    const chunk = { blob: MEMORY_BLOB, type: "bytes", offset: 0, total, bytes } as const;
    this.sendChunk({ kind: "chunk", ...chunk });
    return sha256;
  }
}

function startFailure(why: string): RpcError {
  return new RpcError(ErrorCode.internalError, `Cannot start Python: ${why}`);
}
