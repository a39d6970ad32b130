/** Reads a granted file or folder of the host, and nothing that only seems to lie in it. */
import type { GrantedEntry } from "./granted_entry.ts";
import { contains, join, shown } from "./host_path.ts";
import { ErrorCode, FileLimits, type PathGrant } from "./protocol.ts";
import { RpcError } from "./rpc_peer.ts";

/** What all grants together may still bring. */
export interface FileAllowance {
  bytes: number;
  entries: number;
}

/** What was found in one grant. */
export interface Walked {
  readonly entries: GrantedEntry[];
  /** Guest paths of what was left out, and why, in words for the model. */
  readonly skipped: string[];
}

/** Files that are read at the same time. */
const TOGETHER = 16;

/** Walks one grant; `elsewhere` tells the guest paths that other grants take care of. */
export async function walkGrant(
  grant: PathGrant,
  elsewhere: (guestPath: string) => boolean,
  allowance: FileAllowance,
): Promise<Walked> {
  const walk = new Walk(grant, elsewhere, allowance);
  await walk.start();
  return walk;
}

class Walk implements Walked {
  readonly entries: GrantedEntry[] = [];
  readonly skipped: string[] = [];
  readonly #grant: PathGrant;
  readonly #elsewhere: (guestPath: string) => boolean;
  readonly #allowance: FileAllowance;
  /** Folders below the grant that are still to be read. */
  readonly #folders: string[] = [];

  constructor(
    grant: PathGrant,
    elsewhere: (guestPath: string) => boolean,
    allowance: FileAllowance,
  ) {
    this.#grant = grant;
    this.#elsewhere = elsewhere;
    this.#allowance = allowance;
  }

  async start(): Promise<void> {
    const { isDirectory, isFile } = await Deno.lstat(this.#grant.hostPath);
    if (!isDirectory && !isFile) throw this.#refusal("it is neither a file nor a folder");
    await this.#take("", { isDirectory, isFile, isSymlink: false });
    for (let folder = this.#folders.pop(); folder !== undefined; folder = this.#folders.pop()) {
      await this.#readFolder(folder);
    }
  }

  async #readFolder(below: string): Promise<void> {
    const found: Deno.DirEntry[] = [];
    for await (const entry of Deno.readDir(join(this.#grant.hostPath, below))) {
      found.push(entry);
      if (found.length > this.#allowance.entries) throw this.#tooMany();
    }
    for (let at = 0; at < found.length; at += TOGETHER) {
      await Promise.all(
        found.slice(at, at + TOGETHER).map((entry) => {
          const path = below === "" ? entry.name : `${below}/${entry.name}`;
          return this.#elsewhere(this.#guestPath(path)) ? null : this.#take(path, entry);
        }),
      );
    }
  }

  /** Takes one entry of a folder, if it is of a kind that can be taken. */
  async #take(
    below: string,
    kind: Pick<Deno.DirEntry, "isDirectory" | "isFile" | "isSymlink">,
  ): Promise<void> {
    if (this.#allowance.entries-- === 0) throw this.#tooMany();
    const path = this.#guestPath(below);
    const writable = this.#grant.access === "write";
    if (kind.isDirectory) {
      if (below.split("/").length > FileLimits.depth) {
        throw this.#refusal(`it has more than ${FileLimits.depth} folders inside each other`);
      }
      this.entries.push({ path, writable, kind: "folder" });
      this.#folders.push(below);
    } else if (kind.isSymlink) await this.#takeLink(below, path, writable);
    else if (kind.isFile) await this.#takeFile(below, path, writable);
    else this.#skip(below, "it is no file");
  }

  /** Keeps a link that stays inside the grant; one that leads out could lead anywhere. */
  async #takeLink(below: string, path: string, writable: boolean): Promise<void> {
    const { hostPath } = this.#grant;
    const real = await Deno.realPath(join(hostPath, below)).catch(() => null);
    if (real === null || !contains(hostPath, real)) {
      return this.#skip(below, "it is a link that leads out of what is granted, or nowhere");
    }
    const target = this.#guestPath(real.slice(hostPath.length + 1));
    this.entries.push({ path, writable, kind: "link", target });
  }

  async #takeFile(below: string, path: string, writable: boolean): Promise<void> {
    try {
      const hostPath = join(this.#grant.hostPath, below);
      using file = await Deno.open(hostPath);
      const { isFile, size, mtime } = await file.stat();
      // Somebody may put a link in its place while it is being opened.
      if (!isFile || await Deno.realPath(hostPath) !== hostPath) {
        return this.#skip(below, "it is no file");
      }
      this.#allowance.bytes -= size;
      if (this.#allowance.bytes < 0) {
        throw this.#refusal(
          "the granted files together are larger than half of the memory that Python may have; grant fewer, or raise memoryMb",
        );
      }
      const bytes = await readUpTo(file, size);
      this.entries.push({ path, writable, kind: "file", bytes, mtime: mtime?.getTime() ?? 0 });
    } catch (error) {
      if (error instanceof RpcError) throw error;
      this.#skip(below, "it can't be read");
    }
  }

  #guestPath(below: string): string {
    return join(this.#grant.guestPath, below);
  }

  #skip(below: string, why: string): void {
    this.skipped.push(`${shown(this.#guestPath(below))} was left out: ${why}`);
  }

  #tooMany(): RpcError {
    const most = FileLimits.entries.toLocaleString("en");
    return this.#refusal(
      `more than ${most} files and folders are granted; name those that are needed`,
    );
  }

  #refusal(why: string): RpcError {
    const { access, hostPath } = this.#grant;
    return new RpcError(
      ErrorCode.grantRefused,
      `Cannot grant ${access} of ${JSON.stringify(hostPath)}: ${why}`,
    );
  }
}

/** Reads a file up to the size that it had when it was opened: one that grows meanwhile has no end. */
async function readUpTo(file: Deno.FsFile, size: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    const count = await file.read(bytes.subarray(at));
    if (count === null) break;
    at += count;
  }
  return at === size ? bytes : bytes.slice(0, at);
}
