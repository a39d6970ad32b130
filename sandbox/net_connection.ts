/** A connection to a granted host, looked at before a byte is sent: a name may lead to an address that nobody granted. */
import type { Socket } from "node:net";
import { isLoopback, isPublicAddress } from "./addresses.ts";

/** A failure in the words of Python: the name of the exception, and its message. */
export class NetError extends Error {
  override name = "NetError";
  readonly type: string;
  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/** Where to connect to. */
export interface Destination {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  /** All that is granted: a private address must be spelled out in it. */
  readonly granted: ReadonlySet<string>;
  readonly signal: AbortSignal;
}

/** Connects, and refuses where the name has led to a private address that is not granted itself. */
export async function connectTo(destination: Destination): Promise<Socket> {
  const { host, port, secure, signal } = destination;
  signal.throwIfAborted();
  // An IPv6 address has brackets in a URL and none anywhere else.
  const name = host.replace(/^\[|\]$/g, "");
  const { connect: connectPlain } = await import("node:net");
  const socket = connectPlain({ host: name, port });
  try {
    await happens(socket, "connect", signal);
    checkAddress(socket.remoteAddress ?? "", destination);
    if (!secure) return socket;
    const { connect: connectSecure } = await import("node:tls");
    const isName = /[a-z]/i.test(name) && !name.includes(":");
    const encrypted = connectSecure({
      socket,
      ...(isName ? { servername: name } : { host: name }),
      ALPNProtocols: ["http/1.1"],
    });
    await happens(encrypted, "secureConnect", signal);
    return encrypted;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function checkAddress(address: string, { host, port, granted }: Destination): void {
  if (isPublicAddress(address)) return;
  const written = address.includes(":") ? `[${address}]` : address;
  if (granted.has(`${written}:${port}`)) return;
  if (isLoopback(address) && granted.has(`localhost:${port}`)) return;
  throw new NetError(
    "PermissionError",
    `${host} leads to the private address ${address}, which must be granted itself: net: ["${written}:${port}"]`,
  );
}

/** Waits for an event of a socket; rejects at an error, and when the signal aborts. */
async function happens(
  socket: Socket,
  event: "connect" | "secureConnect",
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = () => reject(signal.reason);
  socket.once(event, resolve);
  // Stays: an error that comes later is told by the request, and must not end the gateway.
  socket.on("error", reject);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
