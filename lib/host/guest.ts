/** Guest: one child with Python in it, from its start to its end. It is not restored; see `sandbox_session`. */
import {
  ErrorCode,
  type InitializeParams,
  type JsonValue,
  MEMORY_BLOB,
  PROTOCOL_VERSION,
} from "../../sandbox/protocol.ts";
import { field, textField } from "../../sandbox/field.ts";
import { type Frame, FramingError } from "../../sandbox/framing.ts";
import { RpcError, RpcPeer } from "../../sandbox/rpc_peer.ts";
import { WORKER } from "../../sandbox/runner.ts";
import { ProtocolError, SandboxError, SandboxLostError, SandboxStartError } from "../errors.ts";
import { startChild, type StartChildOptions } from "./backend.ts";
import { BlobStore, sendBlob } from "./blobs.ts";
import type { Child, ChildEnd } from "./child.ts";
import { HardDeadline, type HardDeadlineOptions } from "./hard_deadline.ts";
import type { Packages } from "./packages/load.ts";
import { sendPackages } from "./packages/send.ts";
import { startFailure } from "./start_failure.ts";
import type { ToolCalls } from "./tool_calls.ts";
import { decodeValue } from "./decode_value.ts";
import { type Encoded, encodeValue, encodeValues } from "./values.ts";

/** What a guest is started with. */
export interface GuestOptions extends StartChildOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly packages: Packages | null;
  readonly startTimeoutMs: number;
  /** A memory to start from, and the hash of the snapshot that it is a difference from. */
  readonly checkpoint: { readonly memory: Uint8Array; readonly base: string | null } | null;
  readonly signal: AbortSignal | undefined;
}

/** What one execution needs beside its parameters. */
export interface Execution extends HardDeadlineOptions {
  readonly id: string;
  readonly tools: ToolCalls;
  readonly signal: AbortSignal;
  onOutput(stream: "stdout" | "stderr", text: string): void;
}

/** Milliseconds for each MiB of memory that a guest may take for moving it, beside the time that starting may take. */
const MOVE_MS = 50;

/** Bytes that a saved memory may have beside Python's own. */
const MEMORY_HEAD_BYTES = 1024 ** 2;

/** A live child. Every method rejects with the same reason once it has ended. */
export class Guest {
  readonly #child: Child;
  readonly #peer: RpcPeer;
  readonly #limitMs: number;
  /** Large values that nobody has taken yet: never more than the guest's memory can hold. */
  readonly #arrived: BlobStore;
  #execution: { readonly of: Execution; readonly deadline: HardDeadline } | null = null;
  #nextBlob = 1;
  #fatal = "";
  introduction: Readonly<Record<string, JsonValue>> = {};

