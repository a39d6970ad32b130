/** Floors of a round trip: what crossing a process and crossing a thread cost when nothing else is done. */
import { timesOf } from "./measure.ts";

const MESSAGE = new TextEncoder().encode(`${"x".repeat(199)}\n`);
const ECHO =
  "onmessage = ({ data, ports: [port] }) => port.onmessage = ({ data }) => port.postMessage(data);";

/** Milliseconds of round trips of a small message through the pipes of `cat`. */
export async function pipeTimes(count: number): Promise<number[]> {
  const child = new Deno.Command("cat", { stdin: "piped", stdout: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  const reader = child.stdout.getReader();
  try {
    return await timesOf(count, async () => {
      const read = reader.read();
      await writer.write(MESSAGE);
      await read;
    }, { warmUp: 50 });
  } finally {
    await writer.close();
    await reader.cancel();
    await child.status;
  }
}

/** Milliseconds of round trips of a small text to a worker through a port. */
export async function portTimes(count: number): Promise<number[]> {
  const url = URL.createObjectURL(new Blob([ECHO], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  const { port1, port2 } = new MessageChannel();
  worker.postMessage("", [port2]);
  const text = "x".repeat(MESSAGE.length);
  try {
    return await timesOf(count, () => {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      port1.onmessage = resolve;
      port1.postMessage(text);
      return promise;
    }, { warmUp: 50 });
  } finally {
    port1.close();
    worker.terminate();
    URL.revokeObjectURL(url);
  }
}

/** Milliseconds of a message's way from a process to a thread of another and back: a pipe, then a port. */
export async function roundTripTimes(count: number): Promise<number[]> {
  const pipe = await pipeTimes(count);
  const port = await portTimes(count);
  return pipe.map((time, index) => time + (port[index] ?? 0));
}
