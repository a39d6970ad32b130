/** Reads files straight to where they are to lie. `Deno.readFile` reads elsewhere and copies, which for 30 MB takes longer. */

/** A file's bytes, in a buffer of their own. */
export async function readWhole(path: string): Promise<Uint8Array<ArrayBuffer>> {
  using file = await Deno.open(path);
  const bytes = new Uint8Array((await file.stat()).size);
  await fill(file, bytes);
  return bytes;
}

/** Reads into all of `bytes`; throws where the file ends before. */
export async function fill(file: Deno.FsFile, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const count = await file.read(bytes.subarray(at));
    if (count === null) {
      throw new Deno.errors.UnexpectedEof(`Cannot read file: it ends after ${at} bytes`);
    }
    at += count;
  }
}
