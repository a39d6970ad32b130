/**
 * The wire contract between host and guest: methods, parameters, results, error codes and limits.
 * It imports nothing, so that either side can be read, or replaced, with only this file in hand.
 */

/** A value that JSON can carry. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | JsonValue[]
  | { [key: string]: JsonValue };

/** A JSON Schema (draft 2020-12) as plain data. */
export type JsonSchema = { readonly [key: string]: unknown };

/** Version of this contract; a guest that speaks another one is refused at `initialize`. */
export const PROTOCOL_VERSION = 1;

/** JSON-RPC 2.0 error codes; those below -32000 are ours. */
export const ErrorCode = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  /** The method exists but may not be called in the present state. */
  wrongState: -32001,
  /** A message, value or depth passed a limit. */
  tooLarge: -32002,
  /** A tool failed on the host; `data` is a {@linkcode ToolFailure}. */
  toolFailed: -32003,
  /** The request was given up by its sender. */
  cancelled: -32004,
  /** A file or folder that was granted can't be given as it is. */
  grantRefused: -32005,
  /** The guest's memory can't be saved: native code was loaded into it, which is no part of it. */
  notSavable: -32006,
} as const;

/**
 * What the receiving side accepts; each limit stops a peer from spending the other's memory.
 * Checked before a byte of the body is parsed, and again on the decoded value.
 */
export const Limits = {
  /** Bytes of one header block: a peer that never ends its headers is cut off here. */
  headerBytes: 4096,
  /** Bytes of one JSON message. */
  messageBytes: 16 * 1024 * 1024,
  /** Bytes of one raw frame; larger values are sent as several. */
  chunkBytes: 4 * 1024 * 1024,
  /** Strings and bytes above this many bytes leave the JSON text and go as raw frames. */
  inlineBytes: 1024 * 1024,
  /** Nesting of a JSON message. */
  depth: 200,
  /** Tool calls that may be open at the same time. */
  openCalls: 4096,
} as const;

/** What granted files and folders may hold, on their way in and on their way out. */
export const FileLimits = {
  /** Files, folders and links that are copied in, or out after one cell. */
  entries: 20_000,
  /** Files, folders and links that Python may have at once, granted or its own. */
  guestEntries: 50_000,
  /** Folders inside folders. */
  depth: 100,
  /** Milliseconds that writing a cell's changes to the host's disk may take. */
  saveMs: 60_000,
} as const;

/** What one request to a granted host may take and bring. */
export const NetLimits = {
  /** Bytes of a request's body. */
  requestBytes: 8 * 1024 * 1024,
  /** Bytes of a response's body. */
  responseBytes: 64 * 1024 * 1024,
  /** Milliseconds for the whole of it. */
  timeoutMs: 120_000,
  /** Requests that may be open at the same time. */
  open: 32,
} as const;

/** Number of the blob that is a guest's memory; values of Python's count from 1. */
export const MEMORY_BLOB = 0;
/** First number of the blobs that the two realms of the child send each other; the host's never get so far. */
export const INNER_BLOBS = 2 ** 40;

/** host → guest methods. */
export interface GuestMethods {
  initialize: { params: InitializeParams; result: InitializeResult };
  bind: { params: BindParams; result: BindResult };
  execute: { params: ExecuteParams; result: ExecuteResult };
  checkpoint: { params: CheckpointParams; result: CheckpointResult };
  shutdown: { params: Record<string, never>; result: null };
}

/** guest → host method: a tool that Python called. */
export interface HostMethods {
  "tool/call": { params: ToolCallParams; result: { value: JsonValue } };
}

/** A tool as the guest sees it. `parameters` is an object schema; its property order is the argument order. */
export interface ToolSpec {
  name: string;
  description: string;
  parameters: JsonSchema;
  /** Calls do not depend on each other, so independent ones in a comprehension may run together. */
  concurrent?: boolean;
}

/** One output field of `SUBMIT`. */
export interface SubmitField {
  name: string;
  required: boolean;
}

