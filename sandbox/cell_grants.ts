/** What is granted, for the time of the cells: the network while one runs, saved files when it ends. */
import type { ReadFiles } from "./file_grants.ts";
import { FileSaving } from "./file_saving.ts";
import type { Interpreter } from "./interpreter.ts";
import { NetError } from "./net_connection.ts";
import { NetGrants } from "./net_grants.ts";
import { type Grants, INNER_BLOBS, type JsonValue, Limits } from "./protocol.ts";

/** The grants of one guest. */
export class CellGrants {
  readonly #interpreter: Interpreter;
  readonly #net: NetGrants;
  readonly #saving: FileSaving;
  /** What the first cell must be told. */
  #notes: readonly string[];
  #nextBlob = INNER_BLOBS;

  constructor(grants: Grants, files: ReadFiles, interpreter: Interpreter) {
    const writable = grants.paths.filter(({ access }) => access === "write");
    this.#interpreter = interpreter;
    this.#net = new NetGrants(grants.net);
    this.#saving = new FileSaving(interpreter.files, writable, files);
    this.#notes = files.notes;
  }

  /** Answers a request of Python's: `{ status, reason, headers, body }`, or `{ error: { type, message } }`. */
  async fetch(params: JsonValue, signal: AbortSignal): Promise<JsonValue> {
    try {
      const { status, reason, headers, body } = await this.#net.fetch(params, signal);
      return { status, reason: reason.toWellFormed(), headers, body: this.#send(body) };
    } catch (error) {
      if (!(error instanceof NetError)) throw error;
      return { error: { type: error.type, message: error.message } };
    }
  }

  /**
   * Saves what a cell did to files, and adds what could not be saved to the notes of its result. `begin` is called when
   * there is something to write.
   */
  async afterCell(result: JsonValue, begin: () => void): Promise<JsonValue> {
    const notes = [...this.#notes, ...await this.#saving.save(begin)];
    this.#notes = [];
    if (notes.length === 0 || typeof result !== "object" || result === null) return result;
    if (Array.isArray(result)) return result;
    const before = Array.isArray(result["notes"]) ? result["notes"] : [];
    return { ...result, notes: [...before, ...notes] };
  }

  /** A body as a wire value; a large one goes ahead. */
  #send(body: Uint8Array<ArrayBuffer>): JsonValue {
    if (body.length <= Limits.inlineBytes) return { $: "bytes", v: body.toBase64() };
    const blob = this.#nextBlob++;
    const { length } = body;
    for (let offset = 0; offset < length; offset += Limits.chunkBytes) {
      const bytes = body.slice(offset, offset + Limits.chunkBytes);
      this.#interpreter.sendChunk({
        kind: "chunk",
        blob,
        type: "bytes",
        offset,
        total: length,
        bytes,
      });
    }
    return { $: "blob", id: blob, kind: "bytes", length };
  }
}
