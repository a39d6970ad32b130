/** The list in a wheel of what is in it, with a hash for each file: what a wheel without a known hash is held to. */
import type { PackageFile } from "./wheel.ts";

/** Checks files against their wheel's own list; throws a `RangeError` when one is missing, changed or not in it. */
export async function checkRecord(files: readonly PackageFile[]): Promise<void> {
  const record = files.find(({ path }) => /^[^/]+\.dist-info\/RECORD$/.test(path));
  if (record === undefined) throw new RangeError("it has no RECORD, and no #sha256= is given");
  const hashes = readRecord(new TextDecoder().decode(record.bytes));
  for (const { path, bytes } of files) {
    if (isUnhashed(path, record.path)) continue;
    const wanted = hashes.get(path);
    const shown = JSON.stringify(path);
    if (wanted === undefined) throw new RangeError(`its RECORD does not list ${shown}`);
    if (wanted !== await recordHash(bytes)) {
      throw new RangeError(`${shown} in it is not the file that its RECORD tells`);
    }
    hashes.delete(path);
  }
  for (const path of hashes.keys()) {
    if (isUnhashed(path, record.path)) continue;
    throw new RangeError(`${JSON.stringify(path)} of its RECORD is not in it`);
  }
}

/** The list can't have its own hash, nor those of its signatures. */
function isUnhashed(path: string, record: string): boolean {
  return path === record || path === `${record}.jws` || path === `${record}.p7s`;
}

/** Hashes by path; lines are `path,hash,size`, and a path with a comma stands in quotes. */
function readRecord(text: string): Map<string, string> {
  const hashes = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, quoted, plain, hash = ""] = /^(?:"((?:[^"]|"")*)"|([^,]*)),([^,]*),/.exec(line) ?? [];
    const path = quoted?.replaceAll('""', '"') ?? plain ?? "";
    if (path !== "" && !path.endsWith("/")) hashes.set(path, hash);
  }
  return hashes;
}

async function recordHash(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `sha256=${digest.toBase64({ alphabet: "base64url", omitPadding: true })}`;
}
