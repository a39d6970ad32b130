/** Reads the grants that the host sends with `initialize`. */
import { ErrorCode, type Grants, type JsonValue, type PathGrant } from "./protocol.ts";
import { RpcError } from "./rpc_peer.ts";

/** Checks the shape of grants; a host that sends none grants nothing. */
export function readGrants(value: JsonValue): Grants {
  if (value === null) return { paths: [], net: [] };
  const { paths, net } = typeof value === "object" && !Array.isArray(value) ? value : {};
  if (
    !Array.isArray(paths) || !Array.isArray(net) || !net.every((host) => typeof host === "string")
  ) {
    throw malformed("lists of paths and net are needed");
  }
  return { paths: paths.map(readPathGrant), net };
}

function readPathGrant(value: JsonValue): PathGrant {
  const { hostPath, guestPath, access } =
    typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  const isPath = (path: JsonValue | undefined): path is string =>
    typeof path === "string" && path.startsWith("/");
  if (!isPath(hostPath) || !isPath(guestPath) || (access !== "read" && access !== "write")) {
    throw malformed("a path needs absolute hostPath and guestPath, and access");
  }
  return { hostPath, guestPath, access };
}

function malformed(why: string): RpcError {
  return new RpcError(ErrorCode.invalidParams, `Cannot initialize: grants: ${why}`);
}
