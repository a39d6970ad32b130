/** The gateway, spoken to by hand: what it refuses before Python is there, and in the wrong state. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { compressImage } from "../sandbox/checkpoint_bytes.ts";
import { FrameEncoder } from "../sandbox/framing.ts";
import { Gateway } from "../sandbox/gateway.ts";
import { ErrorCode, type JsonValue } from "../sandbox/protocol.ts";
import { FarEnd } from "./fixtures/linked_pair.ts";
import { executeParams, initializeParams, type Message, RawChild } from "./fixtures/raw_child.ts";
import { testsSharing } from "./fixtures/sharing.ts";

/** A gateway in this process, which never gets as far as a worker. */
function bare(): { far: FarEnd; ask(method: string, params: JsonValue): Promise<Message> } {
  const far = new FarEnd();
  new Gateway({ ...far.transport, seal: () => {} });
  return {
    far,
    ask: (method, params) => {
      far.say({ jsonrpc: "2.0", id: 1, method, params });
      return far.hear();
    },
  };
}

function errorReply(id: JsonValue, code: number, message: string): Message {
  return { jsonrpc: "2.0", id, error: { code, message } };
}

Deno.test("before initialize every other request is refused as out of state", async () => {
  const { ask } = bare();
  const { wrongState } = ErrorCode;
  assertEquals(
    await ask("execute", executeParams("1")),
    errorReply(1, wrongState, "Cannot serve execute: the guest is new"),
  );
  for (const method of ["bind", "checkpoint"]) {
    assertEquals(
      await ask(method, {}),
      errorReply(1, wrongState, "Cannot serve request: the guest is new"),
    );
  }
});

Deno.test("methods that are not the guest's are not found, the host's own included", async () => {
  const { ask } = bare();
  for (const method of ["tool/call", "output", "interrupt", "exec", "Initialize", "__proto__"]) {
    assertEquals(
      await ask(method, {}),
      errorReply(1, ErrorCode.methodNotFound, `Cannot find method: ${method}`),
    );
  }
});

Deno.test("initialize refuses another version and parameters of the wrong type, and can be tried again", async () => {
  const { ask } = bare();
  const right = await initializeParams();
  const cases: [more: Message, message: string][] = [
    [{ protocolVersion: 2 }, "Cannot initialize: protocol 2 is not 1"],
    [{ protocolVersion: "1" }, `Cannot initialize: protocol "1" is not 1`],
    [{ protocolVersion: null }, "Cannot initialize: protocol null is not 1"],
    [{ token: 5 }, "Cannot initialize: token must be text"],
    [{ worker: null }, "Cannot initialize: worker must be text"],
    [{ pyodide: ["x"] }, "Cannot initialize: pyodide must be text"],
    [{ snapshot: false }, "Cannot initialize: snapshot must be text"],
    [{ checkpoint: {} }, "Cannot initialize: checkpoint must name blob and base"],
    [
      { checkpoint: { blob: "0", base: null } },
      "Cannot initialize: checkpoint must name blob and base",
    ],
    [{ checkpoint: { blob: 0, base: 1 } }, "Cannot initialize: checkpoint must name blob and base"],
  ];
  for (const [more, message] of cases) {
    assertEquals(
      await ask("initialize", { ...right, ...more }),
      errorReply(1, ErrorCode.invalidParams, message),
    );
  }
  assertEquals(
    await ask("initialize", []),
    errorReply(1, ErrorCode.invalidParams, "Cannot initialize: protocol null is not 1"),
  );
});

Deno.test("notifications out of state or without sense are dropped", async () => {
  const { far, ask } = bare();
  for (const params of [{}, [], { executionId: "e1" }, { executionId: null }]) {
    far.say({ jsonrpc: "2.0", method: "interrupt", params });
  }
  far.say({ jsonrpc: "2.0", method: "shutdown" });
  assertStringIncludes(JSON.stringify(await ask("bind", {})), "the guest is new");
});

const testChild = testsSharing("a real child that is spoken to by hand", () => RawChild.ready());

