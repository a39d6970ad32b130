/** Files of the cache folder: written whole or not at all. */

/**
 * Writes a file and the folder that it lies in. Two processes may do it at once: each writes a file of its
 * own and the last rename stays. A folder that can't be written costs the next start time and
 * nothing else, so the reason is returned and not thrown.
 */
export async function replaceFile(
  file: string,
  content: Uint8Array<ArrayBuffer>,
): Promise<Error | null> {
  const draft = `${file}.${crypto.randomUUID()}`;
  try {
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeFile(draft, content);
    await Deno.rename(draft, file);
    return null;
  } catch (error) {
    await Deno.remove(draft).catch(() => {});
    return error instanceof Error ? error : new Error(String(error));
  }
}
