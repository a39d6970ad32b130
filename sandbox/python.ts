/**
 * Python in the worker realm: loads Pyodide from bytes that the gateway read, installs the prelude,
 * and offers the guest's few entry points. This realm opens no file and no socket; it has no right to.
 */
import { BRIDGE_KEYS, type GuestBridge } from "./bridge.ts";
import type { GuestFileSystem } from "./memory_files.ts";
import { type MemoryPages, type MemoryUse, NO_PAGES, writePages } from "./memory_pages.ts";
import { PRELUDE } from "./prelude.ts";
import { PyodideScript } from "./pyodide_script.ts";
import { release } from "./release.ts";
import type { PyodideFiles, SavedMemory } from "./start_files.ts";
import { packImage } from "./start_image.ts";

/** What starting Python needs. */
export interface PythonOptions {
  readonly pyodide: PyodideFiles;
  /** A memory to start from; null starts plain, which takes seconds. */
  readonly memory: SavedMemory | null;
  /** What V8 made of Pyodide's programs at an earlier start, or null. */
  readonly code: Uint8Array<ArrayBuffer> | null;
  /** What Python's `js.rlm` is. */
  readonly bridge: GuestBridge;
  /** The gateway writes 2 here to interrupt Python. */
  readonly interrupt: Uint8Array;
}

/** Python's program and memory. */
interface PyodideModule {
  readonly HEAPU8: Uint8Array;
  /** Takes so many bytes more into use; tells where those in use ended before. */
  _sbrk(bytes: number): number;
  /** The end that the stack grows towards. */
  _emscripten_stack_get_end(): number;
  _emscripten_stack_get_current(): number;
}

/** The part of Pyodide's interface that is used here; some of it is not public, hence the pinned version. */
interface Pyodide {
  readonly version: string;
  readonly FS: GuestFileSystem;
  readonly _api: { readonly pyVersionTuple: readonly number[] };
  readonly _module: PyodideModule & {
    /** Everything that `dlopen` was ever asked for, and Python itself; what it could not load stays `"loading"`. */
    readonly LDSO: {
      readonly loadedLibsByName: Readonly<Record<string, { readonly exports: unknown }>>;
    };
  };
  runPython(code: string): unknown;
  pyimport(name: string): GuestModule;
  setInterruptBuffer(buffer: Uint8Array): void;
  makeMemorySnapshot(options: { serializer: (value: unknown) => string }): Uint8Array<ArrayBuffer>;
}

/** Entry points of `prelude.py`. */
interface GuestModule {
  bind(text: string): string;
  /** Must be entered by `callPromising`, or it can't wait for tools. */
  readonly execute: { callPromising(text: string): Promise<string> };
  preload(): void;
  reseed(seed: string, env: string): void;
  open_blob(id: number, type: string, length: number): number;
}

/** A running interpreter. */
export class Python {
  readonly #pyodide: Pyodide;
  readonly #guest: GuestModule;
  readonly #script: PyodideScript;
  readonly #bridge: GuestBridge;
  readonly #interrupt: Uint8Array;

  private constructor(
    pyodide: Pyodide,
    script: PyodideScript,
    { bridge, interrupt }: PythonOptions,
  ) {
    this.#pyodide = pyodide;
    this.#script = script;
    this.#bridge = bridge;
    this.#interrupt = interrupt;
    // Taken once: what the guest later puts in their place is not what is called.
    const { bind, execute, preload, reseed, open_blob } = pyodide.pyimport("_rlm");
    this.#guest = { bind, execute, preload, reseed, open_blob };
  }

  /** Loads an interpreter with the prelude in it. */
  static async start(options: PythonOptions): Promise<Python> {
    const { code, memory } = options;
    const script = new PyodideScript(options.pyodide, code);
    const pyodide = await loadPyodide(script, options);
    if (memory === null) pyodide.runPython(PRELUDE);
    // Pyodide keeps its options, and in them the memory that was copied.
    for (const { contents } of memory?.layers ?? []) release(contents);
    return new Python(pyodide, script, options);
  }

  get versions(): { python: string; pyodide: string } {
    const { version, _api } = this.#pyodide;
    return { python: _api.pyVersionTuple.join("."), pyodide: version };
  }

  /**
   * Gives each guest entropy and an environment of its own: a snapshot would repeat the first one's. From here on
   * Python can be interrupted; a guest that has only half of its own is never seen.
   */
  personalize(env: string): void {
    const seed = crypto.getRandomValues(new Uint8Array(32)).toHex();
    this.#guest.reseed(seed, env);
    this.#pyodide.setInterruptBuffer(this.#interrupt);
  }

  /** Binds wire-encoded values; `BindParams` in, `BindResult` or `{ error }` out, as JSON. */
  bind(text: string): string {
    return this.#guest.bind(text);
  }

  /** Runs a cell; `ExecuteParams` in, `ExecuteResult` out, as JSON. */
  execute(text: string): Promise<string> {
    return this.#guest.execute.callPromising(text);
  }

  /** Python's files. */
  get files(): GuestFileSystem {
    return this.#pyodide.FS;
  }

  /** Size of Python's memory. */
  get memoryBytes(): number {
    return this.#pyodide._module.HEAPU8.length;
  }

