/**
 * Entry of the gateway realm: the main thread of the child. It holds the pipes, the token, the clock and
 * the grants, and runs no guest code; Python lives in a worker that can reach none of these. Where the host may start
 * no process, this realm is a worker of the host's own process instead, and a port takes the place of the pipes.
 */
import { stdinSource } from "./byte_source.ts";
import { decodeFrames, type Frame, FrameEncoder } from "./framing.ts";
import { Gateway } from "./gateway.ts";
import { watchMemory } from "./memory_watch.ts";
import { serveAsThread } from "./thread_gateway.ts";

/** The child's own pipes as a transport whose frames can be sealed once the token is known. */
function stdioTransport() {
  let encoder = new FrameEncoder();
  return {
    frames: decodeFrames(stdinSource()),
    // Synchronous, which halves the time of a round trip. A host that stops reading stops this thread, and
    // with it all that could still grow; one that is gone is an error here, and the end.
    send(frame: Exclude<Frame, { kind: "garbled" }>) {
      for (const part of encoder.encode(frame)) writeAll(part);
    },
    seal(token: string) {
      encoder = new FrameEncoder(token);
    },
  };
}

function writeAll(bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) {
    written += Deno.stdout.writeSync(bytes.subarray(written));
  }
}

async function serveAsProcess(): Promise<void> {
  const memoryLimit = Number(Deno.args[0]);
  const gateway = new Gateway(stdioTransport(), {
    // Not at once: Deno compiles its timers when they are first used.
    onBoot() {
      if (memoryLimit > 0) watchMemory(memoryLimit, (message) => gateway.die(message));
    },
  });
  await gateway.ended;
  // The host is gone or is done with us; Python may be in the middle of a loop that nothing else would end.
  Deno.exit(0);
}

// Only a worker can be sent messages.
if ("onmessage" in globalThis) serveAsThread();
else await serveAsProcess();
