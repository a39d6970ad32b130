/** Large buffers, given back as soon as they have served. */

/**
 * Frees the memory behind `bytes`, all of it, now. To the garbage collector a buffer of any size is one small
 * object, so an idle sandbox would keep several copies of Python's memory for as long as it rests.
 */
export function release(bytes: Uint8Array<ArrayBuffer>): void {
  bytes.buffer.transfer(0);
}
