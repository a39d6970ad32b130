/** A wheel: checked, unpacked, and laid out as it lies in Python's folder of packages. Nothing in it is run here. */
import { checkRecord } from "./wheel_record.ts";
import { readZip, unpack, type ZipEntry } from "./zip.ts";

/** One file of a package, by its path in Python's folder of packages. */
export interface PackageFile {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What all packages of a sandbox together may still bring. */
export interface PackageAllowance {
  bytes: number;
  files: number;
}

/** Files that are unpacked at the same time. */
const TOGETHER = 16;

/**
 * Opens a wheel. With `sha256` the wheel must have that hash; without, each file in it the one that its own list tells.
 * Throws a `RangeError` that says what is wrong.
 */
export async function openWheel(
  wheel: Uint8Array<ArrayBuffer>,
  sha256: string | null,
  allowance: PackageAllowance,
): Promise<PackageFile[]> {
  if (sha256 !== null) {
    const actual = await hashOf(wheel);
    if (actual !== sha256) {
      throw new RangeError(
        `its SHA-256 is ${actual} and should be ${sha256}; it is another file, or damaged`,
      );
    }
  }
  const entries = readZip(wheel);
  checkEntries(entries, allowance);
  const files: PackageFile[] = [];
  for (let at = 0; at < entries.length; at += TOGETHER) {
    files.push(
      ...await Promise.all(
        entries.slice(at, at + TOGETHER).map(async (entry) => ({
          path: entry.name,
          bytes: await unpack(entry),
        })),
      ),
    );
  }
  if (sha256 === null) await checkRecord(files);
  return files.flatMap(laidOut);
}

/** Hash in hex. */
export async function hashOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** Refuses, before anything is unpacked, names that lead elsewhere and sizes that are too much. */
function checkEntries(entries: readonly ZipEntry[], allowance: PackageAllowance): void {
  const names = new Set<string>();
  for (const { name, size, isLink } of entries) {
    const shown = JSON.stringify(name.slice(0, 200));
    if (!staysInside(name)) throw new RangeError(`${shown} in it would lie outside of its folder`);
    if (isLink) throw new RangeError(`${shown} in it is a link`);
    if (names.has(name)) throw new RangeError(`${shown} is in it twice`);
    names.add(name);
    allowance.bytes -= size;
    allowance.files--;
  }
  if (allowance.bytes < 0) {
    throw new RangeError(
      "unpacked, the packages are larger than a quarter of the memory that Python may have; raise memoryMb",
    );
  }
  if (allowance.files < 0) throw new RangeError("the packages have too many files");
}

/** Whether a name of an archive is a plain path below the folder that it is unpacked to. */
function staysInside(name: string): boolean {
  return name.length <= 1_000 && !/[\\\p{Cc}]/u.test(name) &&
    name.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

/** Where a file of a wheel goes: those under `….data` by their kind; scripts, headers and the like are no use to a guest. */
function laidOut({ path, bytes }: PackageFile): PackageFile[] {
  const [, kind, below] = /^[^/]+\.data\/([^/]+)\/(.+)$/.exec(path) ?? [];
  if (kind === undefined || below === undefined) return [{ path, bytes }];
  return kind === "purelib" || kind === "platlib" ? [{ path: below, bytes }] : [];
}
