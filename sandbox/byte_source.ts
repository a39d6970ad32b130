/** Where frames are read from. One buffer serves all reads: a new one for each costs more than the read itself. */

/** Bytes of one read, which is what a pipe holds. */
const READ_BYTES = 64 * 1024;

/** A stream of bytes that is read piece by piece. */
export interface ByteSource {
  /** The next bytes, good until the next read; null at the end. */
  read(): Promise<Uint8Array | null>;
  /** Tells that nobody will read any more. */
  cancel(): Promise<void>;
}

/** A web stream as a source. It must be a stream of bytes, as those of processes and connections are. */
export function streamSource(stream: ReadableStream<Uint8Array>): ByteSource {
  const reader = stream.getReader({ mode: "byob" });
  let buffer = new Uint8Array(READ_BYTES);
  return {
    async read() {
      const { done, value } = await reader.read(buffer);
      if (done) return null;
      buffer = new Uint8Array(value.buffer);
      return value;
    },
    async cancel() {
      await reader.cancel().catch(() => {});
      reader.releaseLock();
    },
  };
}

/** The process's own input as a source, without the machinery of a web stream. */
export function stdinSource(): ByteSource {
  const buffer = new Uint8Array(READ_BYTES);
  return {
    async read() {
      const length = await Deno.stdin.read(buffer);
      return length === null ? null : buffer.subarray(0, length);
    },
    cancel: () => Promise.resolve(),
  };
}