  /** Makes room for a large value in Python's own memory and returns its address. */
  openBlob(id: number, type: string, length: number): number {
    return this.#guest.open_blob(id, type, length);
  }

  /** Writes a piece of a large value where `openBlob` made room. */
  fillBlob(address: number, bytes: Uint8Array): void {
    this.#pyodide._module.HEAPU8.set(bytes, address);
  }

  /**
   * Whether native code of a package was loaded. It lies beside Python's memory, which points into it: without it, a
   * memory that is saved would be one to crash with.
   */
  get hasLibraries(): boolean {
    const asked = Object.values(this.#pyodide._module.LDSO.loadedLibsByName);
    return asked.filter(({ exports }) => exports !== "loading").length > 1;
  }

  /** All that the next start needs of this guest. */
  image(): Uint8Array<ArrayBuffer> {
    this.#guest.preload();
    return this.#pack(NO_PAGES, this.#script.code());
  }

  /** What of the guest differs from the memory in `base`. */
  difference(base: MemoryPages): Uint8Array<ArrayBuffer> {
    return this.#pack(base, new Uint8Array(0));
  }

  /** References to the bridge are kept by name; any other host object comes back dead. */
  #pack(base: MemoryPages, code: Uint8Array): Uint8Array<ArrayBuffer> {
    const names = new Map<unknown, string>([[this.#bridge, ""]]);
    for (const key of BRIDGE_KEYS) names.set(this.#bridge[key], key);
    const notes = this.#pyodide.makeMemorySnapshot({
      serializer: (value) => names.get(value) ?? "dead",
    });
    const { _module } = this.#pyodide;
    return packImage({ memory: _module.HEAPU8, use: useOf(_module), base, notes, code });
  }
}

/** Runs Pyodide's own loader on our files. */
async function loadPyodide(script: PyodideScript, options: PythonOptions): Promise<Pyodide> {
  const { memory, bridge } = options;
  serveFiles(options.pyodide, Math.max(0, ...memory?.layers.map(({ length }) => length) ?? []));
  const programs = script.run();
  const revive = (name: string): unknown => {
    if (name === "") return bridge;
    return BRIDGE_KEYS.some((key) => key === name)
      ? Reflect.get(bridge, name)
      : Object.create(null);
  };
  const pyodide = await programs.loadPyodide({
    indexURL: FILES_URL,
    createPyodideModule: programs.createPyodideModule,
    // No package is known, so none can be loaded; the real lock file would only name what is refused.
    lockFileContents: LOCK_FILE,
    // Python's `js` module: the bridge and not one global more.
    jsglobals: Object.assign(Object.create(null), { rlm: bridge }),
    stdin: () => null,
    stdout: () => {},
    stderr: () => {},
    env: { HOME: "/home/guest" },
    args: [],
    _sysExecutable: "python",
    // Always on, so that a running guest can be saved.
    _makeSnapshot: true,
    _snapshotDeserializer: revive,
    ...(memory === null ? {} : {
      _loadSnapshot: memory.notes,
      _writeMemory: (module: PyodideModule) =>
        writePages(module.HEAPU8, memory.layers, useOf(module)),
    }),
  });
  // The pinned version's own interface.
  return pyodide as Pyodide;
}

function useOf(module: PyodideModule): MemoryUse {
  return {
    free: [module._emscripten_stack_get_end(), module._emscripten_stack_get_current()],
    end: module._sbrk(0),
  };
}

/** Bytes of one page of WebAssembly memory. */
const WASM_PAGE = 65_536;

const FILES_URL = "https://pyodide.invalid/";
const LOCK_FILE = {
  info: {
    abi_version: "2026_0",
    arch: "wasm32",
    platform: "emscripten",
    python: "3.14.2",
    version: "314.0.7",
  },
  packages: {},
};

/**
 * Stands in for `fetch`, the only way by which the loader asks for files: it can answer with these and nothing else.
 * Python's own memory begins with `memoryBytes` at least: the loader itself has no room for a memory that had grown.
 */
function serveFiles({ wasm, stdlib }: PyodideFiles, memoryBytes: number): void {
  const answer = (url: URL): Promise<unknown> => {
    const name = String(url).slice(FILES_URL.length);
    // As much of a response as the loader looks at: Deno has yet to compile what real ones are made of.
    const response = { ok: true, arrayBuffer: () => Promise.resolve(stdlib.buffer) };
    if (name === "python_stdlib.zip" || name === "pyodide.asm.wasm") {
      return Promise.resolve(response);
    }
    return Promise.reject(new TypeError("Cannot fetch: the sandbox has no network"));
  };
  Reflect.defineProperty(globalThis, "fetch", { value: answer, configurable: true });
  const instantiate = async (_answer: unknown, imports: WebAssembly.Imports) => {
    const instance = await WebAssembly.instantiate(wasm, imports);
    makeRoom(instance, memoryBytes);
    return { instance, module: wasm };
  };
  Reflect.defineProperty(WebAssembly, "instantiateStreaming", { value: instantiate });
}

/** Grows the memory of an instance to `bytes` where it is smaller. */
function makeRoom({ exports }: WebAssembly.Instance, bytes: number): void {
  const { memory } = exports;
  if (!(memory instanceof WebAssembly.Memory)) {
    throw new TypeError("Cannot start Pyodide: its program has no memory of its own");
  }
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / WASM_PAGE));
}
