/** A client that knows nothing of this project drives the guest: the wire is plain JSON-RPC in LSP framing. */
import { assertEquals } from "@std/assert";
import { spawn } from "node:child_process";
import {
  createMessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from "npm:vscode-jsonrpc@10.0.0/node";
import { childCommand } from "../lib/host/permissions.ts";
import { readSettings } from "../lib/host/settings.ts";
import { PROTOCOL_VERSION } from "../sandbox/protocol.ts";
import { GATEWAY, WORKER } from "../sandbox/runner.ts";

Deno.test("vscode-jsonrpc takes a guest through initialize, bind, execute, a tool call and shutdown", async () => {
  const settings = await readSettings({});
  const { args, env } = childCommand({ ...settings, program: GATEWAY });
  const child = spawn(settings.denoPath, args, { env, stdio: ["pipe", "pipe", "ignore"] });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const connection = createMessageConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  const printed: string[] = [];
  connection.onNotification("output", ({ text }: { text: string }) => {
    printed.push(text);
  });
  connection.onRequest("tool/call", (call: { name: string; arguments: { n: number } }) => ({
    value: call.arguments.n * 2,
  }));
  connection.listen();

  const { snapshot, pyodide } = settings;
  const hello = await connection.sendRequest("initialize", {
    protocolVersion: PROTOCOL_VERSION,
    token: null,
    env: {},
    worker: WORKER,
    pyodide,
    snapshot,
    checkpoint: null,
  }) as { protocolVersion: number };
  assertEquals(hello.protocolVersion, PROTOCOL_VERSION);
  assertEquals(await connection.sendRequest("bind", { values: { n: 21 } }), { names: ["n"] });
  const cell = await connection.sendRequest("execute", {
    executionId: "e1",
    cell: 1,
    code: "print('hello')\nSUBMIT(double(n))",
    timeoutMs: 5_000,
    tools: [{
      name: "double",
      description: "Twice as much",
      parameters: { type: "object", properties: { n: { type: "integer" } }, required: ["n"] },
    }],
    submit: [{ name: "answer", required: true }],
    rewrite: true,
    maxOutputChars: 1_000,
  }) as { status: string; submission: unknown };
  assertEquals(cell.status, "submitted");
  assertEquals(cell.submission, { answer: 42 });
  assertEquals(printed.join(""), "hello\n");
  assertEquals(await connection.sendRequest("shutdown", {}), null);
  assertEquals(await exited, 0);
  connection.dispose();
});
