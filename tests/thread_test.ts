/** The sandbox as a worker of the program's: its permissions, what it needs, and where it is weaker than a process. */
import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { attemptEscapes } from "../lib/cli/escape_attempts.ts";
import { SandboxLostError, SandboxStartError } from "../lib/errors.ts";
import { NO_GRANTS } from "../lib/host/grant_flags.ts";
import { createSandbox, SandboxPool } from "../lib/host/mod.ts";
import { readSettings } from "../lib/host/settings.ts";
import { startThread } from "../lib/host/thread.ts";
import { RLM } from "../lib/rlm.ts";
import { ScriptedModel } from "../lib/testing.ts";
import type { JsonValue } from "../sandbox/protocol.ts";
import { RpcPeer } from "../sandbox/rpc_peer.ts";
import { toolOf } from "./fixtures/attacks.ts";
import { WORKER_BACKEND } from "./fixtures/backends.ts";
import { initializeParams } from "./fixtures/raw_child.ts";
import { runDeno } from "./run_deno.ts";

const { pyodide, snapshot } = await readSettings({});

/** Finds out what a realm may do, and has `say` tell it. */
const ASK = (say: string) => `
  onmessage = async ({ data: { port } }) => {
    onmessage = null;
    const states = {};
    for (const name of ["read", "write", "net", "env", "run", "ffi", "sys", "import"]) {
      states[name] = (await Deno.permissions.query({ name })).state;
    }
    const path = ${JSON.stringify(`${pyodide}pyodide.mjs`)};
    states["read Pyodide"] = (await Deno.permissions.query({ name: "read", path })).state;
    port.postMessage(JSON.stringify(${say}));
  };
`;

const DENIED = {
  read: "prompt",
  write: "prompt",
  net: "prompt",
  env: "prompt",
  run: "prompt",
  ffi: "prompt",
  sys: "prompt",
  import: "prompt",
};

Deno.test("the gateway may read Pyodide's files and nothing else, the program's own permissions are as they were", async () => {
  const child = await startThread({ pyodide, snapshot, grants: NO_GRANTS }, ASK("states"));
  for await (const frame of child.transport.frames) {
    assert(frame.kind === "message");
    assertEquals(JSON.parse(frame.text), { ...DENIED, "read Pyodide": "granted" });
    child.kill();
  }
  assertEquals((await child.exited).leftRunning, true);
  assertEquals((await Deno.permissions.query({ name: "read" })).state, "granted");
});

Deno.test("Python's realm has no permission at all", async () => {
  const child = await startThread({ pyodide, snapshot, grants: NO_GRANTS });
  const told = Promise.withResolvers<JsonValue>();
  const peer = new RpcPeer(child.transport, { notifications: { fatal: told.resolve } });
  const say = `{ jsonrpc: "2.0", method: "fatal", params: states }`;
  const params = await initializeParams({ worker: ASK(say) });
  const starting = assertRejects(() => peer.request("initialize", params));
  const message = Reflect.get(Object(await told.promise), "message");
  assertEquals(JSON.parse(message), { ...DENIED, "read Pyodide": "prompt" });
  assertEquals(await child.exited, { how: "its worker was closed", leftRunning: false });
  await starting;
});

Deno.test("each attempt to break out of a worker is refused, and the worker is of use after it", async () => {
  const signal = new AbortController().signal;
  for await (const { title, refusal } of attemptEscapes(signal, { backend: WORKER_BACKEND })) {
    assert(refusal !== null, `${title} succeeded`);
  }
});

Deno.test("a pool leases clean workers, and a run answers in one", async () => {
  await using pool = new SandboxPool({ size: 1, max: 1, backend: WORKER_BACKEND });
  {
    await using sandbox = await pool.lease();
    assertEquals((await sandbox.execute("import builtins\nbuiltins.leak = 1\nleak")).value, "1");
  }
  const lm = new ScriptedModel([
    "```python\nSUBMIT(answer=[len(context), hasattr(__builtins__, 'leak')])\n```",
  ]);
  const factory = () => pool.lease();
  const rlm = new RLM("context -> answer: list", { lm, sandbox: factory, verify: false });
  assertEquals((await rlm.run({ context: "whale" })).answer, [5, false]);
});

