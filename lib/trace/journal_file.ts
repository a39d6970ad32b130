/** What the journal's writer and reader both do with files: find the last whole line, name what went wrong. */
import { JournalError } from "../errors.ts";
import { textFolder } from "./journal_format.ts";

const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 10;

/** Bytes of the file up to and including its last line end; what follows was never wholly written. */
export async function lengthOfWholeLines(file: Deno.FsFile, signal?: AbortSignal): Promise<number> {
  let end = (await file.stat()).size;
  const buffer = new Uint8Array(CHUNK_BYTES);
  while (end > 0) {
    signal?.throwIfAborted();
    const start = Math.max(0, end - CHUNK_BYTES);
    await file.seek(start, Deno.SeekMode.Start);
    const chunk = buffer.subarray(0, await readFully(file, buffer.subarray(0, end - start)));
    const newline = chunk.lastIndexOf(NEWLINE);
    if (newline !== -1) return start + newline + 1;
    end = start;
  }
  return 0;
}

/** Turns what the file system threw into one line that names the remedy. */
export function accessError(error: unknown, action: "read" | "write", path: string): unknown {
  if (error instanceof JournalError || !(error instanceof Error) || error.name === "AbortError") {
    return error;
  }
  const why = error instanceof Deno.errors.NotCapable
    ? flagsFor(action, path)
    : error instanceof Deno.errors.NotFound
    ? MISSING[action]
    // Deno adds its own name for the error, and the path once more.
    : error.message.replace(/ \(os error \d+\).*$/, "");
  return new JournalError(`Cannot ${action} journal: ${path}: ${why}`, path, null, {
    cause: error,
  });
}

const MISSING = {
  read: "there is no such file, check the path",
  write: "its folder does not exist, make it first",
} as const;

function flagsFor(action: "read" | "write", path: string): string {
  const paths = `${path},${textFolder(path)}`;
  const flags = action === "read"
    ? `--allow-read=${paths}`
    : `--allow-read=${paths} --allow-write=${paths}`;
  return `Deno does not allow it, run again with ${flags}`;
}

async function readFully(file: Deno.FsFile, buffer: Uint8Array): Promise<number> {
  let done = 0;
  while (done < buffer.length) {
    const count = await file.read(buffer.subarray(done));
    if (count === null) break;
    done += count;
  }
  return done;
}
