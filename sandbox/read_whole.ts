/**
 * Reads files straight to where they are to lie, and at once. `Deno.readFile` reads elsewhere and copies; and reads that wait
 * their turn in the event loop take longer than what is read, as other threads are as busy as this one in a start.
 */

/** A file's bytes, in a buffer of their own. */
export function readWhole(path: string): Uint8Array<ArrayBuffer> {
  using file = Deno.openSync(path);
  const bytes = new Uint8Array(file.statSync().size);
  fill(file, bytes);
  return bytes;
}

/** Reads into all of `bytes`; throws where the file ends before. */
export function fill(file: Deno.FsFile, bytes: Uint8Array<ArrayBuffer>): void {
  for (let at = 0; at < bytes.length;) {
    const count = file.readSync(bytes.subarray(at));
    if (count === null) {
      throw new Deno.errors.UnexpectedEof(`Cannot read file: it ends after ${at} bytes`);
    }
    at += count;
  }
}
