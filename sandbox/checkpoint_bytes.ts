/**
 * A guest's image as it is kept in a checkpoint: compressed. A small guest touches a thousand of the snapshot's eight thousand
 * pages, but few bytes in most of them, where Python counts references: what is left is zeros, which compress well and
 * fast. As gzip for its checksum: a memory with one wrong bit would break Python much later, and elsewhere.
 */

/** Bytes that are compressed in one go: other messages get their turn between them. */
const PIECE = 1024 * 1024;

/** Bytes in memory that is not shared. */
type Bytes = Uint8Array<ArrayBuffer>;

/** An image, compressed. */
export async function compressImage(image: Bytes): Promise<Bytes> {
  return await pipe(image, new CompressionStream("gzip"));
}

/** The image again; throws a `RangeError` when a bit of it is wrong or missing, or once it has more than `limit` bytes. */
export async function inflateImage(bytes: Bytes, limit: number): Promise<Bytes> {
  const { readable, writable } = new DecompressionStream("gzip");
  try {
    return await pipe(bytes, { readable: readable.pipeThrough(atMost(limit)), writable });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RangeError(`Cannot inflate image: ${why}`, { cause: error });
  }
}

/** Lets bytes pass until there are too many: six megabytes of a stranger's can inflate to six thousand. */
function atMost(limit: number): TransformStream<Bytes, Bytes> {
  let left = limit;
  return new TransformStream({
    transform(piece, controller) {
      left -= piece.length;
      if (left < 0) throw new RangeError(`more than ${limit} bytes`);
      controller.enqueue(piece);
    },
  });
}

/** Sends bytes through a stream. They are written from where they lie: a `Blob` would copy them first. */
async function pipe(
  bytes: Bytes,
  { readable, writable }: Pick<CompressionStream, "readable" | "writable">,
): Promise<Bytes> {
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
