/**
 * Guest code that has broken out of Python and owns the whole worker realm: these programs stand in its place.
 * What they send reaches the host only where the gateway lets an honest worker's message pass.
 */
import { assert, assertEquals, assertFalse } from "@std/assert";
import { ErrorCode } from "../sandbox/protocol.ts";
import { SilentListener } from "./fixtures/loopback_server.ts";
import { executeParams, initializeParams, type Message, RawChild } from "./fixtures/raw_child.ts";

/** A worker that says it is ready, runs its attack in each cell, and returns what it heard as the cell's value. */
function worker(attack: string): string {
  return `
    const heard = [];
    const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    addEventListener("message", ({ data: { port, slot, interrupt } }) => {
      const post = (value, moved) => port.postMessage(value, moved ?? []);
      const say = (message) => post(JSON.stringify({ jsonrpc: "2.0", ...message }));
      const attack = async (id, params) => { ${attack} };
      port.onmessage = async ({ data }) => {
        const message = JSON.parse(data);
        if (message.method === "ping") return say({ id: message.id, result: null });
        if (message.method !== "execute") return heard.push(message);
        await attack(message.id, message.params);
        say({ id: message.id, result: { status: "ok", value: JSON.stringify(heard) } });
      };
      say({ method: "ready", params: { python: "3", pyodide: "0" } });
    });
  `;
}

/** Runs one cell in a child with such a worker: what reached the host before the result, and what the worker heard. */
async function attack(
  program: string,
  { answer = () => null, net = [] }: {
    readonly answer?: (message: Message) => Message | null;
    readonly net?: readonly string[];
  } = {},
): Promise<{ reached: Message[]; heard: Message[]; child: RawChild }> {
  const child = await RawChild.ready({ worker: worker(program) }, { net });
  await child.send({ jsonrpc: "2.0", id: "cell", method: "execute", params: executeParams("") });
  const reached: Message[] = [];
  while (true) {
    const message = await child.hear();
    if (message["id"] === "cell") {
      return { reached, heard: JSON.parse(Object(message["result"]).value ?? "[]"), child };
    }
    assert(Object.keys(message).length > 0, "the child ended");
    reached.push(message);
    const reply = answer(message);
    if (reply) await child.send(reply);
  }
}

/** Codes of the errors that the worker was answered with. */
function codes(heard: Message[]): unknown[] {
  return heard.map(({ error }) => Object(error).code);
}

Deno.test("the worker realm holds no permission, not even those of its gateway, and no right to give itself one (R09, R10, R18, C137)", async () => {
  using listener = new SilentListener();
  const { port } = listener;
  const opened = (socket: string) =>
    `new Promise((resolve, reject) => { const socket = new ${socket}; socket.onopen = resolve; socket.onerror = reject; })`;
  const { heard, child } = await attack(
    `
    const tries = {
      read: () => Deno.readTextFileSync("/etc/passwd"),
      pyodide: () => Deno.readDirSync("."),
      write: () => Deno.writeTextFileSync("/tmp/rlm-escape", "x"),
      env: () => Deno.env.toObject(),
      run: () => new Deno.Command("true").outputSync(),
      net: () => Deno.listen({ port: 0 }),
      sys: () => Deno.hostname(),
      ffi: () => Deno.dlopen("libc.so.6", {}),
      code: () => eval("1"),
      worker: () => new Worker("data:text/javascript,1", { type: "module", deno: { permissions: { read: true } } }),
      fetch: () => fetch("http://127.0.0.1:${port}/"),
      elsewhere: () => fetch("http://127.0.0.1:9/"),
      connect: () => Deno.connect({ hostname: "127.0.0.1", port: ${port} }),
      socket: () => ${opened(`WebSocket("ws://127.0.0.1:${port}/")`)},
      events: () => ${opened(`EventSource("http://127.0.0.1:${port}/")`)},
      module: () => import("http://127.0.0.1:${port}/x.js"),
      remote: () => import("https://raw.githubusercontent.com/o/r/x.js?d=1"),
      npm: () => import("npm:left-pad@1.3.0"),
      jsr: () => import("jsr:@std/path@1"),
    };
    for (const [name, run] of Object.entries(tries)) {
      try { await run(); heard.push({ name, done: true }); } catch (error) { heard.push({ name, error: error.name }); }
    }
    for (const name of ["read", "write", "net", "env", "run", "ffi", "sys", "import"]) {
      heard.push({ name, state: (await Deno.permissions.query({ name })).state });
    }
  `,
    { net: [`127.0.0.1:${port}`] },
  );
  await using _ = child;
  assertFalse(heard.some(({ done }) => done), JSON.stringify(heard));
  const states = heard.flatMap(({ state }) => state ?? []);
  assertEquals(states.length, 8);
  assert(states.every((state) => state !== "granted"), JSON.stringify(states));
  assertEquals(listener.connections, 0);
});

