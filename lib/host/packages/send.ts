/** Packages on their way to a guest that is starting. */
import type { PackageFiles } from "../../../sandbox/protocol.ts";
import type { RpcPeer } from "../../../sandbox/rpc_peer.ts";
import { sendBlob } from "../blobs.ts";
import type { Packages } from "./load.ts";

/** Number of the blob that packages are; values count from 1 too, but only once the guest has started. */
const PACKAGES_BLOB = 1;

/** Sends the files of packages ahead of `initialize`; resolves to what names them there. */
export async function sendPackages(
  peer: RpcPeer,
  packages: Packages | null,
  signal: AbortSignal,
): Promise<PackageFiles | null> {
  if (packages === null) return null;
  await sendBlob(peer, { id: PACKAGES_BLOB, value: packages.bytes }, { signal });
  return { blob: PACKAGES_BLOB, files: packages.files.map((file) => ({ ...file })) };
}
