/** The cap on Python's memory, kept in the realm itself: where the host is the process, V8's own flag for it can't be set. */

/** Bytes of one page of WebAssembly memory. */
const PAGE = 65_536;

/** Has every memory of this realm refuse to grow beyond `limit` bytes; Python sees that as `MemoryError`. */
export function limitMemory(limit: number): void {
  const { prototype } = WebAssembly.Memory;
  const grow = prototype.grow;
  Reflect.defineProperty(prototype, "grow", {
    value(this: WebAssembly.Memory, pages: number): number {
      if (this.buffer.byteLength + pages * PAGE > limit) {
        throw new RangeError(`Cannot grow memory: the limit is ${limit} bytes`);
      }
      return Reflect.apply(grow, this, [pages]);
    },
  });
}