Deno.test("output and tool calls that name another execution do not reach the host (C134)", async () => {
  const { reached, heard, child } = await attack(`
    for (const executionId of ["e2", "", null, 7, undefined, ["e1"], { toString: "e1" }]) {
      say({ method: "output", params: { executionId, stream: "stdout", text: "forged" } });
      say({ id: 1, method: "tool/call", params: { executionId, name: "t", arguments: {} } });
      await rest(2);
    }
    say({ method: "output", params: [] });
    await rest(20);
  `);
  await using _ = child;
  assertEquals(reached, []);
  assertEquals(codes(heard), Array(7).fill(ErrorCode.wrongState));
});

Deno.test("nothing reaches the host between cells: no output, no tool call, no value", async () => {
  const child = await RawChild.ready({
    worker: worker(`
      setTimeout(() => {
        say({ method: "output", params: { executionId: "e1", stream: "stdout", text: "late" } });
        say({ id: 1, method: "tool/call", params: { executionId: "e1", name: "t", arguments: {} } });
        post({ blob: 1, type: "bytes", offset: 0, total: 1, bytes: new Uint8Array(1) });
      }, 50);
    `),
  });
  await using _ = child;
  assertEquals((await child.ask("cell", "execute", executeParams("")))["id"], "cell");
  await new Promise((resolve) => setTimeout(resolve, 150));
  assertEquals((await child.ask("next", "nothing", {}))["id"], "next");
});

Deno.test("a tool call of the open execution reaches the host once, and its answer the worker", async () => {
  const { reached, heard, child } = await attack(
    `
      say({ id: "t", method: "tool/call", params: { executionId: "e1", name: "t", arguments: { a: 1 } } });
      say({ id: "t", method: "tool/call", params: { executionId: "e1", name: "t", arguments: { a: 2 } } });
      await rest(100);
    `,
    { answer: ({ id = null }) => ({ jsonrpc: "2.0", id, result: { value: 5 } }) },
  );
  await using _ = child;
  assertEquals(reached.map(({ params }) => Object(params).arguments), [{ a: 1 }]);
  assertEquals(codes(heard), [ErrorCode.invalidRequest, undefined]);
  assertEquals(Object(heard[1]?.["result"]).value, 5);
});

Deno.test("calls written faster than they can be read, of any length, leave the gateway free for the host (R60, C133)", async () => {
  const program = worker(`
    const [head, text] = [new Int32Array(slot, 0, 3), new Uint8Array(slot, 12)];
    text.fill(91);
    const until = performance.now() + 5_000;
    for (let n = 0; performance.now() < until && Atomics.load(interrupt, 0) === 0; n++) {
      head[1] = [-7, 60_000, 2 ** 30][n % 3];
      Atomics.notify(head, 2);
      for (let times = 0; times < 10_000; times++) Atomics.add(head, 2, 1);
    }
    heard.push({ interrupted: Atomics.load(interrupt, 0) === 2 });
  `);
  await using child = await RawChild.ready({ worker: program });
  const cell = { ...executeParams(""), timeoutMs: 60_000 };
  await child.send({ jsonrpc: "2.0", id: "cell", method: "execute", params: cell });
  await new Promise((resolve) => setTimeout(resolve, 200));
  await child.send({ jsonrpc: "2.0", method: "interrupt", params: { executionId: "e1" } });
  const { result } = await child.hear();
  assertEquals(JSON.parse(Object(result).value), [{ interrupted: true }]);
});