/** Parameters of `initialize`: what makes this guest this guest. */
export interface InitializeParams {
  protocolVersion: number;
  /** Every frame that the child sends carries this from here on; null for a client that checks no seals. */
  token: string | null;
  /** Guest's `os.environ`, nothing more. */
  env: Record<string, string>;
  /** Program of the worker realm. */
  worker: string;
  /** Folder of Pyodide's files, as a path that ends in a separator. */
  pyodide: string;
  /** File of the start-up snapshot, whether it is there or not; null starts plain. */
  snapshot: string | null;
  /** A checkpoint to start from: its blob, sent ahead of this request, and the snapshot it is a difference from. */
  checkpoint: { blob: number; base: string | null } | null;
  /** Files and hosts that the guest may use; none when it is missing. */
  grants: Grants;
  /** Packages that Python may import beside its standard library; null for none. */
  packages: PackageFiles | null;
  /** Bytes that all of Python's files together may have; 512 MiB when it is missing. */
  fileBytes: number;
  /** Bytes of Python's own memory, beyond which it raises `MemoryError`; 4 GiB when it is missing. */
  memoryBytes: number;
}

/** Everything that is granted to a guest beside its environment. */
export type Grants = {
  paths: PathGrant[];
  /** `host:port`, in the spelling of `URL`. */
  net: string[];
};

/** Files of packages: their contents follow each other in a blob that was sent ahead. */
export type PackageFiles = {
  blob: number;
  /** Paths below Python's folder of packages, and bytes, in the blob's order. */
  files: { path: string; size: number }[];
};

/** A file or folder of the host, and where Python finds it. */
export type PathGrant = {
  /** The real path on the host, without symlinks. */
  hostPath: string;
  /** The absolute path in the guest. */
  guestPath: string;
  access: "read" | "write";
};

/** What the guest says of itself once Python is ready. */
export interface InitializeResult {
  protocolVersion: number;
  python: string;
  pyodide: string;
  /** Where the interpreter came from. */
  start: "snapshot" | "plain" | "checkpoint";
  /** Hash of the snapshot that checkpoints are differences from; null when there is none. */
  base: string | null;
  /** Milliseconds of the child's own start, by stage. */
  timings: Record<string, number>;
}

/** Parameters of `bind`: wire-encoded values by name, which may be a large value (`$: "json"`) as a whole. */
export interface BindParams {
  values: Record<string, JsonValue>;
}

/** Names that are now bound. */
export interface BindResult {
  names: string[];
}

/** Parameters of `execute`. */
export interface ExecuteParams {
  /** Names this execution; tool calls and output repeat it. */
  executionId: string;
  /** Number shown in tracebacks, counted from 1. */
  cell: number;
  code: string;
  /** Soft deadline in milliseconds of guest time. */
  timeoutMs: number;
  tools: ToolSpec[];
  submit: SubmitField[];
  /** Rewrite comprehensions over concurrent tools so that their calls run together. */
  rewrite: boolean;
  /** Characters of output sent per execution and stream; more are counted and dropped. */
  maxOutputChars: number;
}

/** How an execution ended, as the guest tells it. Printed text went ahead as `output` notifications. */
export interface ExecuteResult {
  status: "ok" | "error" | "submitted" | "timeout";
  /** `repr` of the last expression when it is not `None`. */
  value: string | null;
  error: GuestError | null;
  /** Wire-encoded fields of `SUBMIT`. */
  submission: { [field: string]: JsonValue } | null;
  /** Characters printed, whether sent or dropped. */
  stdoutChars: number;
  stderrChars: number;
  /** What the runner did to the cell or the names, in words for the model. */
  notes: string[];
  /** The user's variables after the cell. */
  names: string[];
  /** Size of Python's memory, which never shrinks. */
  memoryBytes: number;
}

/** A Python exception as text. */
export interface GuestError {
  type: string;
  message: string;
  traceback: string;
}

/** Parameters of the `output` notification. */
export interface OutputParams {
  executionId: string;
  stream: "stdout" | "stderr";
  text: string;
}

/** Parameters of `tool/call`; `arguments` are wire-encoded by parameter name. */
export interface ToolCallParams {
  executionId: string;
  name: string;
  arguments: { [name: string]: JsonValue };
}

/** Why a tool failed, in what the guest may know: no stack, no host path. */
export interface ToolFailure {
  type: string;
  message: string;
}

/** Parameters of `checkpoint`. */
export interface CheckpointParams {
  /**
   * What to send: the difference from the start-up snapshot, compressed (from nothing, where there is
   * no snapshot), or all that a next start needs, which becomes the snapshot.
   */
  form: "difference" | "whole";
}

/** A checkpoint travels ahead of its result, as the chunks of one blob. */
export interface CheckpointResult {
  blob: number;
  /** Hash of the snapshot that it is a difference from; null when it needs none. */
  base: string | null;
}
