/** Broken frames against real processes: a child that is sent them, and a host whose child sends nothing else. */
import { assert, assertEquals, assertFalse, assertGreater, assertInstanceOf } from "@std/assert";
import { fileURLToPath } from "node:url";
import { ProtocolError, SandboxError, SandboxStartError } from "../lib/errors.ts";
import { Guest } from "../lib/host/guest.ts";
import { readSettings } from "../lib/host/settings.ts";
import { ErrorCode } from "../sandbox/protocol.ts";
import { RpcError } from "../sandbox/rpc_peer.ts";
import { isRunning } from "./fixtures/attacks.ts";
import { brokenFrame, brokenMessage } from "./fixtures/broken_frames.ts";
import { Random } from "./fixtures/random.ts";
import { RawChild } from "./fixtures/raw_child.ts";
import { temporaryFolder } from "./fixtures/temporary_folder.ts";

/** Frames for each of four processes: twenty thousand in all. */
const FRAMES = 5_000;
const CHILD_METHODS = [`"bind"`, `"execute"`, `"initialize"`, `"interrupt"`, `"eval"`] as const;

/** Reads the child's messages until the reply with this id; returns it, and how many came before. */
async function hearUntil(child: RawChild, last: string) {
  for (let before = 0;; before++) {
    const frame = await child.nextFrame();
    assert(frame?.kind === "message", "the child ended, or sent something else");
    const { id, result, error } = JSON.parse(frame.text);
    if (id === last) return { before, result, code: error?.code };
  }
}

/** Binds a value, again where a broken request is still being served; returns what the child says. */
async function bindAtLast(child: RawChild): Promise<unknown> {
  for (let tries = 0; tries < 100; tries++) {
    const id = `bind ${tries}`;
    await child.send({ jsonrpc: "2.0", id, method: "bind", params: { values: { x: 1 } } });
    const { result, code } = await hearUntil(child, id);
    if (code !== ErrorCode.wrongState) return result;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return "still busy";
}

for (const seed of [1, 2, 3, 4]) {
  Deno.test(`a real child answers 5,000 broken messages, works after them, and ends by broken bytes (seed ${seed})`, async () => {
    const random = new Random(seed);
    await using child = await RawChild.ready();
    const hearing = hearUntil(child, "last");
    for (let sent = 0; sent < FRAMES; sent++) {
      await child.send(brokenMessage(random, CHILD_METHODS));
    }
    await child.send({ jsonrpc: "2.0", id: "last", method: "eval" });
    const { before, code } = await hearing;
    assertEquals(code, ErrorCode.methodNotFound);
    assertGreater(before, FRAMES / 4);
    assertEquals(await bindAtLast(child), { names: ["x"] });
    const rest = (async () => {
      while (await child.nextFrame() !== null);
    })().catch(() => {});
    for (let sent = 0; sent < 50; sent++) await child.write(brokenFrame(random)).catch(() => {});
    await child.hangUp().catch(() => {});
    assertEquals(await child.exited, 0);
    await rest;
  });
}

/** Starts a guest whose child sends garbage, and returns the error that ends it; checks that the process is gone. */
async function endOf(seed: number, moment: "starting" | "working"): Promise<unknown> {
  await using folder = await temporaryFolder();
  const denoPath = `${folder.path}/fake-deno`;
  const program = fileURLToPath(new URL("fixtures/garbage_child.ts", import.meta.url));
  const run = `exec "${Deno.execPath()}" run --quiet --no-config --no-check "${program}"`;
  const script = `#!/bin/sh\necho $$ > "${folder.path}/pid"\n${run} ${seed} ${FRAMES} ${moment}\n`;
  await Deno.writeTextFile(denoPath, script, { mode: 0o755 });
  const settings = await readSettings({ denoPath, cacheDir: false, memoryMb: 64 });
  const error = await workWith({ ...settings, checkpoint: null, signal: undefined });
  const pid = Number(await Deno.readTextFile(`${folder.path}/pid`));
  assert(pid > 0);
  assertFalse(await isRunning(pid), "the process is left behind");
  return error;
}

/** Asks a guest until it has ended; returns why. */
async function workWith(options: Parameters<typeof Guest.start>[0]): Promise<unknown> {
  let guest: Guest;
  try {
    guest = await Guest.start(options);
  } catch (error) {
    return error;
  }
  while (guest.failure === null) {
    const asked = [guest.bind({ x: 1 }, undefined), guest.checkpoint("whole", undefined)];
    for (const outcome of await Promise.allSettled(asked)) {
      if (outcome.status === "fulfilled") continue;
      const { reason } = outcome;
      assert(reason instanceof SandboxError || reason instanceof RpcError, Deno.inspect(reason));
    }
  }
  const { failure } = guest;
  await guest.kill();
  return failure;
}

Deno.test({
  name:
    "a host whose child sends 20,000 broken messages ends each session with a typed error (seeded)",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    for (const seed of [5, 6]) {
      // A broken message may happen to be an answer, so that the guest starts and ends later.
      const early = await endOf(seed, "starting");
      assert(early instanceof SandboxStartError || early instanceof ProtocolError, String(early));
      assertInstanceOf(await endOf(seed + 2, "working"), ProtocolError);
    }
  },
});