Deno.test("noise of every kind is answered or dropped, and the gateway lives on (C133)", async () => {
  const { reached, heard, child } = await attack(`
    const noise = [
      "", "{", "null", "[]", '{"jsonrpc":"2.0"}', '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}',
      '{"jsonrpc":"2.0","id":1,"method":"shutdown"}', '{"jsonrpc":"2.0","id":99,"result":"forged"}',
      '{"jsonrpc":"2.0","method":"nothing"}', '{"jsonrpc":"2.0","id":3,"method":"__proto__"}',
      '{"jsonrpc":"2.0","id":2,"method":"tool/call","params":' + "[".repeat(100000) + "]".repeat(100000) + "}",
      "x".repeat(17 * 1024 * 1024),
      null, undefined, 5, true, [], {}, new Date(), new Map(), new Error("e"), new ArrayBuffer(8), 10n,
      { blob: 1, type: "evil", offset: 0, total: 1, bytes: new Uint8Array(1) },
      { blob: 1, type: { toString: 1 }, offset: 0, total: 1, bytes: new Uint8Array(1) },
      { blob: NaN, type: "bytes", offset: 0, total: 1, bytes: new Uint8Array(1) },
      { blob: 1.5, type: "bytes", offset: 0, total: 1, bytes: new Uint8Array(1) },
      { blob: 1, type: "bytes", offset: -1, total: 1, bytes: new Uint8Array(1) },
      { blob: 1, type: "bytes", offset: 1, total: 1, bytes: new Uint8Array(1) },
      { blob: 1, type: "bytes", offset: 0, total: 1e300, bytes: new Uint8Array(1) },
      { blob: 1, type: "bytes", offset: 0, total: 8, bytes: new Uint8Array(new SharedArrayBuffer(8)) },
      { blob: 1, type: "bytes", offset: 0, total: 8, bytes: new DataView(new ArrayBuffer(8)) },
      { blob: 1, type: "bytes", offset: 0, total: 8, bytes: new Float64Array(1) },
      { blob: 1, type: "bytes", offset: 0, total: 1, bytes: "x" },
    ];
    for (const value of noise) post(value);
    await rest(300);
    heard.push({ sent: noise.length });
  `);
  await using _ = child;
  assertEquals(reached, []);
  const { sent } = heard.pop() ?? {};
  // All but the forged answer and the unknown notification are told that they are wrong.
  assertEquals(heard.length, Number(sent) - 2);
  assert(codes(heard).every((code) => typeof code === "number"));
  assertEquals((await child.ask("next", "nothing", {}))["id"], "next");
});

Deno.test("a piece of a large value passes while a cell is open, one that no honest worker sends does not", async () => {
  const child = await RawChild.ready({
    worker: worker(`
      const length = 5 * 1024 * 1024;
      post({ blob: 1, type: "bytes", offset: 0, total: length, bytes: new Uint8Array(length) });
      post({ blob: 2, type: "bytes", offset: 0, total: 2, bytes: Uint8Array.of(7, 8) });
      await rest(50);
    `),
  });
  await using _ = child;
  await child.send({ jsonrpc: "2.0", id: 1, method: "execute", params: executeParams("") });
  assertEquals(await child.nextFrame(), {
    kind: "chunk",
    blob: 2,
    type: "bytes",
    offset: 0,
    total: 2,
    bytes: Uint8Array.of(7, 8),
  });
  assertEquals(Object((await child.hear())["result"]).status, "ok");
});

Deno.test("a result larger than a message is an error of that cell", async () => {
  const child = await RawChild.ready({
    worker: worker(`
      say({ id, result: { status: "ok", value: "é".repeat(15 * 1024 * 1024) } });
      await rest(100);
    `),
  });
  await using _ = child;
  const reply = await child.ask("cell", "execute", executeParams(""));
  assertEquals(
    Object(reply["error"]).code,
    ErrorCode.tooLarge,
    JSON.stringify(reply).slice(0, 200),
  );
});

Deno.test("a worker that throws, or says that it is broken, ends the child with the reason", async () => {
  const cases = [
    `setTimeout(() => { throw new Error("on purpose"); }); await rest(1_000);`,
    `say({ method: "fatal", params: { message: "on purpose" } }); await rest(1_000);`,
  ];
  for (const program of cases) {
    const child = await RawChild.ready({ worker: worker(program) });
    await using _ = child;
    await child.send({ jsonrpc: "2.0", id: 1, method: "execute", params: executeParams("") });
    const { method, params } = await child.hear();
    assertEquals(method, "fatal");
    assert(String(Object(params).message).includes("on purpose"), JSON.stringify(params));
    assertEquals(await child.exited, 70);
  }
});

Deno.test("a worker that fails to start is an error of initialize", async () => {
  const failing = [
    `throw new Error("on purpose");`,
    `addEventListener("message", ({ data: { port, slot, interrupt } }) => port.postMessage(
       '{"jsonrpc":"2.0","method":"failed","params":{"message":"on purpose"}}'));`,
  ];
  for (const program of failing) {
    await using child = await RawChild.start();
    const reply = await child.ask(1, "initialize", await initializeParams({ worker: program }));
    // The gateway may say first that it can't go on.
    const error = reply["method"] === "fatal" ? Object(reply["params"]) : Object(reply["error"]);
    assert(String(error.message).includes("on purpose"), JSON.stringify(reply));
  }
});
