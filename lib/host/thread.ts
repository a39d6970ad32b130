/** The child as a worker of this process, for a host that may start none: weaker, as nothing can end a thread by force. */
import { Backlog } from "../../sandbox/backlog.ts";
import { portTransport } from "../../sandbox/port_transport.ts";
import { GATEWAY } from "../../sandbox/runner.ts";
import { SandboxStartError } from "../errors.ts";
import type { Child, ChildEnd } from "./child.ts";
import { mayRead } from "./may_read.ts";
import { type ReadableFiles, readableFiles } from "./permissions.ts";

/** Milliseconds after which a gateway that does not end is given up; it gives Python one second. */
const END_MS = 1_500;

/** Starts the gateway as a worker that may do what a process's gateway may: read what Python starts from, and what is granted. */
export async function startThread(files: ReadableFiles, program = GATEWAY): Promise<Child> {
  const worker = await createWorker(files, program);
  const { port1: port, port2 } = new MessageChannel();
  const toHost = new Backlog();
  const toGateway = new Backlog();
  const transport = portTransport(port, {
    sent: (size) => toGateway.addLater(size),
    taken: (size) => toHost.remove(size),
  });
  const { promise: exited, resolve } = Promise.withResolvers<ChildEnd>();
  let said = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = (how: string, leftRunning: boolean) => {
    clearTimeout(timer);
    worker.terminate();
    transport.close();
    toGateway.open();
    resolve({ how, leftRunning });
  };
  worker.onmessage = ({ data }) => end("its worker was closed", data?.leftRunning !== false);
  worker.onerror = (event) => {
    event.preventDefault();
    said = event.message;
    end("its worker broke down", true);
  };
  const start = { port: port2, toHost: toHost.shared, toGateway: toGateway.shared };
  worker.postMessage(start, [port2]);
  return {
    transport,
    pid: Deno.pid,
    exited,
    stderrTail: () => said,
    kill() {
      if (timer !== undefined) return;
      // Nobody reads any more: the gateway must not wait for that when it is to end.
      toHost.open();
      worker.postMessage("end");
      timer = setTimeout(() => end("its worker did not answer", true), END_MS);
    },
  };
}

/** A worker with permissions of its own, which Deno gives under `--unstable-worker-options` only: without, it ends this process. */
async function createWorker(files: ReadableFiles, program: string): Promise<Worker> {
  const readable = readableFiles(files);
  for (const path of readable) if (!await mayRead(path)) throw notReadable(path);
  const write = files.grants.paths.filter(({ access }) => access === "write");
  const url = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
  return new Worker(url, {
    type: "module",
    name: "sandbox",
    deno: {
      permissions: {
        read: readable,
        write: write.map(({ hostPath }) => hostPath),
        net: false,
        env: false,
        run: false,
        ffi: false,
        sys: false,
        import: false,
      },
    },
  });
}

function notReadable(path: string): SandboxStartError {
  return new SandboxStartError(
    `Cannot start sandbox: its worker must read ${path}, which this program may not; add --allow-read=${path}`,
  );
}
