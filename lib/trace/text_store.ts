/** TextStore: large texts in a folder, each in a file that is named by its SHA-256 and is there whole or not at all. */
import { createHash } from "node:crypto";

/** Files that are written at the same time; each holds a file handle. */
const PARALLEL_WRITES = 16;

/** Keeps texts and bytes by content, so that what occurs twice is written once. */
export class TextStore {
  readonly #folder: string;
  readonly #known = new Set<string>();
  readonly #pending = new Map<string, Uint8Array>();
  #made = false;

  /** Makes a store over `folder`, which is made when there is something to keep. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Names a content by its hash at once; it is on disk after the next {@linkcode write}. */
  put(content: string | Uint8Array): string {
    // A copy: the caller may change its bytes before they are written.
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content.slice();
    const sha256 = sha256Of(bytes);
    if (!this.#known.has(sha256)) {
      this.#known.add(sha256);
      this.#pending.set(sha256, bytes);
    }
    return sha256;
  }

  /** Writes what was put since the last time. With `durable`, it survives a power failure too. */
  async write(options: { readonly durable?: boolean } = {}): Promise<void> {
    const pending = [...this.#pending];
    this.#pending.clear();
    if (pending.length > 0 && !this.#made) {
      await Deno.mkdir(this.#folder, { recursive: true });
      this.#made = true;
    }
    for (let from = 0; from < pending.length; from += PARALLEL_WRITES) {
      const batch = pending.slice(from, from + PARALLEL_WRITES);
      await Promise.all(batch.map(([name, bytes]) => this.#writeFile(name, bytes, options)));
    }
  }

  /** Reads a content back and checks its hash. What is no hash is refused: a journal may come from anybody. */
  async read(sha256: string, options: { readonly signal?: AbortSignal } = {}): Promise<Uint8Array> {
    if (!/^[0-9a-f]{64}$/.test(sha256)) {
      throw new Error(`${JSON.stringify(sha256.slice(0, 100))} is not a SHA-256 in hexadecimal`);
    }
    const bytes = await Deno.readFile(`${this.#folder}/${sha256}`, options);
    if (sha256Of(bytes) !== sha256) {
      throw new Error(`the content of ${this.#folder}/${sha256} does not have this hash`);
    }
    return bytes;
  }

  /** Removes what interrupted writes have left. Only for the one that writes to the folder. */
  async clean(): Promise<void> {
    try {
      for await (const entry of Deno.readDir(this.#folder)) {
        if (entry.name.endsWith(".part")) await Deno.remove(`${this.#folder}/${entry.name}`);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  async #writeFile(
    sha256: string,
    bytes: Uint8Array,
    options: { readonly durable?: boolean },
  ): Promise<void> {
    const path = `${this.#folder}/${sha256}`;
    if (await isThere(path)) return;
    await writeWhole(path, bytes, options);
  }
}

/** Writes a file under a passing name and then renames it, so that no reader ever sees a part of it. */
export async function writeWhole(
  path: string,
  bytes: Uint8Array,
  options: { readonly durable?: boolean } = {},
): Promise<void> {
  const part = `${path}.${crypto.randomUUID()}.part`;
  {
    using file = await Deno.open(part, { write: true, createNew: true });
    await writeAll(file, bytes);
    if (options.durable ?? false) await file.sync();
  }
  await Deno.rename(part, path);
}

/** Writes all bytes: a single write may take fewer. */
export async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
}

/** SHA-256 of a text's UTF-8, or of bytes, in hexadecimal. */
export function sha256Of(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

async function isThere(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
