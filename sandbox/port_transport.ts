/**
 * The wire over a MessagePort: between the two realms of the child, and between host and gateway where the gateway
 * is a worker too. Frames are strings and buffers only.
 */
import { type Frame, isBlobType } from "./framing.ts";
import { Limits } from "./protocol.ts";
import type { Transport } from "./rpc_peer.ts";

/** Called with the size of each frame: how the sending end learns to wait for the reading one. */
export interface PortFlow {
  readonly sent?: (size: number) => void | Promise<void>;
  readonly taken?: (size: number) => void;
}

/** A transport over a port. */
export interface PortTransport extends Transport {
  /** Ends the frames, once those that have come are taken, and lets go of the port. */
  close(): void;
}

/**
 * Makes a transport of a port. Messages cross as JSON text and never as live objects, so that neither
 * realm can hand the other a getter, a proxy or a prototype. A chunk's buffer is moved, not copied: who sends one has it no more.
 */
export function portTransport(port: MessagePort, flow: PortFlow = {}): PortTransport {
  const queue: Frame[] = [];
  let wake: () => void = () => {};
  let closed = false;
  port.onmessage = (event: MessageEvent) => {
    queue.push(toFrame(event.data));
    wake();
  };
  async function* frames(): AsyncGenerator<Frame> {
    while (true) {
      const frame = queue.shift();
      if (frame) {
        // Whoever takes a chunk may pass its buffer on, and then it has no size any more.
        const size = sizeOf(frame);
        yield frame;
        flow.taken?.(size);
      } else if (closed) return;
      else await new Promise<void>((resolve) => wake = resolve);
    }
  }
  return {
    frames: frames(),
    send(frame) {
      const size = sizeOf(frame);
      if (frame.kind === "message") port.postMessage(frame.text);
      else {
        const bytes = withOwnBuffer(frame.bytes);
        port.postMessage({ ...frame, bytes }, [bytes.buffer]);
      }
      return flow.sent?.(size);
    },
    close() {
      closed = true;
      port.close();
      wake();
    },
  };
}
/** The bytes, or a copy where they are a part of something: the whole buffer is moved. */
function withOwnBuffer(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice();
}

/** Reads what came through the port; anything of another shape is garbled. */
function toFrame(data: unknown): Frame {
  if (typeof data === "string") {
    return data.length > Limits.messageBytes
      ? { kind: "garbled" }
      : { kind: "message", text: data };
  }
  if (typeof data !== "object" || data === null) return { kind: "garbled" };
  const { blob, type, offset, total, bytes } = data as Record<string, unknown>;
  if (
    !isBlobType(type) || !isCount(blob) || !isCount(offset) || !isCount(total) ||
    !(bytes instanceof Uint8Array) || !(bytes.buffer instanceof ArrayBuffer) ||
    offset + bytes.length > total
  ) return { kind: "garbled" };
  const own = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { kind: "chunk", blob, type, offset, total, bytes: own };
}

function sizeOf(frame: Frame): number {
  if (frame.kind === "garbled") return 0;
  return frame.kind === "message" ? frame.text.length : frame.bytes.length;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