/** Threads of workers in this process. */
async function workerThreads(): Promise<number> {
  const tasks = await Array.fromAsync(Deno.readDir("/proc/self/task"));
  const names = tasks.map(({ name }) =>
    Deno.readTextFile(`/proc/self/task/${name}/comm`).catch(() => "")
  );
  return (await Promise.all(names)).filter((name) => name.startsWith("worker-")).length;
}

/** Waits until there are so many: a thread ends a little later than its worker. */
async function assertWorkerThreads(count: number): Promise<void> {
  const startedAt = performance.now();
  while (await workerThreads() !== count) {
    assertLess(performance.now() - startedAt, 20_000, `${await workerThreads()} are left`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

Deno.test({
  name: "a closed worker leaves no thread, whether Python runs or waits for a tool",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await assertWorkerThreads(0);
    const hang = toolOf([], () => new Promise(() => {}));
    for (const code of ["while True:\n  try: hang()\n  except: pass", "while True: pass"]) {
      const sandbox = await createSandbox({ backend: WORKER_BACKEND, tools: { hang } });
      await assertWorkerThreads(2);
      const { promise: runs, resolve } = Promise.withResolvers<unknown>();
      const cell = sandbox.execute(`print("on", flush=True)\n${code}`, { onOutput: resolve });
      const lost = assertRejects(() => cell, SandboxLostError);
      await runs;
      await sandbox.close();
      assertEquals((await lost).reason, "closed");
      await assertWorkerThreads(0);
    }
  },
});

/** What the program in `fixtures/start_worker.ts` says with these flags. */
async function startWorker(flags: string[], code: string) {
  const program = "tests/fixtures/start_worker.ts";
  return await runDeno(["run", "--no-prompt", "--no-check", ...flags, program, code]);
}

Deno.test("Python that does not stop is given up with a typed error, and the program can leave all the same (C46)", async () => {
  const { success, text } = await startWorker(["-A"], "sum(range(10**12))");
  const error = {
    name: "SandboxLostError",
    message: "Cannot use sandbox: Python does not stop, and its thread runs on in this process; " +
      'end the program, and use the backend "subprocess" for code that may hang',
    reason: "abandoned",
  };
  assertEquals(JSON.parse(text), [error, error]);
  assert(success);
});

Deno.test("a worker needs permission to read what Python starts from, and none to run anything", async () => {
  const missing = `${pyodide}pyodide.mjs`;
  assertEquals(JSON.parse((await startWorker([], "1 + 1")).text), [{
    name: "SandboxStartError",
    message: `Cannot start sandbox: its worker must read ${missing}, which this program may not; ` +
      `add --allow-read=${missing}`,
  }]);
  const { text } = await startWorker([`--allow-read=${pyodide},${snapshot}`], "1 + 1");
  assertEquals(JSON.parse(text), [{ value: "2" }, { value: "2" }]);
});

Deno.test("without its flag Deno ends the program, which is why the caller has to state it", async () => {
  const { success, text } = await startWorker(["-A", "--no-config"], "1 + 1");
  assertEquals([success, /--unstable-worker-options/.test(text)], [false, true]);
  for (const backend of ["worker", { kind: "worker" }, null]) {
    const options = JSON.parse(JSON.stringify({ backend }));
    const { name, message } = await assertRejects(() => createSandbox(options), SandboxStartError);
    assertEquals({ name, message }, {
      name: "SandboxStartError",
      message: `Cannot use backend ${Deno.inspect(backend)}: give "subprocess", or, in a program ` +
        `that runs with --unstable-worker-options, { kind: "worker", unstableWorkerOptions: true }`,
    });
  }
});

Deno.test("the network can't be granted to a worker, and the error says what to do", async () => {
  const options = { backend: WORKER_BACKEND, net: ["example.com:443"] };
  const { message } = await assertRejects(() => createSandbox(options), SandboxStartError);
  assertEquals(
    message,
    'Cannot grant net to "example.com:443": in a worker Deno does not keep private addresses out; ' +
      'give the guest a tool that fetches, or use the backend "subprocess"',
  );
});
