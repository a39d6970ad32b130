/**
 * Pyodide's two modules as one script that V8 need not compile anew each time. As modules they would be read by
 * Deno's own parser first and then compiled by V8, twice where functions are nested: a tenth of a second
 * in each start, most of it for code that is never run.
 */
import { Script } from "node:vm";

/** The texts of `pyodide.mjs` and `pyodide.asm.mjs`. */
export interface PyodideTexts {
  readonly loader: string;
  readonly module: string;
}

/** What the two modules export. */
export interface PyodidePrograms {
  loadPyodide(options: object): Promise<unknown>;
  readonly createPyodideModule: unknown;
}

/** The compiled script. */
export class PyodideScript {
  readonly #script: Script;

  /** `code` is what {@linkcode PyodideScript.code} once gave; V8 takes it only under the same version and flags. */
  constructor(texts: PyodideTexts, code: Uint8Array | null) {
    this.#script = new Script(scriptOf(texts), {
      filename: "pyodide.js",
      ...(code === null ? {} : { cachedData: code }),
    });
  }

  /** Runs the script. `import()` in it is refused, as nothing here says what could be imported. */
  run(): PyodidePrograms {
    return this.#script.runInThisContext();
  }

  /** The code of all functions that have run so far. */
  code(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#script.createCachedData());
  }
}

const LOADER_END = /export\s*\{\s*(\w+) as loadPyodide\b[^}]*\};?\s*(\/\/.*)?\s*$/;
const MODULE_END = /export default (\w+);?\s*$/;
/**
 * Where each of the 7,000 functions that Python exports gets an address, in case a dynamic library asks for it.
 * Those that Python itself asks for will do: what a library asks for is looked up when it is loaded.
 */
const ADDRESSES = "if(isInternalSym(symName)){continue}";
const FEWER_ADDRESSES = "if(!GOT[symName]){continue}";

/**
 * Where Pyodide copies the whole memory: into a snapshot, and out of one. Here a snapshot is what Pyodide notes beside the
 * memory, and whoever loads it is asked to write the memory, of which only some pages hold anything.
 */
const WITH_MEMORY = [
  ["let o=new Uint8Array(n+Module.HEAP8.length),", "let o=new Uint8Array(n),"],
  [",o.subarray(n).set(Module.HEAP8),o}", ",o}"],
  ["return Module.HEAP8.set(t),l}", "return API.config._writeMemory(Module),l}"],
] as const;

/** The modules as one expression, in strict mode as modules are. */
function scriptOf({ loader, module }: PyodideTexts): string {
  const changes = [...WITH_MEMORY, [ADDRESSES, FEWER_ADDRESSES], [
    MODULE_END,
    "return $1;",
  ]] as const;
  const parts = [
    replace(loader, LOADER_END, "return $1;"),
    changes.reduce((program, [what, by]) => replace(program, what, by), module),
  ];
  const [loadPyodide, createPyodideModule] = parts.map((part) =>
    `(() => {${part.replaceAll("import.meta.url", '"pyodide"')}\n})()`
  );
  return `"use strict";
({ loadPyodide: ${loadPyodide}, createPyodideModule: ${createPyodideModule} })`;
}

/** Replaces what must be there: only one version of Pyodide is known, so without it the file is broken. */
function replace(program: string, what: string | RegExp, by: string): string {
  const changed = program.replace(what, by);
  if (changed === program) {
    throw new SyntaxError("Cannot read Pyodide: not the program it should be");
  }
  return changed;
}