testChild(
  "the real child answers noise with errors and goes on (C132, C133, R83, R85, R87)",
  async (child) => {
    const parse = errorReply(null, ErrorCode.parseError, "Cannot parse message: not JSON in UTF-8");
    const noRpc = errorReply(
      null,
      ErrorCode.invalidRequest,
      "Cannot read message: not JSON-RPC 2.0",
    );
    const cases: [sent: string, reply: Message][] = [
      [`{"jsonrpc":"2.0","id":1,"met\n`, parse],
      ["", parse],
      ["[]", noRpc],
      ["null", noRpc],
      ["5", noRpc],
      [`[{"jsonrpc":"2.0","id":1,"method":"shutdown"}]`, noRpc],
      [
        `{"jsonrpc":"2.0","id":1,"method":"eval"}`,
        errorReply(1, ErrorCode.methodNotFound, "Cannot find method: eval"),
      ],
      [
        `{"jsonrpc":"2.0","id":1,"method":"bind","params":"x"}`,
        errorReply(1, ErrorCode.invalidParams, "Cannot read request: bad params"),
      ],
    ];
    for (const [sent, reply] of cases) {
      await child.send(sent);
      assertEquals(await child.hear(), reply);
    }
    await child.write("Content-Length: 2\r\n\r\n");
    await child.write(Uint8Array.of(0xff, 0xfe));
    assertEquals(await child.hear(), parse);
    assertEquals((await child.ask(2, "bind", { values: { x: 1 } }))["result"], { names: ["x"] });
  },
);

