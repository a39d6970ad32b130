/**
 * Gateway: the child as the host sees it. Passes the host's requests to the worker and the worker's few
 * kinds of message to the host, each only in the state in which it makes sense. What comes from
 * the worker is hostile: guest code may have got hold of that realm.
 */
import { CellGrants } from "./cell_grants.ts";
import { field } from "./field.ts";
import { readGrantedFiles } from "./file_grants.ts";
import { bytesOfPackages, packageEntries } from "./package_files.ts";
import type { Chunk } from "./framing.ts";
import { Interpreter } from "./interpreter.ts";
import { OpenExecution } from "./open_execution.ts";
import { ErrorCode, type JsonValue, Limits, MEMORY_BLOB, PROTOCOL_VERSION } from "./protocol.ts";
import { RpcError, RpcPeer, type Transport } from "./rpc_peer.ts";
import { readInitialize } from "./read_initialize.ts";
import { compilePython, readStartFiles } from "./start_files.ts";

/** A transport to the host whose frames carry a token once it is known. */
export interface SealableTransport extends Transport {
  seal(token: string): void;
}

/** What a gateway needs of the realm that it runs in. */
export interface GatewayOptions {
  /** Ends the realm. Default: ends the process. */
  readonly exit?: (code: number) => void;
  /** Called while a guest is being started, when this thread has nothing to do but to wait for others. */
  readonly onBoot?: () => void;
}

/** Milliseconds after which Python that does not answer is given up; `bind` has the host's limit, as it may be long. */
const ANSWER_MS = 5_000;

type State =
  | { readonly name: "new" }
  | { readonly name: "booting" }
  | { readonly name: "idle"; readonly interpreter: Interpreter; readonly grants: CellGrants }
  | {
    readonly name: "busy";
    readonly interpreter: Interpreter;
    readonly grants: CellGrants;
    readonly execution: OpenExecution | null;
  };

/** The child's end of the wire. */
export class Gateway {
  readonly #transport: SealableTransport;
  readonly #host: RpcPeer;
  readonly #exit: (code: number) => void;
  readonly #onBoot: () => void;
  #interpreter: Interpreter | null = null;
  #state: State = { name: "new" };
  /** Id of the execution that was last to be stopped, until the next one. */
  #interrupted: JsonValue = null;
  /** Chunks that came ahead of `initialize`. */
  #early: Chunk[] = [];