  private constructor(child: Child, { memoryMb, startTimeoutMs }: GuestOptions) {
    this.#child = child;
    this.#limitMs = startTimeoutMs + memoryMb * MOVE_MS;
    this.#arrived = new BlobStore(memoryMb * 1024 ** 2 + MEMORY_HEAD_BYTES);
    this.#peer = new RpcPeer({
      frames: this.#frames(),
      send: (frame) => this.#sendFrame(frame),
    }, {
      requests: { "tool/call": (params, { signal }) => this.#answerTool(params, signal) },
      notifications: {
        output: (params) => this.#takeOutput(params),
        expired: (params) => this.#deadlineOf(params)?.expired(),
        saving: (params) => this.#deadlineOf(params)?.saving(),
        fatal: (params) => {
          this.#fatal = textField(params, "message").slice(0, 500);
        },
      },
      onChunk: (chunk) => this.#arrived.add(chunk),
    });
    // Whatever broke the wire, a process that can't be talked to is of no use.
    this.#peer.ended.then(() => child.kill());
  }

  /** Starts a process and waits until Python is ready. */
  static async start(options: GuestOptions): Promise<Guest> {
    const { pyodide, snapshot, memoryMb, grants, checkpoint } = options;
    options.signal?.throwIfAborted();
    const token = crypto.getRandomValues(new Uint8Array(16)).toHex();
    const guest = new Guest(await startChild(options, token), options);
    const timeout = AbortSignal.timeout(options.startTimeoutMs);
    const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
    try {
      if (checkpoint !== null) {
        await sendBlob(guest.#peer, { id: MEMORY_BLOB, value: checkpoint.memory }, { signal });
      }
      const params: InitializeParams = {
        protocolVersion: PROTOCOL_VERSION,
        token,
        env: { ...options.env },
        worker: WORKER,
        pyodide,
        snapshot,
        checkpoint: checkpoint && { blob: 0, base: checkpoint.base },
        grants,
        packages: await sendPackages(guest.#peer, options.packages, signal),
        // A file that grows is copied, so half of the memory may be gone for a moment.
        fileBytes: memoryMb * 1024 ** 2 / 2,
        memoryBytes: memoryMb * 1024 ** 2,
      };
      const result = await guest.#peer.request("initialize", { ...params }, { signal });
      guest.introduction = typeof result === "object" && result !== null && !Array.isArray(result)
        ? result
        : {};
      return guest;
    } catch (error) {
      await guest.kill();
      options.signal?.throwIfAborted();
      if (error instanceof SandboxStartError) throw error;
      throw startFailure(error, guest.#child.stderrTail(), options);
    }
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Why the guest has ended, or null while it lives. */
  get failure(): unknown {
    return this.#peer.failure;
  }

  /** Sends values, large ones ahead, and binds them to names. */
  async bind(
    values: Readonly<Record<string, unknown>>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const encoded = encodeValues(values, () => this.#nextBlob++);
    const bind = async () => {
      const params = { values: await this.#send(encoded, signal) };
      await this.#peer.request("bind", params, signal ? { signal } : {});
    };
    try {
      await this.#inTime(bind());
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      throw new SandboxError(`Cannot bind values: ${error.message}`, { cause: error });
    }
  }

  /** Runs a cell. The hard deadline counts running time only, as the guest's own does, and ends the process. */
  async execute(params: { [key: string]: JsonValue }, execution: Execution): Promise<JsonValue> {
    using deadline = new HardDeadline(execution, () => {
      this.kill("it did not stop at its deadline");
    });
    this.#execution = { of: execution, deadline };
    this.#arrived.clear();
    const onAbort = () => this.#stopSoon();
    execution.signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await this.#peer.request("execute", params);
    } finally {
      execution.signal.removeEventListener("abort", onAbort);
      this.#execution = null;
    }
  }

  /** The guest's memory as bytes, and the hash of the snapshot that they are a difference from. */
  async checkpoint(
    form: "difference" | "whole",
    signal: AbortSignal | undefined,
  ): Promise<{ bytes: Uint8Array<ArrayBuffer>; base: string | null }> {
    const result = await this.#inTime(
      this.#peer.request("checkpoint", { form }, signal ? { signal } : {}),
    );
    const base = field(result, "base");
    return {
      bytes: this.#arrived.take(Number(field(result, "blob"))),
      base: typeof base === "string" ? base : null,
    };
  }

  /** Ends a guest that does not answer what takes no guest code, such as one that was stopped from outside. */
  async #inTime<T>(answer: Promise<T>): Promise<T> {
    const ms = this.#limitMs;
    const timer = setTimeout(() => this.kill(`it did not answer in ${ms} ms`), ms);
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends the large parts of a value ahead; resolves to what names them. */
  async #send({ json, blobs }: Encoded, signal?: AbortSignal): Promise<JsonValue> {
    for (const blob of blobs) await sendBlob(this.#peer, blob, { signal });
    return json;
  }

  /** Decodes what the guest sent, taking the large parts that came ahead. */
  decode(json: JsonValue): unknown {
    return decodeValue(json, (id) => this.#arrived.take(id));
  }

  /** Encodes for the tools of an execution. */
  async encode(value: unknown): Promise<JsonValue> {
    return await this.#send(encodeValue(value, "result", () => this.#nextBlob++));
  }

  /** Ends the child now; resolves when nothing more comes from it. */
  async kill(why = "it was closed", reason: "killed" | "closed" = "killed"): Promise<ChildEnd> {
    this.#peer.abort(
      new SandboxLostError(`Sandbox ended: ${why}`, {
        reason,
        stderrTail: this.#child.stderrTail(),
      }),
    );
    this.#child.kill();
    return await this.#child.exited;
  }

  /** Gives Python the chance to stop by itself, then ends the process. */
  #stopSoon(): void {
    const id = this.#execution?.of.id;
    this.#peer.notify("interrupt", { executionId: id ?? "" });
  }

  async #answerTool(params: JsonValue, signal: AbortSignal): Promise<JsonValue> {
    const open = this.#execution;
    if (!open || field(params, "executionId") !== open.of.id) {
      throw new RpcError(ErrorCode.wrongState, "Cannot call tool: no cell is running");
    }
    const { tools } = open.of;
    return await open.deadline.whilePaused(() =>
      tools.answer(field(params, "name"), field(params, "arguments"), signal)
    );
  }

  /** The deadline of the execution that a message of the child names, if it is the open one. */
  #deadlineOf(params: JsonValue): HardDeadline | null {
    const open = this.#execution;
    return open?.of.id === field(params, "executionId") ? open?.deadline ?? null : null;
  }

  #takeOutput(params: JsonValue): void {
    const open = this.#execution;
    if (!open || field(params, "executionId") !== open.of.id) return;
    const stream = field(params, "stream") === "stderr" ? "stderr" : "stdout";
    open.of.onOutput(stream, textField(params, "text"));
  }

  /** The child's frames; where they end, the reason is how the process ended, or what it sent that was no frame. */
  async *#frames(): AsyncGenerator<Frame> {
    try {
      yield* this.#child.transport.frames;
    } catch (error) {
      if (error instanceof FramingError) {
        const { message, code } = error;
        throw new ProtocolError(`Sandbox ended: ${message}`, code, { cause: error });
      }
    }
    throw await this.#lost();
  }

  /** Sends one frame; a pipe that breaks is a process that ended. */
  async #sendFrame(frame: Exclude<Frame, { kind: "garbled" }>): Promise<void> {
    try {
      await this.#child.transport.send(frame);
    } catch {
      throw await this.#lost();
    }
  }

  /** How the process ended; ends it where only its pipes have. */
  async #lost(): Promise<SandboxLostError> {
    this.#child.kill();
    const { how } = await this.#child.exited;
    const why = this.#fatal === "" ? how : `Python broke down: ${this.#fatal}`;
    return new SandboxLostError(`Sandbox ended: ${why}`, {
      reason: "exit",
      stderrTail: this.#child.stderrTail(),
    });
  }
}
