/**
 * The gateway as a worker of the host's own process. The wire is a port; over the worker's own messages the host sends that
 * port, later asks for the end, and is told of it. Nothing here can end a thread that does not come to rest.
 */
import { Backlog } from "./backlog.ts";
import { Gateway } from "./gateway.ts";
import { portTransport } from "./port_transport.ts";

/** The host's first message: its end of the wire, and what is on its way in each direction. */
export interface ThreadStart {
  readonly port: MessagePort;
  /** Counts of a {@linkcode Backlog}. */
  readonly toHost: Int32Array<SharedArrayBuffer>;
  readonly toGateway: Int32Array<SharedArrayBuffer>;
}

/** The gateway's one message: it has ended. */
export interface ThreadEnd {
  /** Python did not come to rest, so its thread is still there. */
  readonly leftRunning: boolean;
}

/** Milliseconds that Python has for coming to rest. */
const REST_MS = 1_000;

/** Serves one host; its second message, whatever it is, asks for the end. */
export function serveAsThread(): void {
  let end: (() => void) | null = null;
  globalThis.addEventListener("message", (event) => {
    if (end !== null) end();
    else if (event instanceof MessageEvent) end = serve(event.data);
  });
}

function serve({ port, toHost, toGateway }: ThreadStart): () => void {
  const unread = new Backlog(toHost);
  const untaken = new Backlog(toGateway);
  const transport = portTransport(port, {
    // As with a pipe, a host that stops reading stops this thread.
    sent: (size) => unread.add(size),
    taken: (size) => untaken.remove(size),
  });
  let ending: Promise<void> | null = null;
  const end = async () => {
    const ended: ThreadEnd = { leftRunning: !await gateway.endPython(REST_MS) };
    postMessage(ended);
    close();
  };
  // A port needs no seal: only the two who hold its ends can send through it.
  const gateway = new Gateway({ ...transport, seal: () => {} }, { exit: () => ending ??= end() });
  return () => ending ??= end();
}