  constructor(
    transport: SealableTransport,
    { exit = Deno.exit, onBoot = () => {} }: GatewayOptions = {},
  ) {
    this.#transport = transport;
    this.#exit = exit;
    this.#onBoot = onBoot;
    this.#host = new RpcPeer(transport, {
      requests: {
        initialize: (params) => this.#initialize(params),
        bind: (params) => this.#whileIdle(Infinity, (interpreter) => interpreter.bind(params)),
        execute: (params, { signal }) => this.#execute(params, signal),
        checkpoint: (params) =>
          this.#whileIdle(ANSWER_MS, (interpreter) => this.#checkpoint(interpreter, params)),
        shutdown: () => this.#shutdown(),
      },
      notifications: { interrupt: (params) => this.#interrupt(params) },
      onChunk: (chunk) => this.#takeChunk(chunk),
    });
  }

  /** Settles when the host has gone. */
  get ended(): Promise<void> {
    return this.#host.ended;
  }

  async #initialize(params: JsonValue): Promise<JsonValue> {
    if (this.#state.name !== "new") throw wrongState("initialize", this.#state);
    const options = readInitialize(params);
    if (options.token !== null) this.#transport.seal(options.token);
    this.#state = { name: "booting" };
    const startedAt = performance.now();
    const compiling = compilePython(options.pyodide);
    const interpreter = new Interpreter(options.worker, {
      callTool: (call, signal) => this.#callTool(call, signal),
      fetch: (request, signal) => this.#fetch(request, signal),
      output: (output) => this.#passOutput(output),
      chunk: (chunk) => this.#passChunk(chunk),
      fatal: (message) => this.die(message),
    });
    this.#interpreter = interpreter;
    this.#onBoot();
    const [files, granted, packages] = await Promise.all([
      readStartFiles(options, this.#early, compiling),
      readGrantedFiles(options.grants.paths, options.fileBytes - bytesOfPackages(options.packages)),
      packageEntries(options.packages, this.#early),
    ]);
    const readMs = performance.now() - startedAt;
    this.#early = [];
    const base = options.snapshot !== null ? { path: options.snapshot, sha256: files.base } : null;
    const entries = [...granted.entries, ...packages];
    const given = { ...granted, bytes: options.fileBytes, entries };
    const { env, memoryBytes } = options;
    const versions = await interpreter.boot(files, given, { env, memoryBytes, base });
    const grants = new CellGrants(options.grants, granted, interpreter);
    this.#state = { name: "idle", interpreter, grants };
    return {
      protocolVersion: PROTOCOL_VERSION,
      python: field(versions, "python"),
      pyodide: field(versions, "pyodide"),
      start: options.checkpoint ? "checkpoint" : files.base !== null ? "snapshot" : "plain",
      base: files.base,
      timings: { readMs, pythonMs: performance.now() - startedAt - readMs },
    };
  }

  async #execute(params: JsonValue, signal: AbortSignal): Promise<JsonValue> {
    if (this.#state.name !== "idle") throw wrongState("execute", this.#state);
    const executionId = field(params, "executionId");
    this.#interrupted = null;
    const { interpreter, grants } = this.#state;
    this.#state = { name: "busy", interpreter, grants, execution: null };
    try {
      await interpreter.free(ANSWER_MS);
      signal.throwIfAborted();
      const result = await this.#run(params, signal, { interpreter, grants });
      this.#state = { name: "busy", interpreter, grants, execution: null };
      // Writing to the host's disk is no fault of the cell's: the host stops its clock meanwhile.
      return await grants.afterCell(result, () => this.#host.notify("saving", { executionId }));
    } finally {
      this.#state = { name: "idle", interpreter, grants };
    }
  }

  /** Runs a cell: while it is open, Python may call tools and the network, and print. */
  async #run(
    params: JsonValue,
    signal: AbortSignal,
    { interpreter, grants }: { interpreter: Interpreter; grants: CellGrants },
  ): Promise<JsonValue> {
    using execution = new OpenExecution(params, {
      expire: () => {
        this.#stop(execution, interpreter);
        // The host's own clock can't see what runs beside an open tool call.
        this.#host.notify("expired", { executionId: execution.id });
      },
      rests: () => interpreter.rests(),
    });
    this.#state = { name: "busy", interpreter, grants, execution };
    if (this.#interrupted === execution.id) execution.expire();
    const stop = () => this.#stop(execution, interpreter);
    signal.addEventListener("abort", stop, { once: true });
    try {
      return await interpreter.execute(params);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** Has Python end its cell, also where it waits for the network. */
  #stop(execution: OpenExecution, interpreter: Interpreter): void {
    interpreter.interrupt();
    execution.stop();
  }

  /**
   * Stops the named cell as its deadline would; unlike a cancelled request, it still gets its result. One that is about
   * to begin is stopped when it has begun.
   */
  #interrupt(params: JsonValue): void {
    this.#interrupted = field(params, "executionId");
    const execution = this.#openExecution(params);
    if (execution === null || this.#state.name !== "busy") return;
    this.#stop(execution, this.#state.interpreter);
    // Again and again: Python may have been on its way into the cell's code, where the first stop is not seen.
    execution.expire();
  }

  /** Runs one thing that is no execution, so that nothing else starts meanwhile. */
  async #whileIdle(
    answerMs: number,
    work: (interpreter: Interpreter) => Promise<JsonValue>,
  ): Promise<JsonValue> {
    if (this.#state.name !== "idle") throw wrongState("request", this.#state);
    const { interpreter, grants } = this.#state;
    this.#state = { name: "busy", interpreter, grants, execution: null };
    try {
      await interpreter.free(answerMs);
      return await work(interpreter);
    } finally {
      this.#state = { name: "idle", interpreter, grants };
    }
  }

  async #checkpoint(interpreter: Interpreter, params: JsonValue): Promise<JsonValue> {
    const form = field(params, "form") === "whole" ? "whole" : "difference";
    const { bytes, base } = await interpreter.checkpoint(form);
    const blob = MEMORY_BLOB;
    for (let offset = 0; offset < bytes.length; offset += Limits.chunkBytes) {
      const piece = bytes.subarray(offset, offset + Limits.chunkBytes);
      await this.#host.sendChunk({
        blob,
        type: "bytes",
        offset,
        total: bytes.length,
        bytes: piece,
      });
    }
    return { blob, base };
  }

  /** Large values on their way in: to Python at once, or kept while there is none. */
  #takeChunk(chunk: Chunk): void {
    if (this.#state.name === "idle" || this.#state.name === "busy") {
      this.#state.interpreter.sendChunk(chunk);
    } else {
      this.#early.push(chunk);
    }
  }

  /** Passes a tool call on, if an execution is open and it is the one that the call names. */
  async #callTool(call: JsonValue, signal?: AbortSignal): Promise<JsonValue> {
    const execution = this.#openExecution(call);
    if (!execution) {
      throw new RpcError(ErrorCode.wrongState, "Cannot call tool: no cell is running");
    }
    return await execution.whilePaused(() =>
      this.#host.request("tool/call", call, signal ? { signal } : {})
    );
  }

  /** Sends a request of Python's, if an execution is open and it is the one that the request names. */
  async #fetch(request: JsonValue, signal: AbortSignal): Promise<JsonValue> {
    const execution = this.#openExecution(request);
    if (!execution || this.#state.name !== "busy") {
      throw new RpcError(ErrorCode.wrongState, "Cannot reach the network: no cell is running");
    }
    return await this.#state.grants.fetch(request, AbortSignal.any([signal, execution.signal]));
  }

  #passOutput(output: JsonValue): void {
    if (this.#openExecution(output)?.admits(field(output, "text"))) {
      this.#host.notify("output", output);
    }
  }

  /** Passes a piece of a large value on; outside an execution nothing would name it, and no honest piece is larger. */
  #passChunk(chunk: Chunk): void {
    if (this.#state.name !== "busy" || this.#state.execution === null) return;
    if (chunk.bytes.length > Limits.chunkBytes) return;
    // A host that is gone ends the gateway by other means.
    this.#host.sendChunk(chunk).catch(() => {});
  }

  /** The execution that a message of the worker names, if it is the open one. */
  #openExecution(message: JsonValue): OpenExecution | null {
    const execution = this.#state.name === "busy" ? this.#state.execution : null;
    return execution?.id === field(message, "executionId") ? execution : null;
  }

  /** Python is broken beyond use: says so and ends, so that the host starts another. */
  die(message: string): void {
    this.#host.notify("fatal", { message });
    setTimeout(() => this.#exit(70), 50);
  }

  /** Ends Python where no process ends with it; resolves to whether it came to rest within `answerMs`. */
  async endPython(answerMs: number): Promise<boolean> {
    return await this.#interpreter?.end(answerMs) ?? true;
  }

  #shutdown(): JsonValue {
    setTimeout(() => this.#exit(0), 0);
    return null;
  }
}

function wrongState(what: string, state: State): RpcError {
  return new RpcError(ErrorCode.wrongState, `Cannot serve ${what}: the guest is ${state.name}`);
}
