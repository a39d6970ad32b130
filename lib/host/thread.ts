/** The child as a worker of this process, for a host that may start none: weaker, as nothing can end a thread by force. */
import { Backlog } from "../../sandbox/backlog.ts";
import { type PortTransport, portTransport } from "../../sandbox/port_transport.ts";
import { GATEWAY } from "../../sandbox/runner.ts";
import { SandboxStartError } from "../errors.ts";
import type { Child, ChildEnd } from "./child.ts";
import { mayRead } from "./may_read.ts";
import { type ReadableFiles, readableFiles } from "./permissions.ts";

/** Milliseconds after which a gateway that does not end is given up; it gives Python one second. */
const END_MS = 1_500;

/**
 * Starts the gateway as a worker that may do what a process's gateway may: read what Python starts from, and what is granted.
 * Deno gives a worker permissions of its own under `--unstable-worker-options` only; without the flag it ends this process.
 */
export async function startThread(files: ReadableFiles, program = GATEWAY): Promise<Child> {
  for (const path of readableFiles(files)) {
    if (await mayRead(path)) continue;
    throw new SandboxStartError(
      `Cannot start sandbox: its worker must read ${path}, which this program may not; add --allow-read=${path}`,
    );
  }
  return new Thread(files, program);
}

class Thread implements Child {
  readonly transport: PortTransport;
  readonly pid = Deno.pid;
  readonly #url: string;
  readonly #worker: Worker;
  readonly #toHost = new Backlog();
  readonly #toGateway = new Backlog();
  readonly #exited = Promise.withResolvers<ChildEnd>();
  #state: "runs" | "ending" | "ended" = "runs";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #said = "";

  constructor(files: ReadableFiles, program: string) {
    this.#url = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
    this.#worker = createWorker(this.#url, files);
    // The gateway's one message is that it has ended.
    this.#worker.onmessage = ({ data }) =>
      this.#end({ how: "its worker was closed", leftRunning: data?.leftRunning !== false });
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#said = event.message;
      this.#end({ how: "its worker broke down", leftRunning: true });
    };
    const { port1, port2 } = new MessageChannel();
    this.transport = portTransport(port1, {
      sent: (size) => this.#toGateway.addLater(size),
      taken: (size) => this.#toHost.remove(size),
    });
    const start = {
      port: port2,
      toHost: this.#toHost.shared,
      toGateway: this.#toGateway.shared,
    };
    this.#worker.postMessage(start, [port2]);
  }

  get exited(): Promise<ChildEnd> {
    return this.#exited.promise;
  }

  stderrTail(): string {
    return this.#said;
  }

  kill(): void {
    if (this.#state !== "runs") return;
    this.#state = "ending";
    // Nobody reads any more: the gateway must not wait for that when it is to end.
    this.#toHost.open();
    this.#worker.postMessage("end");
    const end: ChildEnd = { how: "its worker did not answer", leftRunning: true };
    this.#timer = setTimeout(() => this.#end(end), END_MS);
  }

  #end(end: ChildEnd): void {
    this.#state = "ended";
    clearTimeout(this.#timer);
    this.#worker.terminate();
    URL.revokeObjectURL(this.#url);
    this.transport.close();
    this.#toGateway.open();
    this.#exited.resolve(end);
  }
}

function createWorker(url: string, files: ReadableFiles): Worker {
  const writable = files.grants.paths.filter(({ access }) => access === "write");
  return new Worker(url, {
    type: "module",
    deno: {
      permissions: {
        read: readableFiles(files),
        write: writable.map(({ hostPath }) => hostPath),
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
