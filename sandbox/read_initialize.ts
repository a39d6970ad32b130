/** Reads what the host starts a guest with. */
import { field } from "./field.ts";
import { ErrorCode, type InitializeParams, type JsonValue, PROTOCOL_VERSION } from "./protocol.ts";
import { readGrants } from "./read_grants.ts";
import { readPackages } from "./package_files.ts";
import { RpcError } from "./rpc_peer.ts";

/** Bytes of Python's files where the host sets no cap. */
const FILE_BYTES = 512 * 1024 ** 2;

/** Bytes of Python's memory where the host sets no cap: all that its addresses reach. */
const MEMORY_BYTES = 4096 * 1024 ** 2;

/** Checks what the host sent; the shape is the contract's, so a mismatch is another version's host. */
export function readInitialize(params: JsonValue): InitializeParams {
  const text = (name: string): string => {
    const value = field(params, name);
    if (typeof value === "string") return value;
    throw new RpcError(ErrorCode.invalidParams, `Cannot initialize: ${name} must be text`);
  };
  const version = field(params, "protocolVersion");
  if (version !== PROTOCOL_VERSION) {
    throw new RpcError(
      ErrorCode.invalidParams,
      `Cannot initialize: protocol ${JSON.stringify(version)} is not ${PROTOCOL_VERSION}`,
    );
  }
  const env = field(params, "env");
  const fileBytes = field(params, "fileBytes");
  const memoryBytes = field(params, "memoryBytes");
  const checkpoint = field(params, "checkpoint");
  return {
    protocolVersion: PROTOCOL_VERSION,
    token: field(params, "token") === null ? null : text("token"),
    env: Object.fromEntries(
      Object.entries(typeof env === "object" && env !== null ? env : {}).map((
        [k, v],
      ) => [k, String(v)]),
    ),
    worker: text("worker"),
    pyodide: text("pyodide"),
    snapshot: field(params, "snapshot") === null ? null : text("snapshot"),
    checkpoint: checkpoint === null ? null : readCheckpoint(checkpoint),
    grants: readGrants(field(params, "grants")),
    packages: readPackages(field(params, "packages")),
    fileBytes: typeof fileBytes === "number" ? fileBytes : FILE_BYTES,
    memoryBytes: typeof memoryBytes === "number" ? memoryBytes : MEMORY_BYTES,
  };
}

function readCheckpoint(value: JsonValue): { blob: number; base: string | null } {
  const blob = field(value, "blob");
  const base = field(value, "base");
  if (typeof blob === "number" && (base === null || typeof base === "string")) {
    return { blob, base };
  }
  throw new RpcError(
    ErrorCode.invalidParams,
    "Cannot initialize: checkpoint must name blob and base",
  );
}
