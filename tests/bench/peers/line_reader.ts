/** What DSPy's runner takes from `std/io`, a module that no package registry has: the lines of a stream. */

/** Yields the lines of a stream; each byte is looked at once. */
export async function* readLines(
  source: { read(buffer: Uint8Array): Promise<number | null> },
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(1024 * 1024);
  let parts: string[] = [];
  for (let count = await source.read(buffer); count !== null; count = await source.read(buffer)) {
    const lines = decoder.decode(buffer.subarray(0, count), { stream: true }).split("\n");
    for (const line of lines.slice(0, -1)) {
      yield [...parts, line].join("");
      parts = [];
    }
    parts.push(lines.at(-1) ?? "");
  }
  const rest = parts.join("");
  if (rest !== "") yield rest;
}
