/**
 * A guest's image as it is kept in a checkpoint: compressed. A small guest touches a thousand of the snapshot's eight thousand
 * pages, but few bytes in most of them, where Python counts references: what is left is zeros, which compress well and
 * fast. As gzip for its checksum: a memory with one wrong bit would break Python much later, and elsewhere.
 */

/** Bytes that are compressed in one go: other messages get their turn between them. */
const PIECE = 1024 * 1024;

/** An image, compressed. */
export async function compressImage(
  image: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  return await pipe(image, new CompressionStream("gzip"));
}

/** The image again; throws a `RangeError` when a bit of it is wrong or missing. */
export async function inflateImage(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await pipe(bytes, new DecompressionStream("gzip"));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RangeError(`Cannot inflate image: ${why}`, { cause: error });
  }
}

/** Sends bytes through a stream. They are written from where they lie: a `Blob` would copy them first. */
async function pipe(
  bytes: Uint8Array<ArrayBuffer>,
  { readable, writable }: CompressionStream | DecompressionStream,
): Promise<Uint8Array<ArrayBuffer>> {
  const write = async () => {
    const writer = writable.getWriter();
    for (let at = 0; at < bytes.length; at += PIECE) {
      await writer.write(bytes.subarray(at, at + PIECE));
    }
    await writer.close();
  };
  const [result] = await Promise.all([new Response(readable).arrayBuffer(), write()]);
  return new Uint8Array(result);
}