testChild(
  "a request cut inside a character and three requests in one write are all answered (R84)",
  async (child) => {
    const bind = (id: number, x: string) =>
      child.frame({ jsonrpc: "2.0", id, method: "bind", params: { values: { x } } });
    const [bytes = new Uint8Array()] = bind(1, "🐍");
    const inside = bytes.indexOf(0xf0) + 2;
    for (
      const piece of [
        bytes.slice(0, inside),
        bytes.slice(inside, inside + 1),
        bytes.slice(inside + 1),
      ]
    ) {
      await child.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assertEquals((await child.hear())["id"], 1);
    const three = [
      ...bind(2, "a"),
      ...child.frame(`{"jsonrpc":"2.0","id":3,"method":"x"}`),
      ...bind(4, "b"),
    ];
    await child.write(
      new Uint8Array(await new Blob(three.map((part) => new Uint8Array(part))).arrayBuffer()),
    );
    const ids = [await child.hear(), await child.hear(), await child.hear()].map(({ id }) => id);
    assertEquals(ids.toSorted(), [2, 3, 4]);
  },
);

testChild(
  "a running cell keeps everything else out, and its id can't be used again (R88)",
  async (child) => {
    await child.send({
      jsonrpc: "2.0",
      id: "cell",
      method: "execute",
      params: executeParams("print('started', flush=True)\nwhile True: pass"),
    });
    assertEquals((await child.hear())["method"], "output");
    const busy = "the guest is busy";
    const { wrongState, invalidRequest } = ErrorCode;
    assertEquals(
      await child.ask(1, "execute", executeParams("2", { executionId: "e2" })),
      errorReply(1, wrongState, `Cannot serve execute: ${busy}`),
    );
    assertEquals(
      await child.ask(2, "bind", { values: {} }),
      errorReply(2, wrongState, `Cannot serve request: ${busy}`),
    );
    assertEquals(
      await child.ask(3, "checkpoint", { form: "whole" }),
      errorReply(3, wrongState, `Cannot serve request: ${busy}`),
    );
    assertEquals(
      await child.ask(4, "initialize", await initializeParams()),
      errorReply(4, wrongState, `Cannot serve initialize: ${busy}`),
    );
    assertEquals(
      await child.ask("cell", "execute", executeParams("2")),
      errorReply("cell", invalidRequest, `Cannot start request: id "cell" is open`),
    );
    // An interrupt for another cell does nothing; one for this cell ends it, and the next one runs.
    await child.send({ jsonrpc: "2.0", method: "interrupt", params: { executionId: "e2" } });
    assertEquals((await child.ask(5, "nothing", {}))["id"], 5);
    await child.send({ jsonrpc: "2.0", method: "interrupt", params: { executionId: "e1" } });
    let result = Object(await child.hear());
    while (result.method === "expired") result = Object(await child.hear());
    assertEquals([result.id, result.result.status], ["cell", "timeout"]);
    const next = Object(await child.ask(6, "execute", executeParams("1 + 1")));
    assertEquals([next.result.status, next.result.value], ["ok", "2"]);
  },
);

testChild(
  "execute without the parameters that it needs is refused, and the guest stays idle",
  async (child) => {
    for (const missing of ["executionId", "timeoutMs", "maxOutputChars", "code"]) {
      assertEquals(
        await child.ask(1, "execute", executeParams("1", { [missing]: null })),
        errorReply(
          1,
          ErrorCode.invalidParams,
          "Cannot execute: executionId, timeoutMs, maxOutputChars and code are needed",
        ),
      );
    }
    assertEquals(Object(await child.ask(2, "execute", executeParams("1"))).result.value, "1");
  },
);

Deno.test("a checkpoint that is damaged, too large, or of another snapshot, is refused by the real child", async () => {
  const none = new Uint8Array(0);
  const image = (mib: number) =>
    compressImage(new Uint8Array(Uint32Array.of(mib * 1024 ** 2, 0, 0, 0).buffer));
  const damaged =
    "Cannot restore checkpoint: it is damaged, or too large for this sandbox; run the cells again";
  const cases: [base: string | null, bytes: Uint8Array<ArrayBuffer>, message: string][] = [
    [null, none, damaged],
    [null, await compressImage(new Uint8Array(18 * 1024 ** 2)), damaged],
    [
      null,
      await image(2),
      "Cannot restore checkpoint: its memory has 2 MB, and this sandbox may have 1; raise memoryMb",
    ],
    [
      "f".repeat(64),
      none,
      "Cannot restore checkpoint: the snapshot that it was taken against is gone; run the cells again",
    ],
  ];
  for (const [base, bytes, message] of cases) {
    await using child = await RawChild.start();
    const piece = { blob: 0, type: "bytes", offset: 0, total: bytes.length, bytes } as const;
    for (const part of new FrameEncoder().encode({ kind: "chunk", ...piece })) {
      await child.write(part);
    }
    const memoryBytes = 1024 ** 2;
    const params = await initializeParams({ checkpoint: { blob: 0, base }, memoryBytes });
    assertEquals(
      await child.ask(1, "initialize", params),
      errorReply(1, ErrorCode.invalidParams, message),
    );
  }
});

/** Milliseconds until a child has ended, and its exit code. */
async function ends(child: RawChild): Promise<{ code: number; soon: boolean }> {
  const startedAt = performance.now();
  const code = await child.exited;
  return { code, soon: performance.now() - startedAt < 2_000 };
}

Deno.test("shutdown is answered, and then the process ends", async () => {
  await using child = await RawChild.ready();
  assertEquals(await child.ask(9, "shutdown", {}), { jsonrpc: "2.0", id: 9, result: null });
  assertEquals(await ends(child), { code: 0, soon: true });
});

Deno.test("a host that hangs up ends the child, whatever Python is doing (R94)", async () => {
  await using child = await RawChild.ready();
  const code = "print('started', flush=True)\nwhile True: pass";
  assertEquals((await child.ask(1, "execute", executeParams(code)))["method"], "output");
  await child.hangUp();
  assertEquals(await ends(child), { code: 0, soon: true });
});

Deno.test("bytes that are no frames end the child, started or not (R86)", async () => {
  const noise: [name: string, bytes: Uint8Array | string][] = [
    ["garbage", "hello, is anybody there?\r\n\r\n"],
    ["headers without end", "x".repeat(100_000)],
    ["a huge length", "Content-Length: 999999999999\r\n\r\n"],
    ["zeros", new Uint8Array(10_000)],
  ];
  for (const [name, bytes] of noise) {
    await using fresh = await RawChild.start();
    await fresh.write(bytes).catch(() => {});
    assertEquals(await ends(fresh), { code: 0, soon: true }, name);
  }
  await using child = await RawChild.ready();
  await child.write("Content-Length: 10\r\n\r\n{}");
  await child.hangUp();
  assertEquals(await ends(child), { code: 0, soon: true });
});
