/**
 * What the worker realm may still see. The worker has no Deno permission at all, so nothing here is the
 * wall; it keeps an escape from Python into JavaScript from finding anything worth holding.
 */

/**
 * Names that make Pyodide believe it runs in Node or Deno. Without them it takes its web-worker path,
 * which has no host file system, no child processes and no `process.exit` to fall into.
 */
const HOST_NAMES = [
  "Deno",
  "process",
  "Buffer",
  "require",
  "global",
  "setImmediate",
  "clearImmediate",
];

/** Names that are no use to Python and would be of use to whoever got out of it. */
const OUTWARD_NAMES = [
  "BroadcastChannel",
  "Cache",
  "CacheStorage",
  "EventSource",
  "MessageChannel",
  "MessagePort",
  "Notification",
  "Request",
  "SharedArrayBuffer",
  "SharedWorker",
  "Storage",
  "WebSocket",
  "WebSocketStream",
  "Worker",
  "addEventListener",
  "caches",
  "close",
  "dispatchEvent",
  "fetch",
  "importScripts",
  "indexedDB",
  "localStorage",
  "location",
  "name",
  "navigator",
  "onerror",
  "onmessage",
  "onmessageerror",
  "onunhandledrejection",
  "postMessage",
  "prompt",
  "removeEventListener",
  "reportError",
  "self",
  "sessionStorage",
  "structuredClone",
];

/** Takes the host's own names away; call before Pyodide's loader is imported. */
export function hideHost(): void {
  for (const name of HOST_NAMES) remove(name);
}

/** Takes the outward names away and freezes what both Python's proxies and our own code rely on; call before guest code runs. */
export function closeRealm(): void {
  for (const name of OUTWARD_NAMES) remove(name);
  refuseCode();
  silenceConsole();
  // Assigning over what these two hold must go on working: objects inherit `constructor` and `name` from them,
  // and the assignment would fail where the inherited one is read-only. Adding to them is what pollutes.
  Object.preventExtensions(Object.prototype);
  Object.preventExtensions(Function.prototype);
  for (const builtin of [Array, Promise, Map, Set, String, Number, RegExp, Date, Uint8Array]) {
    Object.freeze(builtin);
    Object.freeze(builtin.prototype);
  }
  for (const builtin of [Object, Function, Reflect, JSON, Math]) Object.freeze(builtin);
  // V8 hands whoever sets this the frames of every error, and with them objects that no value leads to.
  Object.defineProperty(Error, "prepareStackTrace", { value: undefined });
}

/**
 * Leaves nothing that makes code of a string. V8's flag against it can't be set where the host is the process, as it
 * would hold for the host's own code.
 */
function refuseCode(): void {
  // No arrow function: it can be called by `new` as well.
  function refuse(): never {
    throw new EvalError("Code generation from strings disallowed for this context");
  }
  // What `instanceof Function` looks at.
  Reflect.defineProperty(refuse, "prototype", { value: Function.prototype });
  for (const kind of [() => {}, async () => {}, function* () {}, async function* () {}]) {
    const prototype = Object.getPrototypeOf(kind);
    Reflect.defineProperty(prototype, "constructor", { value: refuse, writable: true });
  }
  for (const name of ["Function", "eval"]) {
    Reflect.defineProperty(globalThis, name, { value: refuse, writable: true });
  }
  for (const name of ["setTimeout", "setInterval"]) {
    const start = Reflect.get(globalThis, name);
    Reflect.defineProperty(globalThis, name, {
      value: (callback: unknown, ...more: unknown[]) =>
        typeof callback === "function" ? start(callback, ...more) : refuse(),
    });
  }
}

/** Nothing in this realm may write to the child's own output. */
function silenceConsole(): void {
  const nothing = () => {};
  for (const name of Object.keys(console)) {
    Object.defineProperty(console, name, { value: nothing, writable: false, configurable: false });
  }
  Object.freeze(console);
}

/** Deletes a global, or shadows it where it can't be deleted. */
function remove(name: string): void {
  if (Reflect.deleteProperty(globalThis, name)) return;
  Reflect.defineProperty(globalThis, name, {
    value: undefined,
    writable: false,
    configurable: false,
  });
}
