/**
 * Entry of the worker realm, where Python lives. It has no Deno permission, no pipe and no token: all it
 * has is one port to the gateway. Whatever runs here, even arbitrary JavaScript, can say no more
 * through that port than the gateway lets pass.
 */
import { Backlog } from "./backlog.ts";
import { createBridge, type GuestBridge } from "./bridge.ts";
import { CallSlot } from "./call_slot.ts";
import { field } from "./field.ts";
import { limitFiles } from "./file_quota.ts";
import type { Chunk } from "./framing.ts";
import type { GrantedFiles } from "./granted_entry.ts";
import { GuestFiles } from "./guest_files.ts";
import { closeRealm, hideHost } from "./lockdown.ts";
import { limitMemory } from "./memory_limit.ts";
import { NO_PAGES } from "./memory_pages.ts";
import { portTransport } from "./port_transport.ts";
import { ErrorCode, FileLimits, INNER_BLOBS, type JsonValue, MEMORY_BLOB } from "./protocol.ts";
import { Python } from "./python.ts";
import { release } from "./release.ts";
import { RpcError, RpcPeer } from "./rpc_peer.ts";
import type { StartFiles } from "./start_files.ts";
import { openImage } from "./start_image.ts";
import { WaitingCaller } from "./waiting_call.ts";

/** The one message that the gateway posts to the worker itself. */
export interface BootMessage {
  readonly port: MessagePort;
  readonly files: StartFiles;
  readonly interrupt: Uint8Array;
  /** Count of a {@linkcode Backlog}. */
  readonly backlog: Int32Array<SharedArrayBuffer>;
  /** Memory of a {@linkcode CallSlot}. */
  readonly slot: SharedArrayBuffer;
  readonly granted: GrantedFiles;
  /** JSON of the guest's `os.environ`. */
  readonly env: string;
  /** Cap on Python's memory. */
  readonly memoryBytes: number;
}

/** Serves the guest's methods to the gateway. */
class Worker {
  readonly #python: Python;
  readonly #files: GuestFiles;
  readonly #peer: RpcPeer;
  /** Where each large value that is arriving goes; 0 for one that does not fit and is dropped. */
  readonly #addresses = new Map<number, number>();
  /** The guest's environment, until it is the guest's own. */
  #env: string | null;
  /** The image that the next difference is taken from; null where there is none. */
  #base: Uint8Array<ArrayBuffer> | null = null;
  executionId = "";

