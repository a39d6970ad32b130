/** Starts, watches and ends the child process; nothing else in the project starts one. */
import { streamSource } from "../../sandbox/byte_source.ts";
import { decodeFrames, FrameEncoder, writeFrame } from "../../sandbox/framing.ts";
import { SandboxStartError } from "../errors.ts";
import type { Child } from "./child.ts";
import type { ChildCommand } from "./permissions.ts";

/** Characters of the child's stderr that are kept for errors. */
const TAIL = 4096;

/** Starts `denoPath` with a command; every frame that it sends must carry the token. */
export function spawnChild(denoPath: string, command: ChildCommand, token: string): Child {
  const child = start(denoPath, command);
  const writer = child.stdin.getWriter();
  const encoder = new FrameEncoder();
  const tail = keepTail(child.stderr);
  // A write into a dead child's pipe fails; its exit tells the story, so the failure itself is dropped here.
  writer.closed.catch(() => {});
  return {
    transport: {
      frames: decodeFrames(streamSource(child.stdout), token),
      send: (frame) => writeFrame(writer, encoder.encode(frame)),
    },
    pid: child.pid,
    exited: child.status.then(async ({ code, signal }) => {
      await writer.abort().catch(() => {});
      const how = signal === null ? `left with code ${code}` : `got ${signal}`;
      return { how: `the process ${how}`, leftRunning: false };
    }),
    stderrTail: tail,
    kill() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended already.
      }
    },
  };
}

function start(denoPath: string, { args, env }: ChildCommand): Deno.ChildProcess {
  try {
    return new Deno.Command(denoPath, {
      args: [...args],
      clearEnv: true,
      env: { ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    throw startError(denoPath, error);
  }
}

/** Says what is missing, and the one thing to do about it. */
function startError(denoPath: string, error: unknown): SandboxStartError {
  const options = { cause: error };
  if (error instanceof Deno.errors.NotCapable) {
    return new SandboxStartError(
      `Cannot start sandbox: running Deno is not permitted; add --allow-run=${denoPath}`,
      options,
    );
  }
  if (error instanceof Deno.errors.NotFound) {
    return new SandboxStartError(
      `Cannot start sandbox: no program at ${denoPath}; set denoPath to a Deno of 2.7.12 or newer`,
      options,
    );
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new SandboxStartError(`Cannot start sandbox: ${denoPath}: ${reason}`, options);
}

/** Reads a stream to its end, so that the child never blocks on it, and keeps only the last of it. */
function keepTail(stream: ReadableStream<Uint8Array>): () => string {
  let tail = "";
  (async () => {
    const decoder = new TextDecoder();
    for await (const bytes of stream) {
      tail = (tail + decoder.decode(bytes, { stream: true })).slice(-TAIL);
    }
  })().catch(() => {});
  return () => tail;
}