  constructor(
    python: Python,
    { files, waiting, unread }: { files: GuestFiles; waiting: WaitingCaller; unread: Backlog },
    { port, env }: BootMessage,
  ) {
    this.#python = python;
    this.#files = files;
    this.#env = env;
    this.#peer = new RpcPeer(portTransport(port, { sent: (size) => unread.add(size) }), {
      requests: {
        bind: (params) => {
          this.#personalize();
          const result = JSON.parse(python.bind(JSON.stringify(params)));
          if (typeof result.error === "string") throw new Error(result.error);
          return result;
        },
        execute: (params) => this.#execute(params),
        image: () => this.#sendImage(() => python.image()),
        difference: () => this.#sendImage(() => this.#takeDifference()),
        "files/changes": () => ({ ...files.changes() }),
        "files/read": (params) => this.#readFile(params),
        "files/saved": (params) => this.#filesSaved(params),
        ping: () => null,
      },
      notifications: { "tool/answer": (answer) => waiting.take(answer) },
      onChunk: (chunk) => this.#fill(chunk),
    });
  }

  get peer(): RpcPeer {
    return this.#peer;
  }

  async #execute(params: JsonValue): Promise<JsonValue> {
    this.executionId = executionIdOf(params);
    try {
      this.#personalize();
      const result = JSON.parse(await this.#python.execute(JSON.stringify(params)));
      if (typeof result?.status !== "string") throw new TypeError("the runner gave no result");
      return { ...result, memoryBytes: this.#python.memoryBytes };
    } catch (error) {
      // Python's own `execute` raises nothing that can be lived with: what arrives here broke the interpreter.
      const message = `the runner is broken: ${reasonOf(error)}`;
      this.#peer.notify("fatal", { message });
      throw new RpcError(ErrorCode.internalError, message);
    } finally {
      this.executionId = "";
    }
  }

  /**
   * Makes the guest its user's own when there is work for it and no sooner: the snapshot that others start from is
   * taken before, and must hold nothing that was granted to this one.
   */
  #personalize(): void {
    if (this.#env === null) return;
    this.#python.personalize(this.#env);
    this.#env = null;
  }

  #fill(chunk: Chunk): void {
    const { blob, type, offset, total, bytes } = chunk;
    if (blob === MEMORY_BLOB) {
      this.#base = bytes;
      return;
    }
    let address = this.#addresses.get(blob);
    if (address === undefined) {
      address = this.#python.openBlob(blob, type, total);
      this.#addresses.set(blob, address);
    }
    if (offset + bytes.length > total) {
      throw new RangeError("Cannot take chunk: it passes the end of its value");
    }
    if (address !== 0) this.#python.fillBlob(address + offset, bytes);
    if (offset + bytes.length === total) this.#addresses.delete(blob);
  }

  /** Sends a piece of a file ahead of the answer. */
  #readFile(params: JsonValue): JsonValue {
    const [root, path, offset] = ["root", "path", "offset"].map((name) => field(params, name));
    const bytes = this.#files.read(Number(root), String(path), Number(offset));
    const { length } = bytes;
    this.#peer.sendChunk({ blob: INNER_BLOBS, type: "bytes", offset: 0, total: length, bytes });
    return null;
  }

  #filesSaved(params: JsonValue): JsonValue {
    const failed = field(params, "failed");
    this.#files.saved(Array.isArray(failed) ? failed.map(Number) : []);
    return null;
  }

  /** Sends an image of the guest as blob 0, which no value of Python's has. */
  #sendImage(take: () => Uint8Array<ArrayBuffer>): JsonValue {
    if (this.#python.hasLibraries) {
      throw new RpcError(
        ErrorCode.notSavable,
        "Cannot save sandbox: native code of a package is loaded into its memory",
      );
    }
    const bytes = take();
    const { length } = bytes;
    this.#peer.sendChunk({ blob: MEMORY_BLOB, type: "bytes", offset: 0, total: length, bytes });
    return null;
  }

  #takeDifference(): Uint8Array<ArrayBuffer> {
    const base = this.#base;
    if (base === null) return this.#python.difference(NO_PAGES);
    this.#base = null;
    const difference = this.#python.difference(openImage(base).pages);
    release(base);
    return difference;
  }
}

function executionIdOf(params: JsonValue): string {
  const id = field(params, "executionId");
  return typeof id === "string" ? id : "";
}

/** A failure in a line: Pyodide's errors have the name of Python's exception as their type. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error).slice(0, 500);
  const type = Reflect.get(error, "type");
  return [type, error.message].filter((part) => typeof part === "string" && part !== "")
    .join(": ").slice(0, 500);
}

/** Why Python did not start. What Emscripten throws is often no `Error`, but has a name and a number. */
function failureOf(error: unknown): string {
  if (error instanceof Error || typeof error !== "object" || error === null) return String(error);
  const parts = ["name", "message", "errno"].map((key) => Reflect.get(error, key));
  return parts.filter((part) => part !== undefined && part !== "").join(" ");
}

/** Keeps an error in a callback that guest code gave to JavaScript from ending the realm: nobody waits for it. */
function surviveCallbacks(): void {
  for (const type of ["error", "unhandledrejection"]) {
    globalThis.addEventListener(type, (event) => event.preventDefault());
  }
}

/** Loads Python, closes the realm, then opens for work; a failure is the only other thing it can say. */
async function boot(message: BootMessage): Promise<void> {
  const { port, files, granted, interrupt, memoryBytes } = message;
  const unread = new Backlog(message.backlog);
  const waiting = new WaitingCaller(new CallSlot(message.slot), unread);
  let worker: Worker | undefined;
  const bridge: GuestBridge = createBridge(
    () => {
      if (!worker) throw new Error("Cannot call the host: the guest is starting");
      return worker.peer;
    },
    { waiting, executionId: () => worker?.executionId ?? "" },
  );
  try {
    hideHost();
    limitMemory(memoryBytes);
    const python = await Python.start({ ...files, bridge, interrupt });
    limitFiles(python.files, { bytes: granted.bytes, entries: FileLimits.guestEntries });
    const guestFiles = new GuestFiles(python.files, granted);
    surviveCallbacks();
    closeRealm();
    worker = new Worker(python, { files: guestFiles, waiting, unread }, message);
    worker.peer.notify("ready", python.versions);
  } catch (error) {
    port.postMessage(
      JSON.stringify({ jsonrpc: "2.0", method: "failed", params: { message: failureOf(error) } }),
    );
  }
}

globalThis.addEventListener("message", (event) => {
  if (event instanceof MessageEvent) boot(event.data);
}, { once: true });
